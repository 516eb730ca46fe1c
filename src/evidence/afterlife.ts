/** What the side in whose name a reset came did afterwards, though its socket is said to be gone. */
import type { SegmentRecord } from '../model.js'
import { distance, endOf, hasAck, isRst, leftBefore, type ResetView, SYN } from './view.js'

/**
 * Data that was still on its way to the reset's sender when the reset left it, and that the sender acknowledged all the same: a socket took it
 * (RFC 9293 §3.10.7.1: a closed one answers by reset only). An acknowledgement of it cannot have been overtaken by the reset.
 */
export function tookUnarrived(view: ResetView, rst: SegmentRecord): boolean {
  const { sender, peer, after } = view
  if (sender.ackedTo === undefined) return false
  const underway = peer.records.filter(
    r => r.newBytes > 0 && distance(endOf(r), sender.ackedTo!) > 0 && leftBefore(view, rst, r),
  )
  if (underway.length === 0) return false
  const reborn = after.find(r => r.flags & SYN)?.timeNs ?? Number.POSITIVE_INFINITY
  return after.some(
    r =>
      r.from === sender.side &&
      !isRst(r) &&
      hasAck(r) &&
      r.timeNs < reborn &&
      underway.some(d => distance(r.ack, endOf(d)) >= 0 && distance(r.ack, endOf(d)) < 2 ** 30),
  )
}
