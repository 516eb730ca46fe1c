/** Lines of a kernel trace → what the kernel said of resets. The kernel writes reasons by name, whatever numbers it gives them. */

/** A reset that this host's kernel sent. */
export interface SentReset {
  /** Seconds since 1970. */
  time: number
  /** As in trace lines: 10.0.0.1:80 or [fd00::1]:80. */
  source: string
  /** Null when the kernel answered without a connection of its own. */
  peer: string | null
  /** As the kernel names it; null on kernels before 6.10, which give none. */
  reason: string | null
  state: string | null
  /** Only where the event ran in the process that caused it. */
  process: { pid: number; name: string } | null
}

/** A reset that a socket of this host took. */
export interface TakenReset {
  time: number
  local: string
  remote: string
}

export type KernelEvent = ({ kind: 'sent' } & SentReset) | ({ kind: 'taken' } & TakenReset)

/** `name-tid (tgid) [cpu] flags time: event: fields`; names may hold spaces and hyphens. */
const LINE = /^\s*(.+)-(\d+)\s+(?:\(\s*(\d+|-+)\)\s+)?\[\d+\]\s+(\S+)\s+([\d.]+): (\w+): (.*)$/

/** @param ahead seconds that the trace's clock is ahead of UTC */
export function parseEvent(line: string, ahead: number): KernelEvent | undefined {
  const found = LINE.exec(line)
  if (!found) return undefined
  const [, name, tid, tgid, flags, clock, event, fields] = found
  const time = Number(clock) - ahead
  if (event === 'tcp_receive_reset') return taken(time, fields)
  if (event !== 'tcp_send_reset') return undefined
  const pid = Number(tgid) || Number(tid)
  // Third flag: s softirq, h hardirq, H both, Z NMI. Then the name is that of whoever happened to run.
  const process = /^..[.]/.test(flags) && pid > 0 ? { pid, name } : null
  return sent(time, fields, process)
}

function sent(time: number, fields: string, process: SentReset['process']): KernelEvent | undefined {
  const value = (key: string) => new RegExp(`\\b${key}=(\\S+)`).exec(fields)?.[1]
  const source = plain(value('src')) ?? oldEnd(fields, 's')
  const peer = plain(value('dest')) ?? oldEnd(fields, 'd')
  if (source === undefined) return undefined
  const state = value('state')
  return {
    kind: 'sent',
    time,
    source,
    peer: peer === undefined || peer.endsWith(':0') ? null : peer,
    reason: value('reason') ?? null,
    state: state === undefined || state === 'UNKNOWN' ? null : state,
    // Without a socket there is no process that could have asked for it.
    process: state === 'UNKNOWN' ? null : process,
  }
}

function taken(time: number, fields: string): KernelEvent | undefined {
  const local = oldEnd(fields, 's')
  const remote = oldEnd(fields, 'd')
  return local && remote ? { kind: 'taken', time, local, remote } : undefined
}

/** A socket for both families has its IPv4 peers as ::ffff:a.b.c.d; the packets have them plain. */
function plain(end: string | undefined): string | undefined {
  return end?.replace(/^\[::ffff:(\d+\.\d+\.\d+\.\d+)\]/i, '$1')
}

/** An end given as family, port and two addresses, as older events do. */
function oldEnd(fields: string, side: 's' | 'd'): string | undefined {
  const value = (key: string) => new RegExp(`\\b${key}=(\\S+)`).exec(fields)?.[1]
  const port = value(`${side}port`)
  const address = value(`${side}addr`)
  if (port === undefined || address === undefined) return undefined
  return value('family') === 'AF_INET6' ? plain(`[${value(`${side}addrv6`)}]:${port}`) : `${address}:${port}`
}
