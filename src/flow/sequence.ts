/**
 * Moves a side's sequence numbers by one segment and says what kind of segment it was (RFC 9293 §3.4, §3.10.7.4), seen from the capture
 * point: segments may be missing, doubled, late, or never have been sent by the real host.
 */
import { ACK, FIN, type Segment } from '../wire/segment.js'
import { CLIENT, type ConnectionCursor, type SideIndex } from './cursor.js'
import {
  KIND_ACK,
  KIND_DATA,
  KIND_DUPLICATE_ACK,
  KIND_FIN,
  KIND_KEEPALIVE_PROBE,
  KIND_OUT_OF_ORDER,
  KIND_RETRANSMISSION,
  KIND_WINDOW_UPDATE,
  KIND_ZERO_WINDOW_PROBE,
} from './kinds.js'
import type { TrackedSide } from './side.js'
import { acknowledge, startTiming, stopTiming } from './timing.js'

/** What one segment turned out to be; ONE object is reused. */
export interface Observation {
  /** Index into SEGMENT_KINDS. */
  kind: number
  /** Payload bytes that advanced the side's highest sequence number; they are the last ones of the payload. */
  newBytes: number
  /** Bytes missing right before the new ones; -1 = unknown, the capture begins here. */
  gapBefore: number
}

/** Data this far beyond the peer's window (which may be a scaled one whose scale was not captured) is not believed at once. */
const BEYOND_WINDOW = 1 << 20
/** Window assumed where none is known. */
const ASSUMED_WINDOW = 1 << 24
/** Holes filled sooner than this are reordering whatever the round trip: no retransmission is that fast outside one host. */
const REORDERING_NS = 3e6

/** @param segment neither SYN nor RST */
export function observeSegment(
  c: ConnectionCursor,
  from: SideIndex,
  segment: Segment,
  timeNs: number,
  out: Observation,
): void {
  const side = from === CLIENT ? c.client : c.server
  const peer = from === CLIENT ? c.server : c.client
  out.newBytes = 0
  out.gapBefore = 0
  if (isStrange(c, from, segment)) {
    out.kind = segment.payloadBytes > 0 ? KIND_OUT_OF_ORDER : KIND_ACK
    return
  }
  if (segment.payloadBytes > 0 || segment.flags & FIN)
    out.kind = moveSequence(side, peer, segment, timeNs, out)
  else out.kind = classifyEmpty(c, from, side, peer, segment)
  if (segment.flags & ACK) acknowledge(c, side, peer, segment, timeNs)
  side.window = segment.window
  if (segment.window === 0) side.zeroWindows++
}

/**
 * While the client waits for its SYN-ACK, a segment of the server that does not acknowledge the SYN belongs to an older incarnation that
 * the server still has: a challenge ACK (RFC 5961 §4). It is recorded here, beside the SYN it answers, but its numbers are not this one's.
 */
function isStrange(c: ConnectionCursor, from: SideIndex, segment: Segment): boolean {
  if (!c.inSynSent) return false
  if (from === CLIENT) {
    if (segment.flags & ACK) c.beyondSyn = true
    return false
  }
  const acked = (segment.ack - c.client.isn) | 0
  if ((segment.flags & ACK) === 0 || acked < 1 || ((segment.ack - c.client.nextSeq) | 0) > 0) {
    const { self } = c
    self.challenged = true
    self.challengeAck = segment.ack
    return true
  }
  c.beyondSyn = true
  return false
}

/** A segment that occupies sequence space. */
function moveSequence(
  side: TrackedSide,
  peer: TrackedSide,
  segment: Segment,
  timeNs: number,
  out: Observation,
): number {
  const { seq, payloadBytes } = segment
  const fin = segment.flags & FIN
  const end = (seq + payloadBytes + fin) | 0
  if (!side.started) begin(side, seq, out)
  else if (baselineWasProbe(side, peer, seq)) side.nextSeq = seq
  const ahead = (seq - side.nextSeq) | 0
  if (ahead < 0 && ((end - side.nextSeq) | 0) <= 0) return repeat(side, peer, segment, timeNs)
  if (ahead > 0) {
    if (isStray(side, peer, ahead, seq, end)) return KIND_OUT_OF_ORDER
    side.openHole(side.nextSeq, seq, timeNs, peer.acked ? peer.ackedTo : undefined)
    out.gapBefore = ahead
  }
  const probe = payloadBytes === 1 && ahead === 0 && peer.window === 0
  const advance = (end - side.nextSeq - fin) | 0
  out.newBytes = advance < 0 ? 0 : advance < payloadBytes ? advance : payloadBytes
  side.payloadBytes += out.newBytes
  side.nextSeq = end
  side.strayPending = false
  startTiming(side, end, timeNs)
  if (fin) {
    side.finSeen = true
    side.finEnd = end
    return KIND_FIN
  }
  return probe ? KIND_ZERO_WINDOW_PROBE : KIND_DATA
}

/** First segment of a side whose SYN was not captured. */
function begin(side: TrackedSide, seq: number, out: Observation): void {
  side.started = true
  side.nextSeq = seq
  side.lowestSeq = seq
  out.gapBefore = -1
}

/** The capture began with keepalive probes, which are numbered one too low (RFC 9293 §3.8.4). */
function baselineWasProbe(side: TrackedSide, peer: TrackedSide, seq: number): boolean {
  return (
    ((seq - side.nextSeq) | 0) === 1 &&
    side.dataSegments === 0 &&
    !side.isnKnown &&
    (!peer.acked || peer.ackedTo === seq)
  )
}

/** Far beyond the peer's window: remembered, and believed only when a second segment continues it. */
function isStray(side: TrackedSide, peer: TrackedSide, ahead: number, seq: number, end: number): boolean {
  const room = peer.acked ? (peer.windowEdge - side.nextSeq) | 0 : ASSUMED_WINDOW
  if (ahead <= (room > 0 ? room : 0) + BEYOND_WINDOW) return false
  const continues = (seq - side.strayEnd) | 0
  if (side.strayPending && continues >= 0 && continues <= BEYOND_WINDOW) return false
  side.strayPending = true
  side.strayEnd = end
  return true
}

/** Everything in it lies below the side's highest sequence number. */
function repeat(side: TrackedSide, peer: TrackedSide, segment: Segment, timeNs: number): number {
  const { seq, payloadBytes } = segment
  if (payloadBytes === 1 && (segment.flags & FIN) === 0 && ((seq + 1 - side.nextSeq) | 0) === 0) {
    if (peer.window === 0) return KIND_ZERO_WINDOW_PROBE
    if (peer.acked && peer.ackedTo === side.nextSeq && !side.finSeen) return KIND_KEEPALIVE_PROBE
  }
  if (side.holeCount > 0 && payloadBytes > 0) {
    const filled = side.fillHoles(seq, (seq + payloadBytes) | 0, timeNs)
    side.payloadBytes += filled
    if (filled > 0 && side.filledAfterNs <= reorderingNs(side, peer)) return KIND_OUT_OF_ORDER
  }
  side.retransmittedSegments++
  stopTiming(side, seq)
  return KIND_RETRANSMISSION
}

/** A retransmission that the capture point sees as filling a hole comes a whole round trip after the hole. */
function reorderingNs(side: TrackedSide, peer: TrackedSide): number {
  const roundTrip = side.minResponseNs + peer.minResponseNs
  return roundTrip < Number.POSITIVE_INFINITY && roundTrip * 0.9 > REORDERING_NS
    ? roundTrip * 0.9
    : REORDERING_NS
}

/** No payload, no SYN, FIN or RST. */
function classifyEmpty(
  c: ConnectionCursor,
  from: SideIndex,
  side: TrackedSide,
  peer: TrackedSide,
  segment: Segment,
): number {
  if (!side.started) {
    side.started = true
    side.lowestSeq = segment.seq
    const probe = peer.acked && ((peer.ackedTo - segment.seq) | 0) === 1
    side.nextSeq = probe ? peer.ackedTo : segment.seq
    return probe ? KIND_KEEPALIVE_PROBE : KIND_ACK
  }
  if (!side.acked || segment.ack !== side.ackedTo) return KIND_ACK
  if (segment.seq === ((side.nextSeq - 1) | 0) && !side.finSeen) {
    return peer.window === 0 ? KIND_ZERO_WINDOW_PROBE : KIND_KEEPALIVE_PROBE
  }
  if (side.window < 0) return KIND_ACK
  if (segment.window !== side.window) return KIND_WINDOW_UPDATE
  const answersProbe =
    c.lastSide !== from && (c.lastKind === KIND_KEEPALIVE_PROBE || c.lastKind === KIND_ZERO_WINDOW_PROBE)
  return answersProbe ? KIND_ACK : KIND_DUPLICATE_ACK
}
