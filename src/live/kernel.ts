/** Asks the kernel why it resets: a tracing instance of our own on its two events, removed on every way out. Linux, root. */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../evidence/index.js'
import type { Reset, Timebase } from '../model.js'
import { endpoint } from '../units.js'
import { type KernelEvent, parseEvent, type SentReset, type TakenReset } from './kernel-events.js'

/** Where tracefs is mounted; the second on kernels before 4.1. */
const MOUNTS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing']
const PREFIX = 'rst-analyze-'
const BUFFER_KIB = '512'
const POLL_MS = 200
/** Events remembered; older ones than a reset takes to settle are of no use. */
const MAX_EVENTS = 16_384
/** The event and the packet are microseconds apart on one host; the clocks of both are compared to a few milliseconds. */
const SAME_MOMENT_S = 0.25

export class KernelWatch {
  private sent: SentReset[] = []
  private taken: TakenReset[] = []
  private rest = ''
  private readonly buffer = Buffer.alloc(1 << 16)
  private readonly timer: NodeJS.Timeout

  private constructor(
    private readonly instance: string,
    private readonly pipe: number,
    /** Seconds that the trace's clock is ahead of UTC. */
    private readonly ahead: number,
  ) {
    this.timer = setInterval(() => this.poll(), POLL_MS).unref()
    process.once('exit', this.close)
  }

  /** @throws Error that says in a few words why the kernel cannot be asked */
  static open(): KernelWatch {
    const root = MOUNTS.find(path => existsSync(join(path, 'events')))
    if (process.platform !== 'linux') throw new Error('only Linux can be asked')
    if (root === undefined)
      throw new Error('no tracefs here: it takes root, and mount -t tracefs nodev /sys/kernel/tracing')
    removeAbandoned(root)
    const instance = join(root, 'instances', PREFIX + process.pid)
    try {
      mkdirSync(instance)
      return new KernelWatch(instance, ...prepare(instance))
    } catch (error) {
      remove(instance)
      throw new Error(
        `tracefs refuses: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
        { cause: error },
      )
    }
  }

  /** True when this kernel says why (6.10 and later). */
  givesReasons(): boolean {
    return readFileSync(join(this.instance, 'events/tcp/tcp_send_reset/format'), 'utf8').includes(' reason;')
  }

  /** Before the verdict: what the kernel of the sender's host gave as its reason. */
  inform(item: Case, timebase: Timebase): void {
    const reason = this.sentFor(item, timebase)?.reason
    if (reason) item.facts.kernelReason = reason
  }

  /** After it: shows what the kernel said. */
  show(reset: Reset, item: Case, timebase: Timebase): void {
    const sent = this.sentFor(item, timebase)
    const line = (statement: string, value: string | null) =>
      reset.evidence.unshift({
        statement,
        value,
        unit: null,
        frames: reset.frames.slice(0, 1),
        supports: true,
      })
    if (sent) {
      reset.kernel = { reason: sent.reason, state: sent.state, process: sent.process }
      // The last one stands first.
      if (sent.process)
        line(`it was sent on behalf of ${sent.process.name} (pid ${sent.process.pid})`, sent.process.name)
      if (sent.reason) line(`the kernel that sent it gives ${sent.reason} as its reason`, sent.reason)
    } else if (this.takenFor(item, timebase)) line('a socket of this host took it', null)
  }

  /** Stops and removes the instance; may be called again. */
  readonly close = (): void => {
    clearInterval(this.timer)
    process.off('exit', this.close)
    quietly(() => closeSync(this.pipe))
    remove(this.instance)
  }

  private sentFor({ group: { view } }: Case, timebase: Timebase): SentReset | undefined {
    this.poll()
    const time = timebase.seconds + view.first.timeNs / 1e9
    const source = endpoint(view.connection[view.sender.side])
    const peer = endpoint(view.connection[view.peer.side])
    const near = this.sent.filter(s => s.source === source && Math.abs(s.time - time) < SAME_MOMENT_S)
    return near.find(s => s.peer === peer) ?? near.find(s => s.peer === null)
  }

  private takenFor({ group: { view } }: Case, timebase: Timebase): TakenReset | undefined {
    const time = timebase.seconds + view.first.timeNs / 1e9
    const remote = endpoint(view.connection[view.sender.side])
    const local = endpoint(view.connection[view.peer.side])
    return this.taken.find(
      t => t.local === local && t.remote === remote && Math.abs(t.time - time) < SAME_MOMENT_S,
    )
  }

  private poll(): void {
    for (;;) {
      const count = quietly(() => readSync(this.pipe, this.buffer)) ?? 0
      if (count === 0) return
      const lines = (this.rest + this.buffer.toString('utf8', 0, count)).split('\n')
      this.rest = lines.pop()!
      for (const line of lines) this.note(parseEvent(line, this.ahead))
    }
  }

  private note(event: KernelEvent | undefined): void {
    if (event === undefined) return
    if (event.kind === 'sent') this.sent.push(event)
    else this.taken.push(event)
    if (this.sent.length > MAX_EVENTS) this.sent = this.sent.slice(-MAX_EVENTS / 2)
    if (this.taken.length > MAX_EVENTS) this.taken = this.taken.slice(-MAX_EVENTS / 2)
  }
}

/** Turns the events on. @returns the open pipe, and how far the trace's clock is ahead */
function prepare(instance: string): [number, number] {
  const set = (file: string, text: string) => writeFileSync(join(instance, file), text)
  // TAI is what steps with the packets' clock; it differs from UTC by whole seconds, or not at all where nobody set it.
  set('trace_clock', 'tai')
  set('buffer_size_kb', BUFFER_KIB)
  // Newer kernels tell the process beside the thread.
  quietly(() => set('options/record-tgid', '1'))
  set('trace_marker', 'clock')
  const now = Date.now() / 1000
  const marker = /([\d.]+): tracing_mark_write: clock/.exec(readFileSync(join(instance, 'trace'), 'utf8'))
  set('events/tcp/tcp_send_reset/enable', '1')
  set('events/tcp/tcp_receive_reset/enable', '1')
  const pipe = openSync(join(instance, 'trace_pipe'), constants.O_RDONLY | constants.O_NONBLOCK)
  return [pipe, marker ? Math.round(Number(marker[1]) - now) : 0]
}

/** Instances of processes that were killed. */
function removeAbandoned(root: string): void {
  const names = quietly(() => readdirSync(join(root, 'instances'))) ?? []
  for (const name of names) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : 0
    if (pid > 0 && !existsSync(`/proc/${pid}`)) remove(join(root, 'instances', name))
  }
}

function remove(instance: string): void {
  quietly(() => writeFileSync(join(instance, 'events/enable'), '0'))
  quietly(() => rmdirSync(instance))
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
