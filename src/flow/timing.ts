/** Acknowledgements, windows, and how fast a side answers: one segment at a time is timed, never a repeated one (Karn, RFC 6298 §3). */
import type { Segment } from '../wire/segment.js'
import type { ConnectionCursor } from './cursor.js'
import type { TrackedSide } from './side.js'

/** A new segment ending at `end`. */
export function startTiming(side: TrackedSide, end: number, timeNs: number): void {
  if (side.timing) return
  side.timing = true
  side.timedEnd = end
  side.timedNs = timeNs
}

/** Something from `seq` on was sent again: an acknowledgement of it would be ambiguous. */
export function stopTiming(side: TrackedSide, seq: number): void {
  if (side.timing && ((side.timedEnd - seq) | 0) > 0) side.timing = false
}

/** Moves what `side` has acknowledged of its peer's bytes. */
export function acknowledge(
  c: ConnectionCursor,
  side: TrackedSide,
  peer: TrackedSide,
  segment: Segment,
  timeNs: number,
): void {
  const { ack } = segment
  const progress = side.acked ? (ack - side.ackedTo) | 0 : 1
  if (progress < 0) return
  if (progress > 0 && !believe(side, peer, ack)) return
  side.acked = true
  side.ackedTo = ack
  if (peer.timing && ((ack - peer.timedEnd) | 0) >= 0) {
    peer.timing = false
    const responseNs = timeNs - peer.timedNs
    if (responseNs >= 0 && responseNs < side.minResponseNs) side.minResponseNs = responseNs
  }
  // RFC 7323 §2.2: scaled only if both SYNs offered it. A scale that was not captured counts as none.
  const scale = c.client.windowScale >= 0 && c.server.windowScale >= 0 ? side.windowScale : 0
  const edge = (ack + (segment.window << (scale > 14 ? 14 : scale))) | 0
  if (progress > 0 && !side.edgeKnown) {
    side.edgeKnown = true
    side.windowEdge = edge
  } else if (((edge - side.windowEdge) | 0) > 0) side.windowEdge = edge
}

/**
 * An acknowledgement of bytes that were never seen: the capture lost them, or it is nonsense. Believed when it comes twice;
 * until then bytes that the capture has only reordered can still arrive.
 */
function believe(side: TrackedSide, peer: TrackedSide, ack: number): boolean {
  if (!peer.started) return true
  const ahead = (ack - peer.nextSeq) | 0
  if (ahead <= 0) return true
  if (ahead === 1 && peer.dataSegments === 0 && !peer.isnKnown) {
    // The peer's only segments so far were keepalive probes, numbered one too low.
    peer.nextSeq = ack
    return true
  }
  if (side.strayAckPending && ((ack - side.strayAck) | 0) >= 0) return true
  side.strayAckPending = true
  side.strayAck = ack
  return false
}
