/**
 * Segments → connections. `track` is the hot path: synchronous, no allocation per segment, one table look-up.
 * The same tracker serves files read twice (it is then given only what matters), streams and live captures.
 */
import type { Frame } from '../model.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import { encapsulationText } from '../wire/text.js'
import { peekFin } from './application/index.js'
import { grown } from './columns.js'
import type { TrackedConnection } from './connection.js'
import { noteCopy, originalOf } from './copies.js'
import { CLIENT, ConnectionCursor, type SideIndex } from './cursor.js'
import { acknowledgesServer, observeSyn } from './handshake.js'
import { HeldConnections, type HoldOptions, isOver } from './held.js'
import { noteHistory } from './history.js'
import { choose, sideOf } from './incarnations.js'
import { noteIcmpError } from './icmp-errors.js'
import { KIND_DATA, KIND_FIN, KIND_KEEPALIVE_PROBE, KIND_RST } from './kinds.js'
import { NOWHERE } from './numbers.js'
import { peekPayload } from './payload.js'
import { movePlain, NOT_PLAIN, plainKind, sideAt } from './plain.js'
import { awaitsEnd, catchUp, listen } from './quiet.js'
import { keepSegment, MAX_RST_ROWS } from './retention.js'
import { decideRoles, type Roles } from './roles.js'
import { rstDetails } from './rst-details.js'
import { NO_ROW } from './segment-log.js'
import { type Observation, observeSegment } from './sequence.js'
import type { TrackedSide } from './side.js'
import { TUPLE_WORDS, tupleKey } from './tuple.js'

export interface TrackerOptions extends HoldOptions {
  /** A RST was recorded (copies are not told). */
  onRst?(c: TrackedConnection, from: SideIndex, frame: Frame): void
}

export class Tracker extends HeldConnections {
  /** RSTs that stand in no connection, because too many were reset before. */
  leftOut = 0
  /** At the connection of the segment at hand. */
  private readonly cursor = new ConnectionCursor(this.numbers, NOWHERE)
  private readonly key = new Int32Array(TUPLE_WORDS)
  private readonly observed: Observation = { kind: 0, newBytes: 0, gapBefore: 0 }
  private readonly roles: Roles = { sourceIsClient: true, certain: false }
  private segments = 0

  constructor(private readonly rules: TrackerOptions) {
    super(rules)
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
    const c = this.hold(tuple, clientLow, frame.capture, ipVersion, frame.timeNs)
    c.rolesCertain = this.roles.certain
    if (segment.layerCount > 0) c.encapsulation = encapsulationText(segment)
    if (previous) this.succeed(c, previous)
    return c
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
    if (isRst) this.rules.onRst?.(c.self, from, frame)
    else if (!c.closing && c.client.finSeen && c.server.finSeen && c.closed) {
      c.closing = true
      this.closing.push(c.self)
    }
  }

  /** Whether there is room for one more RST; counts it. */
  private admits(c: ConnectionCursor, side: TrackedSide): boolean {
    const { mostResets, mostFurtherRsts } = this.rules
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
}

function noteSynFrame(c: TrackedConnection, frame: Frame): void {
  if (c.synFrame >= 0) return
  c.synFrame = frame.number
  c.synCapture = frame.capture
}
