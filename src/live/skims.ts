/**
 * Timelines that stay young: what is noted of listeners, sources and hosts is kept in two generations, so that a month of listening takes
 * no more memory than an hour and "accepted again 2 s later" keeps its precision. Both are fed; when the older one is full or aged it goes.
 */
import type { Flow } from '../flow/flow.js'
import type { TrackedConnection } from '../flow/index.js'
import { Skim } from '../flow/skim.js'
import type { Frame } from '../model.js'
import type { Segment } from '../wire/segment.js'

/** Half the time that timelines reach back at least. */
const GENERATION_NS = 30 * 60 * 1e9
/** Rough bytes per attempt in one generation, with its share of sources and listeners; measured with a SYN flood. */
const ATTEMPT_BYTES = 320

export class Skims {
  private young = new Skim()
  private bornNs = Number.NaN
  private mostConnections: number
  private connectionsBefore = 0
  private rstFramesBefore = 0
  private readonly listenersBefore = new Map<string, number>()

  /**
   * @param bytes both generations may take, about
   * @param counted names of the listeners whose counts must not be lost, as "address port"
   */
  constructor(
    private readonly flow: Flow,
    bytes: number,
    private readonly counted: () => Iterable<string>,
  ) {
    this.mostConnections = Math.max(4096, Math.floor(bytes / 2 / ATTEMPT_BYTES))
  }

  /** Every TCP segment; the flow itself notes it in the older generation. */
  note(segment: Segment, frame: Frame): void {
    this.young.note(segment, frame)
    if (Number.isNaN(this.bornNs)) this.bornNs = frame.timeNs
    const { young } = this
    if (frame.timeNs - this.bornNs < GENERATION_NS && young.connections < this.mostConnections) return
    this.renew(frame.timeNs)
  }

  /** Memory is short: the older generation goes now, and generations are shorter from now on. */
  shed(nowNs: number): void {
    this.mostConnections = Math.max(4096, Math.floor(this.mostConnections / 2))
    if (!Number.isNaN(this.bornNs)) this.renew(nowNs)
  }

  /** Over the whole capture, not just what is remembered. */
  get connections(): number {
    return this.connectionsBefore + this.flow.skim.connections
  }

  get rstFrames(): number {
    return this.rstFramesBefore + this.flow.skim.rstFrames
  }

  /** Connections of a listener over the whole capture; of listeners without resets only what is remembered. */
  connectionsOf(address: string, port: number): number {
    const now = this.flow.skim.listeners.list.find(l => l.address === address && l.port === port)
    return (this.listenersBefore.get(`${address} ${port}`) ?? 0) + (now?.connections ?? 0)
  }

  private renew(nowNs: number): void {
    const old = this.flow.skim
    const { young } = this
    this.connectionsBefore += old.connections - young.connections
    this.rstFramesBefore += old.rstFrames - young.rstFrames
    this.carryListeners(old, young)
    this.flow.skim = young
    this.young = new Skim()
    this.bornNs = nowNs
    this.releaseSiblings()
  }

  private carryListeners(old: Skim, young: Skim): void {
    const countsOf = (skim: Skim) =>
      new Map(skim.listeners.list.map(l => [`${l.address} ${l.port}`, l.connections]))
    const [before, since] = [countsOf(old), countsOf(young)]
    for (const name of this.counted()) {
      const gone = (before.get(name) ?? 0) - (since.get(name) ?? 0)
      if (gone !== 0) this.listenersBefore.set(name, (this.listenersBefore.get(name) ?? 0) + gone)
    }
  }

  /** Connections that were kept for comparison with the old generation's resets and are over, unless one after them on the same ports needs them. */
  private releaseSiblings(): void {
    const { tracker } = this.flow
    const needed = new Set<TrackedConnection | undefined>()
    for (const c of tracker.held) needed.add(c.previous)
    for (const c of tracker.held) {
      if (c.finished && !c.reset && !needed.has(c) && this.flow.siblingIndex(c) < 0) tracker.forget(c)
    }
  }
}
