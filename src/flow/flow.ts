/**
 * The two halves of this folder put together: `Skim` (every connection, by its rare segments) and `Tracker` (some connections, by all their
 * segments). A stream feeds both at once; a file that can be read twice is skimmed, then traced. `makeWorld` answers the same for both.
 */
import type { Frame, PickedRun, Timebase } from '../model.js'
import type { Segment } from '../wire/segment.js'
import type { TrackedConnection } from './connection.js'
import type { SideIndex } from './cursor.js'
import { HealthSums } from './health.js'
import { NO_ID } from './key-table.js'
import { type Limits, limitsOf } from './limits.js'
import { Skim } from './skim.js'
import { Tracker } from './tracker.js'
import { ENDPOINT_WORDS, endOfTuple, TUPLE_WORDS, tupleKey } from './tuple.js'

export interface FlowOptions {
  timebase: Timebase
  /** Bound of the memory for everything that is remembered, about. */
  memoryBytes?: number
  /** Bound of the memory for tracked connections alone, where somebody else looks after the rest. */
  connectionBytes?: number
  /** Every connection stays, as far as memory allows. */
  keepAll?: boolean
  /** Called for each RST as it is recorded; copies of a packet are not told. */
  onRst?: (connection: TrackedConnection, from: SideIndex, frame: Frame) => void
}

export class Flow {
  /** A live capture replaces it now and then, so that the timelines stay young and small. */
  skim: Skim
  readonly limits: Limits
  readonly tracker: Tracker
  /** TCP segments by capture index. */
  readonly tcpSegments: number[] = []
  startTimeNs = 0
  endTimeNs = 0
  /** Sums over the connections that are no longer held. */
  readonly forgotten = new HealthSums()
  /** What was skimmed is read a second time, and only what is interesting of it. */
  private chosen = false
  private frames = 0
  private readonly tuple = new Int32Array(TUPLE_WORDS)
  private readonly end = new Int32Array(ENDPOINT_WORDS)

  constructor(readonly options: FlowOptions) {
    const { onRst, memoryBytes, connectionBytes } = options
    const limits = limitsOf(connectionBytes ?? memoryBytes)
    this.limits = limits
    this.skim = new Skim(connectionBytes === undefined ? limits : undefined)
    this.tracker = new Tracker({
      isSibling: c => options.keepAll === true || this.siblingIndex(c) >= 0,
      memoryBytes: limits.bytes,
      besideBytes: () => (connectionBytes === undefined ? this.skim.bytes : 0),
      mostResets: connectionBytes === undefined ? limits.resets : Number.POSITIVE_INFINITY,
      mostFurtherRsts: limits.furtherRsts,
      onForget: c => this.forgotten.add(c),
      ...(onRst ? { onRst } : {}),
    })
  }

  /** Memory in use, about. */
  get bytes(): number {
    return this.tracker.bytes + this.skim.bytes
  }

  /** RST frames that stand in no connection for want of room; the same number however the capture was read. */
  get leftOut(): number {
    return this.tracker.leftOut + (this.chosen ? this.skim.interest.rstsBeyond : 0)
  }

  /** Every frame, TCP or not: the capture's time span. */
  noteFrame(frame: Frame): void {
    if (this.frames++ === 0) {
      this.startTimeNs = frame.timeNs
      this.endTimeNs = frame.timeNs
    } else if (frame.timeNs > this.endTimeNs) this.endTimeNs = frame.timeNs
    else if (frame.timeNs < this.startTimeNs) this.startTimeNs = frame.timeNs
  }

  /** The same for all frames of a run. */
  noteRun({ records, earliestNs, latestNs }: PickedRun): void {
    if (this.frames === 0 || earliestNs < this.startTimeNs) this.startTimeNs = earliestNs
    if (this.frames === 0 || latestNs > this.endTimeNs) this.endTimeNs = latestNs
    this.frames += records
  }

  /** Every TCP segment, in the first or only pass. */
  skimSegment(segment: Segment, frame: Frame): void {
    this.countSegments(frame.capture, 1)
    this.skim.note(segment, frame)
  }

  /** TCP segments that were recognised without being decoded, because they have none of SKIMMED_FLAGS. */
  countSegments(capture: number, count: number): void {
    if (count > 0) this.tcpSegments[capture] = (this.tcpSegments[capture] ?? 0) + count
  }

  /** The same skim, nothing traced: for a second reading. */
  untraced(): Flow {
    const flow = new Flow(this.options)
    flow.skim = this.skim
    flow.chosen = this.options.keepAll !== true
    flow.startTimeNs = this.startTimeNs
    flow.endTimeNs = this.endTimeNs
    for (const [capture, count] of this.tcpSegments.entries()) flow.tcpSegments[capture] = count
    return flow
  }

  /**
   * Every TCP segment that is to be traced.
   * @param guess the tuple's id in the tracker if that is known, see `Ahead`
   */
  trace(segment: Segment, frame: Frame, guess?: number): void {
    this.tracker.track(segment, frame, guess)
  }

  /**
   * After skimming: whether a TCP segment's connection was reset, or is a sibling of such. What is tracked already is; its key is at hand, that
   * of the skim was one more wait for memory, a tenth of the second reading where all connections are reset.
   * @param guess as for `trace`
   */
  isInteresting(segment: Segment, guess = NO_ID): boolean {
    tupleKey(segment, this.tuple)
    return this.tracker.tuples.confirms(guess, this.tuple) || this.skim.interest.tuples.find(this.tuple) >= 0
  }

  /** Number of a connection's listener in the skim, -1 when it is not tracked. */
  listenerOf(c: TrackedConnection): number {
    this.tracker.tuples.read(c.tuple, this.tuple)
    endOfTuple(this.tuple, !c.clientLow, this.end)
    return this.skim.listeners.idOf(this.end)
  }

  /** The same, added when it is not there. */
  ensureListener(c: TrackedConnection): number {
    this.tracker.tuples.read(c.tuple, this.tuple)
    endOfTuple(this.tuple, !c.clientLow, this.end)
    return this.skim.listeners.add(this.end, c.ipVersion)
  }

  /** Which of its listener's first connections it is; -1 = none of them. */
  siblingIndex(c: TrackedConnection): number {
    if (c.synFrame < 0) return -1
    const listener = this.listenerOf(c)
    return listener < 0 ? -1 : this.skim.listeners.entry(listener).indexOf(c.synFrame, c.synCapture)
  }
}
