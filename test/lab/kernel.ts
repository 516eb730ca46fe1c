/** What the kernel itself says of each reset: its tracepoints, in a tracing instance of our own. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { owns, run } from './proc.ts'

const tracing = '/sys/kernel/tracing'
export interface KernelReset {
  /** Seconds since 1970. */
  time: number
  /** As in labels: 10.0.0.1:80 or [fd00::1]:80; the peer is null when the kernel answered for a listener. */
  source: string
  peer: string | null
  reason: string
}

/** A reset that a socket took: its own end and the other. */
export interface TakenReset {
  time: number
  local: string
  remote: string
}

export interface Told {
  sent: KernelReset[]
  taken: TakenReset[]
}

export interface Tracer {
  told(): Told
}

/** Records tcp_send_reset and tcp_receive_reset from now on. The text of the trace names reasons as the event's own format does. */
export async function traceResets(): Promise<Tracer> {
  if (!existsSync(`${tracing}/events`)) await run('mount', ['-t', 'tracefs', 'nodev', tracing])
  const path = `${tracing}/instances/rst-lab-${process.pid}`
  mkdirSync(path)
  owns.instance(path)
  const set = (file: string, text: string) => writeFileSync(`${path}/${file}`, text)
  set('trace_clock', 'tai')
  set('buffer_size_kb', '4096')
  set('events/tcp/tcp_send_reset/enable', '1')
  set('events/tcp/tcp_receive_reset/enable', '1')
  set('trace_marker', 'clock')
  const now = Date.now() / 1000
  const marker = /([\d.]+): tracing_mark_write: clock/.exec(readFileSync(`${path}/trace`, 'utf8'))
  // TAI is ahead of UTC by whole seconds, or not set and equal to it.
  const ahead = Math.round(Number(marker?.[1]) - now)
  return { told: () => parse(readFileSync(`${path}/trace`, 'utf8'), ahead) }
}

const sentLine = /([\d.]+): tcp_send_reset: .*src=(\S+) dest=(\S+) .*reason=(\w+)/
const takenLine =
  /([\d.]+): tcp_receive_reset: family=(\w+) sport=(\d+) dport=(\d+) saddr=(\S+) daddr=(\S+) saddrv6=(\S+) daddrv6=(\S+)/

function parse(text: string, ahead: number): Told {
  const told: Told = { sent: [], taken: [] }
  for (const row of text.split('\n')) {
    const sent = sentLine.exec(row)
    if (sent) {
      const [, time, source, peer, reason] = sent as unknown as [string, string, string, string, string]
      told.sent.push({ time: Number(time) - ahead, source, peer: peer.endsWith(':0') ? null : peer, reason })
    }
    const taken = takenLine.exec(row)
    if (taken) {
      const [, time, family, sport, dport, s4, d4, s6, d6] = taken
      const end = (v4: string, v6: string, port: string) =>
        family === 'AF_INET' ? `${v4}:${port}` : `[${v6}]:${port}`
      told.taken.push({
        time: Number(time) - ahead,
        local: end(s4, s6, sport),
        remote: end(d4, d6, dport),
      })
    }
  }
  return told
}

/** Whether a socket of `target` took a reset from `source` seen at `time`. */
export const wasTaken = (
  taken: TakenReset[],
  source: string,
  target: string,
  time: number,
  slowest: number,
) =>
  taken.some(t => t.local === target && t.remote === source && Math.abs(t.time - time) < 2 * slowest + slack)

/** Seconds that a busy machine may add to a segment's way. */
const slack = 0.4

/**
 * Why the first RST frame of a reset was sent, seen at `time`; null if the kernel told of none. The first event that
 * can be it counts: later ones are the same reset's answers to what was in flight.
 */
export function reasonOf(resets: KernelReset[], source: string, peer: string, time: number, slowest: number) {
  const fits = (r: KernelReset) =>
    r.source === source && r.time > time - slowest - slack && r.time < time + 0.02
  const near = resets.filter(r => fits(r) && r.peer === peer)
  const ofListener = resets.filter(r => fits(r) && r.peer === null)
  return (near[0] ?? ofListener[0])?.reason ?? null
}
