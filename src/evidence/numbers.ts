/** What was sent, acknowledged, read and answered when the reset came: sequence, acknowledgement and window numbers. */
import type { SegmentRecord } from '../model.js'
import { unseenBefore } from './unseen.js'
import { distance, endOf, hasAck, isRst, type ResetView, type SideView, SYN, windowBytes } from './view.js'

export interface Numbers {
  /** Bytes the reset's sender had sent without an acknowledgement by the peer. */
  senderUnackedBytes: number | undefined
  /** Bytes the peer had sent that the sender had not acknowledged, the reset's own ACK field included. */
  peerUnackedBytes: number | undefined
  /** The same, with what had been sent too late to arrive before the reset left. */
  peerUnderwayBytes: number | undefined
  /** ACK field of an RST+ACK against everything the peer sent: 0 = all, negative = data still on its way to the sender. */
  ackOffset: number | undefined
  /** Fraction (0..1) by which the sender's receive window had shrunk from its widest since the peer began its last turn; undefined when unscalable. */
  windowShrunk: number | undefined
  /** The reset's window divided by the window of the sender's last ACK (active resets only). */
  resetWindowRatio: number | undefined
  /** Bytes of the peer that were acknowledged while the window's right edge stood still: nobody read them. */
  unreadBytes: number | undefined
}

/** @param unheard packets of the peer that never reached the sender: what they acknowledged is unacknowledged to it */
export function measureNumbers(
  view: ResetView,
  active: boolean | undefined,
  unheard: readonly SegmentRecord[],
): Numbers {
  const { sender, peer, first } = view
  const senderAck = hasAck(first) && active ? later(first.ack, sender.ackedTo) : sender.ackedTo
  return {
    senderUnackedBytes: gap(
      sentTo(view, active),
      unheard.length > 0 ? heardAck(peer, unheard) : ackedTo(view),
    ),
    peerUnackedBytes: gap(peer.nextSeq, senderAck),
    peerUnderwayBytes: gap(lastEnd(peer), senderAck),
    ackOffset: hasAck(first) && peer.nextSeq !== undefined ? distance(first.ack, peer.nextSeq) : undefined,
    ...windowFacts(view, active),
  }
}

/** A socket resets itself at SND.NXT (RFC 9293 §3.10.5): what lies below was sent, captured or not. One number more is an uncaptured FIN. */
function sentTo(view: ResetView, active: boolean | undefined): number | undefined {
  const { first, sender } = view
  return active && unseenBefore(view) > 1 ? first.seq : sender.nextSeq
}

/** What the peer had acknowledged; of a peer that was not heard before, its answer to the reset tells (challenge ACK, RFC 5961 §3.2). */
function ackedTo({ peer, after }: ResetView): number | undefined {
  if (peer.ackedTo !== undefined) return peer.ackedTo
  return after.find(r => r.from === peer.side && hasAck(r) && !isRst(r) && (r.flags & SYN) === 0)?.ack
}

function lastEnd(side: SideView): number | undefined {
  let end: number | undefined
  for (const r of side.records) if (r.newBytes > 0) end = later(endOf(r), end)
  return end
}

function heardAck(peer: SideView, unheard: readonly SegmentRecord[]): number | undefined {
  let acked: number | undefined
  for (const r of peer.records) if (hasAck(r) && !unheard.includes(r)) acked = later(r.ack, acked)
  return acked
}

function later(a: number, b: number | undefined): number {
  return b === undefined || distance(a, b) > 0 ? a : b
}

function gap(sent: number | undefined, acked: number | undefined): number | undefined {
  if (sent === undefined || acked === undefined) return undefined
  const bytes = distance(sent, acked)
  // Far apart in either direction: numbers of another incarnation, or a forged ACK.
  return Math.abs(bytes) > 2 ** 30 ? undefined : Math.max(bytes, 0)
}

/**
 * An unread queue shows in the window only: ACKs advance while ACK + window stands still (RFC 9293 §3.8.6: the right edge moves when the
 * application reads). close() empties the queue before it resets, so the reset's own window is wide again.
 */
function windowFacts(
  view: ResetView,
  active: boolean | undefined,
): Pick<Numbers, 'windowShrunk' | 'resetWindowRatio' | 'unreadBytes'> {
  const acks = view.sender.records.filter(r => hasAck(r) && !(r.flags & 2))
  const last = acks.at(-1)
  if (!last) return { windowShrunk: undefined, resetWindowRatio: undefined, unreadBytes: undefined }
  // Windows of one side behind its SYN bear the same scale: their ratios need not know it.
  const widest = Math.max(...acks.map(r => r.window))
  // Another hop limit: a proxy opened the connection, or ends it, in the host's name; its window says nothing of the host's queue.
  const sameMaker = last.hopLimit === view.first.hopLimit
  const resetWindow = active && sameMaker && hasAck(view.first) ? view.first.window : undefined
  const known = windowBytes(last, view.connection) !== undefined
  return {
    windowShrunk: widest === 0 ? undefined : 1 - last.window / widest,
    resetWindowRatio: resetWindow === undefined || last.window === 0 ? undefined : resetWindow / last.window,
    unreadBytes: known ? acknowledgedUnread(acks, view) : undefined,
  }
}

/**
 * Bytes acknowledged over the trailing run of ACKs in which the right edge moved by less than a quarter of what was acknowledged. A scaled window
 * counts in steps (1 KB and more): the edge seems to move by up to one of them.
 */
function acknowledgedUnread(acks: SegmentRecord[], view: ResetView): number {
  const edge = (r: SegmentRecord) => (r.ack + windowBytes(r, view.connection)!) >>> 0
  const last = acks.at(-1)!
  const step = last.window === 0 ? 1 : windowBytes(last, view.connection)! / last.window
  let unread = 0
  for (let i = acks.length - 2; i >= 0; i--) {
    const acknowledged = distance(last.ack, acks[i].ack)
    const moved = distance(edge(last), edge(acks[i]))
    if (acknowledged < 0 || moved >= acknowledged / 4 + step) break
    unread = acknowledged
  }
  return unread
}
