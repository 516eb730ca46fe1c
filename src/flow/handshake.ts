/** SYN and SYN-ACK: initial numbers, options, and what was refused as not belonging to the handshake (RFC 9293 §3.5, RFC 7413). */
import { ACK, type Segment } from '../wire/segment.js'
import { CLIENT, type ConnectionCursor, type SideIndex } from './cursor.js'
import { KIND_SYN, KIND_SYN_ACK } from './kinds.js'
import type { Observation } from './sequence.js'
import type { TrackedSide } from './side.js'
import { acknowledge, startTiming, stopTiming } from './timing.js'

/** @param segment with SYN, without RST */
export function observeSyn(
  c: ConnectionCursor,
  from: SideIndex,
  segment: Segment,
  timeNs: number,
  out: Observation,
): void {
  const side = from === CLIENT ? c.client : c.server
  const peer = from === CLIENT ? c.server : c.client
  const answers = (segment.flags & ACK) !== 0
  out.kind = answers ? KIND_SYN_ACK : KIND_SYN
  out.newBytes = 0
  out.gapBefore = 0
  // A SYN-ACK for another SYN (an old duplicate, a broken device): recorded, its numbers are not this connection's.
  if (answers && !acknowledgesSyn(peer, segment.ack)) return
  if (side.synSeen) repeatSyn(side, segment)
  else firstSyn(side, segment, timeNs, out)
  if (!answers) {
    if (from === CLIENT) c.synSeen = true
    return
  }
  c.synAckSeen = true
  if (!peer.isnKnown) learnIsn(peer, segment.ack)
  acknowledge(c, side, peer, segment, timeNs)
}

/** With data on the SYN (Fast Open) any part of it may be acknowledged. */
export function acknowledgesSyn(opener: TrackedSide, ack: number): boolean {
  if (!opener.isnKnown) return true
  return ((ack - opener.isn) | 0) >= 1 && (!opener.started || ((ack - opener.nextSeq) | 0) <= 0)
}

function firstSyn(side: TrackedSide, segment: Segment, timeNs: number, out: Observation): void {
  const end = (segment.seq + 1 + segment.payloadBytes) | 0
  side.synSeen = true
  side.isn = segment.seq
  side.isnKnown = true
  side.lowestSeq = segment.seq
  side.mss = segment.mss
  side.windowScale = segment.windowScale
  side.sackPermitted = segment.sackPermitted
  side.timestamps = segment.hasTimestamps
  // Started already: the SYN was recorded behind what followed it.
  if (side.started && ((end - side.nextSeq) | 0) <= 0) return
  side.started = true
  side.nextSeq = end
  out.newBytes = segment.payloadBytes
  side.payloadBytes += segment.payloadBytes
  startTiming(side, end, timeNs)
}

function repeatSyn(side: TrackedSide, segment: Segment): void {
  if (segment.seq !== side.isn) return
  side.retransmittedSegments++
  stopTiming(side, segment.seq)
}

/** The SYN was not captured, its acknowledgement was. */
function learnIsn(opener: TrackedSide, ack: number): void {
  opener.isn = (ack - 1) | 0
  opener.isnKnown = true
  opener.lowestSeq = opener.isn
  if (opener.started) return
  opener.started = true
  opener.nextSeq = ack
}

/** The client's first segment behind the SYN-ACK (RFC 9293 §3.5, third step). */
export function acknowledgesServer(c: ConnectionCursor, segment: Segment): boolean {
  c.beyondSyn = true
  return c.synAckSeen && ((segment.ack - c.server.isn) | 0) >= 1
}
