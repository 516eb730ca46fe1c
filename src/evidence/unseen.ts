/** What the capture lost of one connection, as the packets that it did catch show: numbers, acknowledgements and IP IDs beyond all that was seen. */
import type { SegmentRecord } from '../model.js'
import { IP_ID_STEP, linuxStack } from './stack.js'
import type { Trigger } from './trigger.js'
import { distance, hasAck, type ResetView, type SideView } from './view.js'

/** Beyond this a number is no honest one: more than a default window of bytes in flight, none of which was captured. */
const FORGED_AHEAD = 65_536

/**
 * Bytes by which the number of a RST+ACK lies above all that was seen of its sender: a socket resets itself at SND.NXT, so the capture lacks
 * them (1 = a FIN). 0 where nothing shows that any are missing.
 */
export function unseenBefore({ first, sender }: ResetView): number {
  if (!hasAck(first) || sender.nextSeq === undefined || sender.records.length === 0) return 0
  const ahead = distance(first.seq, sender.nextSeq)
  return ahead > 0 && ahead < FORGED_AHEAD ? ahead : 0
}

/** Linux counts a socket's packets in their IP ID: between `since` and its reset this sender sent some that were not captured, an ACK most likely. */
export function packetsUnseen(
  { world, connection, sender, first }: ResetView,
  since: SegmentRecord,
): boolean {
  const last = sender.records.findLast(r => r.ipId > 0)
  if (last === undefined || first.ipId <= 0 || last.timeNs > since.timeNs) return false
  const step = (first.ipId - last.ipId) & 0xffff
  // A segment that the network card is to cut takes one number for each piece.
  const pieces = Math.max(1, Math.ceil(last.payloadBytes / (sender.state.mss ?? DEFAULT_MSS)))
  return step > pieces && step <= IP_ID_STEP && linuxStack(world, connection, sender.side, sender.records)
}

/** Ethernet's. */
const DEFAULT_MSS = 1460

/** Words of the peer that the reset's sender had acknowledged, by its reset at the latest, and that were not captured (one byte is a FIN). */
export function peerUnseen({ first, sender, peer }: ResetView): boolean {
  return answeredUnseen(sender, peer, [...(hasAck(first) ? [first.ack] : []), ...told(sender.ackedTo)], false)
}

/** One side acknowledged words of the other that were not captured, and itself said nothing after them: whose the last ones were is not known. */
export function unseenTurn({ first, sender, peer }: ResetView, trigger: Trigger): boolean {
  const reset = trigger.active && hasAck(first) ? [first.ack] : []
  return (
    answeredUnseen(sender, peer, [...reset, ...told(sender.ackedTo)], true) ||
    answeredUnseen(peer, sender, told(peer.ackedTo), true)
  )
}

function told(value: number | undefined): number[] {
  return value === undefined ? [] : [value]
}

/** @param last only what the listener had not answered by words of its own */
function answeredUnseen(listener: SideView, speaker: SideView, acks: number[], last: boolean): boolean {
  const own = listener.lastData
  // Of a direction that was not captured at all the other one's acknowledgements tell.
  const seen = speaker.nextSeq ?? listener.records.find(hasAck)?.ack
  if (seen === undefined) return false
  return acks.some(ack => {
    const ahead = distance(ack, seen)
    return ahead > 1 && ahead < 2 ** 30 && (!last || own === undefined || distance(ack, own.ack) > 0)
  })
}
