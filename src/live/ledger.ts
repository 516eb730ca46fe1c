/**
 * What has been reported: totals over the whole capture, the newest resets for the report at the end, and which RST frame went to which
 * reset. Bounded, however long the capture runs: what left is counted.
 */
import type { Facts } from '../evidence/index.js'
import { type About, aboutResets } from '../incidents/words.js'
import type { CauseId, Listener, Origin, Reset, StoryPacket, Totals } from '../model.js'

/** Resets kept whole for the final report, per MiB of memory: they take about 8 kB each with their facts. */
const RESETS_PER_MIB = 14
/** Stories kept for the final report; about 30 kB each. */
const STORIES = 200
/** Listeners counted by name. */
const MAX_LISTENERS = 4096

export class Ledger {
  /** Resets reported so far. */
  told = 0
  /** Resets that were reported and are no longer kept. */
  dropped = 0
  readonly stories = new Map<string, StoryPacket[]>()
  private resetConnections = 0
  /** Reset connections whose opening was not seen: the timelines do not count them. */
  private withoutSyn = 0
  private readonly kept = new Map<string, Reset>()
  private readonly facts = new Map<string, Facts>()
  private most: number
  private mostStories = STORIES
  private readonly byCause: Partial<Record<CauseId, number>> = {}
  private readonly byOrigin: Partial<Record<Origin, number>> = {}
  private readonly listeners = new Map<string, Omit<Listener, 'connections'>>()

  constructor(memoryBytes: number) {
    this.most = Math.max(256, Math.floor((memoryBytes / 2 ** 20) * RESETS_PER_MIB))
  }

  /** @param first true for the first reset of its connection */
  add(reset: Reset, facts: Facts, story: StoryPacket[], first: boolean): void {
    this.told++
    this.byCause[reset.cause] = (this.byCause[reset.cause] ?? 0) + 1
    this.byOrigin[reset.origin] = (this.byOrigin[reset.origin] ?? 0) + 1
    this.countListener(reset, first)
    this.kept.set(reset.id, reset)
    this.facts.set(reset.id, facts)
    this.stories.set(reset.id, story)
    this.trim()
  }

  /** What is said of several resets needs the facts of each. */
  about(): About {
    return { ...aboutResets, fact: ({ id }, name) => this.facts.get(id)?.[name] }
  }

  /** Memory is short: keeps half as much. */
  shed(): void {
    this.most = Math.max(64, Math.floor(this.most / 2))
    this.mostStories = Math.max(8, Math.floor(this.mostStories / 2))
    this.trim()
  }

  private trim(): void {
    for (const id of this.kept.keys()) {
      if (this.kept.size <= this.most) break
      this.kept.delete(id)
      this.facts.delete(id)
      this.dropped++
    }
    for (const id of this.stories.keys()) {
      if (this.stories.size <= this.mostStories) break
      this.stories.delete(id)
    }
  }

  /** A connection has its first reset. */
  addConnection(openingSeen: boolean): void {
    this.resetConnections++
    if (!openingSeen) this.withoutSyn++
  }

  get(id: string): Reset | undefined {
    return this.kept.get(id)
  }

  /** RSTs of a reset that came after its verdict: they belong to it, the verdict stays. */
  extend(id: string, frames: number[]): void {
    const reset = this.kept.get(id)
    if (reset) reset.frames = [...new Set([...reset.frames, ...frames])].sort((a, b) => a - b)
  }

  /** "address port" of every listener with resets. */
  listenerNames(): Iterable<string> {
    return this.listeners.keys()
  }

  resets(): Reset[] {
    return [...this.kept.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  }

  totals(connections: number, rstFrames: number): Totals {
    return {
      connections: connections + this.withoutSyn,
      resetConnections: this.resetConnections,
      resets: this.told,
      rstFrames,
      byCause: { ...this.byCause },
      byOrigin: { ...this.byOrigin },
    }
  }

  /** Those with most reset connections first, as in a report on a file. */
  listenerList(connectionsOf: (address: string, port: number) => number): Listener[] {
    return [...this.listeners.values()]
      .map(l => ({ ...l, connections: Math.max(l.resetConnections, connectionsOf(l.address, l.port)) }))
      .map(({ address, port, connections, resetConnections, byCause }) => ({
        address,
        port,
        connections,
        resetConnections,
        byCause,
      }))
      .sort(
        (a, b) =>
          b.resetConnections - a.resetConnections || (a.address < b.address ? -1 : 1) || a.port - b.port,
      )
  }

  private countListener({ connection, cause }: Reset, first: boolean): void {
    const { address, port } = connection.server
    const key = `${address} ${port}`
    let entry = this.listeners.get(key)
    if (!entry) {
      if (this.listeners.size === MAX_LISTENERS) return
      entry = { address, port, resetConnections: 0, byCause: {} }
      this.listeners.set(key, entry)
    }
    if (first) entry.resetConnections++
    entry.byCause[cause] = (entry.byCause[cause] ?? 0) + 1
  }
}
