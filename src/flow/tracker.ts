/**
 * Segments → connections. `track` is the hot path: synchronous, no allocation per segment, one table look-up.
 * The same tracker serves files read twice (it is then given only what matters), streams and live captures.
 */
import type { Frame } from '../model.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import { encapsulationText } from '../wire/text.js'
import { peekFin } from './application/index.js'
import { grown } from './columns.js'
import { TrackedConnection } from './connection.js'
import { noteCopy, originalOf } from './copies.js'
import { CLIENT, ConnectionCursor, type SideIndex } from './cursor.js'
import { acknowledgesServer, observeSyn } from './handshake.js'
import { leastWanted, Queue } from './forgetting.js'
import { noteHistory } from './history.js'
import { choose, FORGET_CLOSED_NS, sideOf } from './incarnations.js'
import { noteIcmpError } from './icmp-errors.js'
import { KeyTable } from './key-table.js'
import { KIND_DATA, KIND_FIN, KIND_KEEPALIVE_PROBE, KIND_RST } from './kinds.js'
import { NOWHERE, Numbers } from './numbers.js'
import { peekPayload } from './payload.js'
import { movePlain, NOT_PLAIN, plainKind, sideAt } from './plain.js'
import { awaitsEnd, catchUp, listen } from './quiet.js'
import { keepSegment, MAX_RST_ROWS, releaseRows } from './retention.js'
import { decideRoles, type Roles } from './roles.js'
import { rstDetails } from './rst-details.js'
import { NO_ROW, SegmentLog } from './segment-log.js'
import { type Observation, observeSegment } from './sequence.js'
import type { TrackedSide } from './side.js'
import { TUPLE_WORDS, tupleKey } from './tuple.js'

/** A connection's objects with their places in the lists, and what the collector leaves about; measured (`npm run bench:connections`). */
const OBJECT_BYTES = 600
/** A RST frame that is only listed. */
const LISTED_BYTES = 8
/** Share of the memory that is left to connections, however full the tables beside are. */
const LEAST_SHARE = 0.25
/** What its payload told, the same way. */
const STATE_BYTES = 1300

export interface TrackerOptions {
  /** Whether a connection that was not reset must stay for comparison (a sibling of its listener). */
  isSibling(c: TrackedConnection): boolean
  /** Memory for connections and what lies beside; beyond it the least recently active ones that were not reset are forgotten. */
  memoryBytes: number
  /** Memory of other tables that share it. */
  besideBytes(): number
  /** Connections with a RST, the first ones; RST frames that are only listed. What comes beyond is counted. */
  mostResets: number
  mostFurtherRsts: number
  /** A connection leaves for good: last chance to add it to a sum. */
  onForget?(c: TrackedConnection): void
  /** A RST was recorded (copies are not told). */
  onRst?(c: TrackedConnection, from: SideIndex, frame: Frame): void
}

export class Tracker {
  readonly log = new SegmentLog()
  readonly tuples = new KeyTable(TUPLE_WORDS)
  /** Every connection that is held, in order of appearance. */
  readonly held = new Set<TrackedConnection>()
  /** Connections forgotten for want of memory. */
  evicted = 0
  readonly numbers = new Numbers()
  /** Place of the newest incarnation's numbers by tuple id, NOWHERE where none is held. */
  newest = new Int32Array(256)
  /** At the connection of the segment at hand. */
  private readonly cursor = new ConnectionCursor(this.numbers, NOWHERE)
  /** Connections held by tuple id: the tuple's id lives as long. */
  private readonly holders: number[] = []
  private readonly key = new Int32Array(TUPLE_WORDS)
  private readonly observed: Observation = { kind: 0, newBytes: 0, gapBefore: 0 }
  private readonly roles: Roles = { sourceIsClient: true, certain: false }
  /** Closed on both sides and not yet forgotten, in order of closing. */
  private readonly closing = new Queue<TrackedConnection>()
  private serial = 0
  private segments = 0
  /** RSTs that stand in no connection, because too many were reset before. */
  leftOut = 0
  private resets = 0
  private furtherRsts = 0
  private memoryBytes: number
  /** What was left by the last eviction, where that could not free enough. */
  private stuckAt = 0

  constructor(private readonly options: TrackerOptions) {
    this.memoryBytes = options.memoryBytes
  }

  /** @param guess the tuple's id if that is known, see `Ahead` */
  track(segment: Segment, frame: Frame, guess = -1): void {
    if ((++this.segments & 0xfff) === 0) this.sweep(frame.timeNs)
    const sourceLow = tupleKey(segment, this.key)
    let tuple = this.tuples.confirms(guess, this.key) ? guess : this.tuples.add(this.key)
    if (tuple >= this.newest.length) this.newest = grown(this.newest, tuple + 1, NOWHERE)
    const c = this.cursor
    c.moveTo(this.newest[tuple])
    const from = sideAt(this.numbers, c.at, sourceLow)
    const kind = plainKind(this.numbers, c.at, from, segment, frame)
    if (kind !== NOT_PLAIN) {
      this.recordPlain(c, from, segment, frame, kind)
      return
    }
    if (c.closing && isOver(c, frame.timeNs)) {
      this.retire(c.self)
      tuple = this.tuples.add(this.key)
      c.moveTo(NOWHERE)
    }
    if (c.at === NOWHERE) c.moveTo(this.open(tuple, sourceLow, segment, frame, undefined).at)
    else if (segment.flags & SYN || c.hasPrevious) {
      const newest = c.self
      const chosen = choose(newest, sourceLow, segment)
      c.moveTo((chosen ?? this.open(tuple, sourceLow, segment, frame, newest)).at)
    }
    this.record(c, sideOf(c, sourceLow), segment, frame)
  }

  /** An ICMP error that quotes a segment of a connection being tracked; others are ignored. */
  trackIcmpError(quoted: Segment, frame: Frame): void {
    tupleKey(quoted, this.key)
    const c = this.newestOf(this.key)
    if (c !== undefined) noteIcmpError(c, quoted, frame)
  }

  private open(
    tuple: number,
    sourceLow: boolean,
    segment: Segment,
    frame: Frame,
    previous: TrackedConnection | undefined,
  ): TrackedConnection {
    decideRoles(segment, this.roles)
    const clientLow = this.roles.sourceIsClient === sourceLow
    const ipVersion = segment.ipVersion === 6 ? 6 : 4
    const { numbers } = this
    const { capture, timeNs } = frame
    const c = new TrackedConnection(numbers, this.serial++, tuple, clientLow, capture, ipVersion, timeNs)
    c.rolesCertain = this.roles.certain
    if (segment.layerCount > 0) c.encapsulation = encapsulationText(segment)
    this.holders[tuple] = (this.holders[tuple] ?? 0) + 1
    this.newest[tuple] = c.at
    this.held.add(c)
    if (previous) this.succeed(c, previous)
    return c
  }

  /** The predecessor's own predecessor is looked at no more; it stays only as part of a reset's story. */
  private succeed(c: TrackedConnection, previous: TrackedConnection): void {
    c.previous = previous
    previous.finished = true
    const older = previous.previous
    if (older === undefined || previous.reset) return
    previous.previous = undefined
    this.release(older)
  }

  private recordPlain(
    c: ConnectionCursor,
    from: SideIndex,
    segment: Segment,
    frame: Frame,
    kind: number,
  ): void {
    const { log, observed } = this
    const row = keepSegment(log, c, from, segment, frame, false)
    movePlain(this.numbers, c.at, from, segment, frame, kind)
    log.setKind(row, kind, segment.payloadBytes)
    if (kind !== KIND_DATA) return
    observed.newBytes = segment.payloadBytes
    observed.gapBefore = 0
    peekPayload(log, c, from, segment, row, observed, frame)
  }

  private record(c: ConnectionCursor, from: SideIndex, segment: Segment, frame: Frame): void {
    const original = originalOf(this.log, c, from, segment, frame)
    if (original !== NO_ROW) {
      noteCopy(this.log, c.self, original, segment, frame)
      return
    }
    const { timeNs } = frame
    const { flags } = segment
    const side = from === CLIENT ? c.client : c.server
    const { observed } = this
    const isRst = (flags & RST) !== 0
    if (isRst && !this.admits(c, side)) return
    if (!c.reset && !isRst && timeNs - c.lastTimeNs > c.longestSilenceNs)
      c.longestSilenceNs = timeNs - c.lastTimeNs
    const row = keepSegment(this.log, c, from, segment, frame, isRst)
    if (isRst) {
      observed.kind = KIND_RST
      observed.newBytes = 0
      c.rstSincePeek = true
      if (row !== NO_ROW) this.log.details.set(row, rstDetails(segment))
    } else {
      if (flags & SYN) {
        observeSyn(c, from, segment, timeNs, observed)
        noteSynFrame(c.self, frame)
      } else {
        observeSegment(c, from, segment, timeNs, observed)
        if (from === CLIENT && !c.handshakeAcked && flags & ACK)
          c.handshakeAcked = acknowledgesServer(c, segment)
      }
      if (observed.newBytes > 0) peekPayload(this.log, c, from, segment, row, observed, frame)
      if (flags & FIN && observed.kind === KIND_FIN) this.noteFin(c, from, timeNs)
      side.countHopLimit(segment.hopLimit)
    }
    if (row !== NO_ROW) this.log.setKind(row, observed.kind, observed.newBytes)
    if (segment.payloadBytes > 0 && !isRst && observed.kind !== KIND_KEEPALIVE_PROBE) side.dataSegments++
    if (segment.hasTimestamps && !side.synSeen) side.timestamps = true
    if (side.segments++ === 0) side.firstTimeNs = timeNs
    side.lastTimeNs = timeNs
    c.lastTimeNs = timeNs
    c.setLast(observed.kind, from)
    noteHistory(c, from, flags, segment.payloadBytes, observed.kind)
    if (isRst) this.options.onRst?.(c.self, from, frame)
    else if (!c.closing && c.client.finSeen && c.server.finSeen && c.closed) {
      c.closing = true
      this.closing.push(c.self)
    }
  }

  /** Whether there is room for one more RST; counts it. */
  private admits(c: ConnectionCursor, side: TrackedSide): boolean {
    const { mostResets, mostFurtherRsts } = this.options
    if (!c.reset) {
      if (this.resets < mostResets) {
        this.resets++
        return true
      }
      c.self.leftOut = true
    } else if (side.rstRows < MAX_RST_ROWS) return true
    else if (this.furtherRsts < mostFurtherRsts) {
      this.furtherRsts++
      return true
    }
    this.leftOut++
    return false
  }

  private noteFin(c: ConnectionCursor, from: SideIndex, timeNs: number): void {
    if (c.rstSincePeek || !awaitsEnd(c.side(from))) return
    const application = catchUp(c.self)
    if (application === undefined) return
    peekFin(application, from, timeNs)
    listen(c, application)
  }

  // ── forgetting ────────────────────────────────────────────────────────────────────────────────────────

  /** Connections that are over leave (what follows on their tuple would not join them either, see `isOver`); then, if memory is short, the least recently active ones. */
  private sweep(nowNs: number): void {
    const { closing } = this
    for (let c = closing.first; c !== undefined; c = closing.first) {
      const current = this.isNewest(c) && !c.reset
      if (current && !isOver(c, nowNs)) break
      closing.shift()
      if (current) this.retire(c)
    }
    if (this.bytes > Math.max(this.allowance, this.stuckAt)) this.evict()
  }

  /** Memory in use, about: what lies in tables, to the byte; objects by what they were measured to take. */
  get bytes(): number {
    const { log, numbers, tuples, newest, held } = this
    const tables = numbers.memoryBytes + tuples.bytes + newest.byteLength * 3
    const objects = held.size * OBJECT_BYTES + numbers.states * STATE_BYTES
    return log.bytes + tables + objects + this.furtherRsts * LISTED_BYTES
  }

  /** What the tables beside leave of the memory, but never less than a quarter of it. */
  private get allowance(): number {
    return Math.max(this.memoryBytes - this.options.besideBytes(), this.memoryBytes * LEAST_SHARE)
  }

  /** A tuple's newest incarnation is over: what follows on the tuple is not compared with it. */
  private retire(c: TrackedConnection): void {
    this.newest[c.tuple] = NOWHERE
    c.finished = true
    if (c.previous && !c.reset) {
      this.release(c.previous)
      c.previous = undefined
    }
    this.release(c)
  }

  /** Gives up a connection unless it will be reported. */
  private release(c: TrackedConnection): void {
    c.finished = true
    if (c.reset || this.options.isSibling(c)) return
    this.forget(c)
  }

  /** Drops a connection for good, whatever it is. A live capture does this with resets it has reported. */
  forget(c: TrackedConnection): void {
    if (!this.held.delete(c)) return
    this.options.onForget?.(c)
    if (c.reset) {
      this.resets--
      this.furtherRsts -= c.furtherRsts?.length ?? 0
    }
    releaseRows(this.log, c)
    c.finished = true
    if (this.isNewest(c)) this.newest[c.tuple] = NOWHERE
    c.releaseNumbers()
    if (--this.holders[c.tuple] === 0) this.tuples.delete(c.tuple)
  }

  /** The newest incarnation of a 4-tuple, if one is held. */
  newestOf(key: Int32Array): TrackedConnection | undefined {
    const tuple = this.tuples.find(key)
    return tuple < 0 ? undefined : this.newestAt(tuple)
  }

  private newestAt(tuple: number): TrackedConnection | undefined {
    const at = this.newest[tuple]
    return at === NOWHERE ? undefined : this.numbers.ownerOf(at)
  }

  private isNewest(c: TrackedConnection): boolean {
    return c.at !== NOWHERE && this.newest[c.tuple] === c.at
  }

  /** Drops a connection for good and whatever referred to it, with the predecessor that was held for its sake. */
  discard(c: TrackedConnection): void {
    for (let later = this.newestAt(c.tuple); later !== undefined; later = later.previous) {
      if (later.previous === c) later.previous = undefined
    }
    const { previous } = c
    c.previous = undefined
    this.forget(c)
    if (previous && !previous.reset) this.release(previous)
  }

  /** Memory is shorter than the estimates knew: half of what is held goes now, and less is held from now on. */
  shed(): void {
    this.memoryBytes *= 0.75
    this.evict(Math.min(this.bytes, this.allowance) * 0.5)
  }

  /** Frees a quarter of the allowance at once, so that sorting is rare: closed connections first, then the longest silent. */
  private evict(target = this.allowance * 0.75): void {
    for (const c of leastWanted(this.held)) {
      if (this.bytes <= target) break
      const newest = this.newestAt(c.tuple)
      if (newest !== undefined && newest !== c && newest.previous === c) {
        if (newest.reset) continue
        newest.previous = undefined
      }
      this.evicted++
      this.forget(c)
    }
    // Reset connections cannot go: where they alone exceed the allowance, do not try again at once.
    this.stuckAt = this.bytes * 1.25
  }
}

function isOver(c: ConnectionCursor, nowNs: number): boolean {
  return !c.reset && nowNs - c.lastTimeNs > FORGET_CLOSED_NS
}

function noteSynFrame(c: TrackedConnection, frame: Frame): void {
  if (c.synFrame >= 0) return
  c.synFrame = frame.number
  c.synCapture = frame.capture
}
