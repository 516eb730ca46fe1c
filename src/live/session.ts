/**
 * Frames in, verdicts out, while the capture runs. The clock is packet time; nothing here knows of processes, pipes or terminals.
 */
import type { Case } from '../evidence/index.js'
import { Flow } from '../flow/flow.js'
import { makeWorld, type TrackedConnection } from '../flow/index.js'
import { NameBook } from '../flow/name-book.js'
import { findIncidents } from '../incidents/index.js'
import type { Analysis, CaptureHealth, CaptureInfo, Frame, Report, Reset, Timebase } from '../model.js'
import { type NameTable, nameTable, namesUsed, plainNames } from '../names.js'
import { Notes } from '../notes.js'
import { VERSION } from '../version.js'
import { createDecoder } from '../wire/decoder.js'
import { RST, Segment } from '../wire/segment.js'
import { FOUND_DNS, FOUND_ICMP_ERROR, FOUND_TCP } from '../wire/walk.js'
import { judgeDue, type Told } from './judge.js'
import { Ledger } from './ledger.js'
import { Pending } from './pending.js'
import { Remembered } from './remembered.js'
import { Skims } from './skims.js'
import { CaptureTrouble } from './trouble.js'

export interface SessionOptions {
  timebase: Timebase
  /** Bound of all that is remembered, about. */
  memoryBytes: number
  /** How long a reset waits for what follows it. */
  settleMs: number
  /** Only segments for which it answers true. */
  filter?: ((segment: Segment) => boolean) | undefined
  /** The capture as far as it has come. */
  capture: () => CaptureInfo
  /** Names by the user, and by name blocks of the capture as far as it has come. */
  hostNames?: ReadonlyMap<string, string> | undefined
  blockNames?: () => ReadonlyMap<string, string>
  onVerdict: (told: Told) => void
  /** Every TCP segment that passes the filter. */
  onSegment?: ((segment: Segment, frame: Frame) => void) | undefined
  /** Every RST that passes the filter, as it comes. */
  onRst?: ((segment: Segment) => void) | undefined
  /** More facts of a reset than packets tell. */
  inform?: ((item: Case) => void) | undefined
  show?: ((reset: Reset, item: Case) => void) | undefined
}

/** Judgements are this far apart in packet time: verdicts of a burst share the work. */
const QUANTUM_NS = 0.5e9
/** While judging has to pause, time is looked at this often. */
const PAUSE_NS = 0.02e9
/** Connections judged together, and how many others are looked at for comparison: waiting ones and reported ones. */
const BATCH = 256
const COMPARED = 128
/** Reset connections that may wait to be judged, per MiB of memory; where more come, they are counted and not judged. */
const WAITING_PER_MIB = 36
/** Share of the memory for tracked connections; the rest is for timelines, reported resets, packets on their way, the program. */
const TRACKER_SHARE = 0.18
const SKIMS_SHARE = 0.1

export class LiveSession {
  readonly notes = new Notes()
  readonly ledger: Ledger
  private readonly flow: Flow
  private readonly skims: Skims
  private readonly book: NameBook
  private readonly pending = new Pending()
  private readonly trouble = new CaptureTrouble()
  private engineDrops = 0
  private readonly decoder = createDecoder(this.notes)
  private readonly segment = new Segment()
  private readonly remembered: Remembered
  private nextNs = Number.POSITIVE_INFINITY
  private idleUntil = 0
  private health: CaptureHealth | undefined
  private mostWaiting: number

  constructor(private readonly options: SessionOptions) {
    this.ledger = new Ledger(options.memoryBytes)
    this.book = new NameBook(options.memoryBytes)
    this.mostWaiting = Math.max(1024, Math.floor((options.memoryBytes / 2 ** 20) * WAITING_PER_MIB))
    this.flow = new Flow({
      timebase: options.timebase,
      connectionBytes: options.memoryBytes * TRACKER_SHARE,
      onRst: (c, _from, frame) => this.noteRst(c, frame),
    })
    this.remembered = new Remembered(this.flow.tracker)
    this.skims = new Skims(this.flow, options.memoryBytes * SKIMS_SHARE, () => this.ledger.listenerNames())
  }

  /** Packets judged; connections held; resets waiting: for whoever watches. */
  get figures(): {
    segments: number
    connections: number
    waiting: number
    evicted: number
    unjudged: number
    endTimeNs: number
  } {
    const { flow } = this
    return {
      segments: flow.tcpSegments[0] ?? 0,
      connections: flow.tracker.held.size,
      waiting: this.pending.size,
      evicted: flow.tracker.evicted,
      unjudged: this.remembered.unjudged,
      endTimeNs: flow.endTimeNs,
    }
  }

  /** Every frame, in capture order. */
  feed(frame: Frame): void {
    const { flow, segment, options } = this
    if (this.trouble.noteTime(frame.timeNs)) this.judgeAll()
    flow.noteFrame(frame)
    if (frame.timeNs >= this.nextNs) this.settle(frame.timeNs)
    const found = this.decoder.decode(frame, segment)
    if (found !== FOUND_TCP && found !== FOUND_ICMP_ERROR) {
      if (found === FOUND_DNS) this.book.note(segment)
      return
    }
    if (options.filter !== undefined && !options.filter(segment)) return
    if (found === FOUND_TCP) {
      flow.skimSegment(segment, frame)
      this.skims.note(segment, frame)
      flow.trace(segment, frame)
      options.onSegment?.(segment, frame)
      if (segment.flags & RST) options.onRst?.(segment)
    } else {
      this.notes.add('icmp-error-quotes-tcp', frame.number)
      flow.tracker.trackIcmpError(segment, frame)
    }
  }

  /** The link is silent, and by now it is at least this late: settles what waits. */
  tick(nowNs: number): void {
    if (nowNs >= this.nextNs) this.settle(nowNs)
  }

  /** The capture has ended: judges what waits, with what there is, and concludes. */
  finish(): Analysis {
    this.judgeAll()
    const { ledger, skims } = this
    const resets = ledger.resets()
    const report = this.report(resets)
    report.captures = [this.captureInfo()]
    report.listeners = ledger.listenerList((address, port) => skims.connectionsOf(address, port))
    report.incidents = findIncidents(resets, ledger.about())
    const names = this.names()
    report.names = namesUsed(names, report)
    return {
      report,
      stories: ledger.stories,
      // Nothing was reset: what else is wrong with the capture?
      health: { ...(this.health ?? makeWorld(this.flow).world.health), connections: skims.connections },
      timebase: this.options.timebase,
      names: plainNames(names),
    }
  }

  /** The engine's counters were asked for. @param total packets lost since it began, restarts included */
  noteDrops(total: number): void {
    this.engineDrops = total
    this.lookForDrops()
  }

  /** What the engine told, and what statistics blocks of the stream say: to be called whenever what had come was handed over. */
  lookForDrops(): void {
    const blocks = this.options.capture().notes.find(note => note.name === 'capture-drops')?.count ?? 0
    this.trouble.noteDrops(this.engineDrops + blocks, this.flow.endTimeNs)
  }

  /** Nothing that comes can add to what waits: the capture has ended, or times no longer go on from those before. */
  private judgeAll(): void {
    while (this.pending.size > 0) this.judge(Number.POSITIVE_INFINITY, this.flow.endTimeNs)
    this.nextNs = Number.POSITIVE_INFINITY
  }

  private names(): NameTable {
    const { hostNames, blockNames } = this.options
    return nameTable([
      ['hosts', hostNames],
      ['capture', blockNames?.()],
      ['dns', this.book.list()],
    ])
  }

  /** What is known by now of one address. */
  nameOf(address: string): string | undefined {
    const { hostNames, blockNames } = this.options
    return hostNames?.get(address) ?? blockNames?.().get(address) ?? this.book.nameOf(address)
  }

  /** A report of one reset, as far as the capture has come. */
  reportOf(reset: Reset): Report {
    return { ...this.report([reset]), captures: [this.options.capture()] }
  }

  private report(resets: Reset[]): Report {
    return {
      schema: 'rst-analyze/report/1',
      generator: { name: 'rst-analyze', version: VERSION },
      captures: [],
      totals: this.ledger.totals(this.skims.connections, this.skims.rstFrames),
      resets,
      listeners: [],
      incidents: [],
      names: [],
    }
  }

  private captureInfo(): CaptureInfo {
    const { evicted } = this.flow.tracker
    const extra = new Notes()
    if (evicted > 0) extra.add('connections-evicted', null, evicted)
    if (this.remembered.unjudged > 0) extra.add('resets-not-judged', null, this.remembered.unjudged)
    if (this.ledger.dropped > 0) extra.add('resets-not-kept', null, this.ledger.dropped)
    const info = this.options.capture()
    const notes = [...info.notes, ...this.notes.list(), ...extra.list()]
    return { ...info, tcpSegments: this.figures.segments, notes }
  }

  /** Memory is shorter than the estimates knew: everything that is remembered shrinks, for good. */
  shed(): void {
    this.flow.tracker.shed()
    this.skims.shed(this.flow.endTimeNs)
    this.ledger.shed()
    this.mostWaiting = Math.max(256, Math.floor(this.mostWaiting * 0.75))
  }

  private noteRst(c: TrackedConnection, frame: Frame): void {
    const { pending, remembered } = this
    if (remembered.isLeftOut(c)) return
    if (!pending.has(c) && pending.size >= this.mostWaiting) {
      if (remembered.has(c)) return
      this.ledger.addConnection(c.synFrame >= 0)
      remembered.leaveOut(c)
      return
    }
    pending.add(c, frame.number, frame.timeNs)
    if (this.nextNs === Number.POSITIVE_INFINITY) this.schedule(frame.timeNs)
  }

  /** The next judgement: when the oldest waiting RST has settled, rounded up so that a burst is judged at once. */
  private schedule(nowNs: number): void {
    const { oldestNs } = this.pending
    const settledNs = oldestNs + this.options.settleMs * 1e6
    this.nextNs = Math.max(Math.ceil(settledNs / QUANTUM_NS) * QUANTUM_NS, nowNs)
  }

  /** Judges at most a quarter of the time while resets pour in, half of it when they pile up: packets must not wait. */
  private settle(nowNs: number): void {
    const started = performance.now()
    if (started < this.idleUntil) {
      this.nextNs = nowNs + PAUSE_NS
      return
    }
    this.judge(nowNs - this.options.settleMs * 1e6, nowNs)
    this.schedule(nowNs)
    const ended = performance.now()
    const rest = this.pending.size > this.mostWaiting / 4 ? 1 : 3
    this.idleUntil = ended + rest * (ended - started)
  }

  private judge(untilNs: number, nowNs: number): void {
    const { flow, pending, remembered, ledger, options } = this
    this.lookForDrops()
    const connections = pending.until(untilNs, BATCH)
    const due = new Map(connections.flatMap(c => pending.take(c, untilNs).map(frame => [frame, c] as const)))
    const compared = [...pending.until(Number.POSITIVE_INFINITY, COMPARED), ...remembered.last(COMPARED)]
    const { told, late, health } = judgeDue({
      flow,
      connections: new Set([...connections, ...compared]),
      due,
      owners: remembered.owners,
      ledger,
      capture: options.capture(),
      nowNs,
      trouble: this.trouble,
      inform: options.inform,
      show: options.show,
    })
    this.health = health
    for (const one of told) {
      const first = !remembered.has(due.get(one.frames.find(frame => due.has(frame))!)!)
      const c = this.own(one.reset.id, one.frames, due)
      if (first) ledger.addConnection(c.synFrame >= 0)
      ledger.add(one.reset, one.facts, one.story, first)
      options.onVerdict(one)
    }
    for (const { id, frames } of late) {
      ledger.extend(id, frames)
      this.own(id, frames, due)
    }
    remembered.trim(c => pending.has(c))
  }

  /** These frames are told: none of them is judged again. @returns their connection */
  private own(id: string, frames: number[], due: ReadonlyMap<number, TrackedConnection>): TrackedConnection {
    const c = due.get(frames.find(frame => due.has(frame))!)!
    this.pending.told(c, new Set(frames))
    this.remembered.add(c, id, frames)
    return c
  }
}
