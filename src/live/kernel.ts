/** What the kernel said of resets, found again for each verdict. */
import { readSync } from 'node:fs'
import type { Case } from '../evidence/index.js'
import type { Reset, Timebase } from '../model.js'
import { endpoint } from '../units.js'
import { type KernelEvent, parseEvent, type SentReset, type TakenReset } from './kernel-events.js'

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

  /**
   * @param fd trace_pipe, open for reading without waiting
   * @param aheadS seconds that the trace's clock is ahead of UTC
   */
  constructor(
    private readonly fd: number,
    private readonly aheadS: number,
  ) {
    this.timer = setInterval(() => this.poll(), POLL_MS).unref()
  }

  close(): void {
    clearInterval(this.timer)
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
      const count = quietly(() => readSync(this.fd, this.buffer)) ?? 0
      if (count === 0) return
      const lines = (this.rest + this.buffer.toString('utf8', 0, count)).split('\n')
      this.rest = lines.pop()!
      for (const line of lines) this.note(parseEvent(line, this.aheadS))
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

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
