/** What the kernel said of resets, found again for each verdict. */
import { readSync } from 'node:fs'
import type { Case } from '../evidence/index.js'
import type { Reset, Timebase } from '../model.js'
import { endpoint } from '../units.js'
import type { Segment } from '../wire/segment.js'
import { addressText } from '../wire/text.js'
import type { SocketOwner } from './link.js'
import { type KernelEvent, parseEvent, type SentReset, type TakenReset } from './kernel-events.js'

const POLL_MS = 200
/** Connections whose events are remembered, and events of one: older ones than a reset takes to settle are of no use. */
const MAX_EVENTS = 8192
const MAX_EVENTS_OF_ONE = 64
/** Owners asked for between two polls. */
const MOST_QUESTIONS = 100
/** The event and the packet are microseconds apart on one host; the clocks of both are compared to a few milliseconds. */
const SAME_MOMENT_S = 0.25

export class KernelWatch {
  /** By "local remote"; the remote end is * where the kernel names none. */
  private readonly sent = new Map<string, SentReset[]>()
  private readonly taken = new Map<string, TakenReset[]>()
  private rest = ''
  private readonly buffer = Buffer.alloc(1 << 16)
  private readonly timer: NodeJS.Timeout

  /** "local remote" → who owned the socket; undefined while nobody has answered. */
  private readonly owners = new Map<string, SocketOwner | undefined>()
  private asked = 0

  /**
   * @param fd trace_pipe, open for reading without waiting
   * @param aheadS seconds that the trace's clock is ahead of UTC
   * @param ask for the owner of a socket of this host; the answer comes by `noteOwner`
   */
  constructor(
    private readonly fd: number,
    private readonly aheadS: number,
    private readonly ask: (local: string, remote: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.poll()
      this.asked = 0
    }, POLL_MS).unref()
  }

  close(): void {
    clearInterval(this.timer)
  }

  /** A RST was seen: whose sockets are at its two ends, as far as they are of this host? Soon nobody will know. */
  noteReset({ source, sourcePort, destination, destinationPort, ipVersion }: Segment): void {
    const from = endpoint({ address: addressText(source, ipVersion), port: sourcePort })
    const to = endpoint({ address: addressText(destination, ipVersion), port: destinationPort })
    this.askFor(from, to)
    this.askFor(to, from)
  }

  noteOwner(local: string, remote: string, owner: SocketOwner): void {
    if (this.owners.has(`${local} ${remote}`)) this.owners.set(`${local} ${remote}`, owner)
  }

  private askFor(local: string, remote: string): void {
    const key = `${local} ${remote}`
    if (this.owners.has(key) || this.asked >= MOST_QUESTIONS) return
    this.asked++
    this.owners.set(key, undefined)
    if (this.owners.size > MAX_EVENTS) this.owners.delete(this.owners.keys().next().value!)
    this.ask(local, remote)
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
    const ends = endsOf(item)
    const owner = this.owners.get(`${ends.sender} ${ends.peer}`)
    if (sent) {
      const process = sent.process ?? (owner && !owner.listens ? { pid: owner.pid, name: owner.name } : null)
      reset.kernel = { reason: sent.reason, state: sent.state, process }
      // The last one stands first.
      if (sent.process) line(`it was sent on behalf of ${named(sent.process)}`, sent.process.name)
      else if (owner) line(`the socket it came from: ${ownerWords(owner)}`, owner.name)
      if (sent.reason) line(`the kernel that sent it gives ${sent.reason} as its reason`, sent.reason)
    }
    if (!this.takenFor(item, timebase)) return
    const taker = this.owners.get(`${ends.peer} ${ends.sender}`)
    line(
      taker ? `a socket of this host took it: ${ownerWords(taker)}` : 'a socket of this host took it',
      null,
    )
  }

  private sentFor(item: Case, timebase: Timebase): SentReset | undefined {
    this.poll()
    const { sender, peer } = endsOf(item)
    const isNear = isNearTo(item, timebase)
    return this.sent.get(`${sender} ${peer}`)?.find(isNear) ?? this.sent.get(`${sender} *`)?.find(isNear)
  }

  private takenFor(item: Case, timebase: Timebase): TakenReset | undefined {
    const { sender, peer } = endsOf(item)
    const isNear = isNearTo(item, timebase)
    return this.taken.get(`${peer} ${sender}`)?.find(isNear)
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
    if (event.kind === 'sent') remember(this.sent, `${event.source} ${event.peer ?? '*'}`, event)
    else remember(this.taken, `${event.local} ${event.remote}`, event)
  }
}

/** Those that were heard of longest ago go first. */
function remember<T>(events: Map<string, T[]>, ends: string, event: T): void {
  const before = events.get(ends) ?? []
  events.delete(ends)
  events.set(ends, [...before.slice(1 - MAX_EVENTS_OF_ONE), event])
  if (events.size > MAX_EVENTS) events.delete(events.keys().next().value!)
}

function endsOf({ group: { view } }: Case): { sender: string; peer: string } {
  const { connection, sender, peer } = view
  return { sender: endpoint(connection[sender.side]), peer: endpoint(connection[peer.side]) }
}

function isNearTo({ group: { view } }: Case, timebase: Timebase): (event: { time: number }) => boolean {
  const time = timebase.seconds + view.first.timeNs / 1e9
  return event => Math.abs(event.time - time) < SAME_MOMENT_S
}

function named({ name, pid }: SocketOwner): string {
  return `"${name}" (pid ${pid})`
}

function ownerWords(owner: SocketOwner): string {
  return owner.listens ? `${named(owner)} listens on that port` : `it belonged to ${named(owner)}`
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
