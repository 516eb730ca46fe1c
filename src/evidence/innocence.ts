/** Innocent explanations: what makes a sign of a device weak or void, because hosts and captures without any show it as well. */
import type { Fingerprint } from './fingerprint.js'
import type { Connection, SegmentRecord, World } from '../model.js'
import { hopsOf } from './timing.js'
import { distance, hasAck, msBetween, type ResetView, type SideView, SYN } from './view.js'

/** All that is known of the sender is a SYN, and its stack answers the SYN-ACK: a scanner's raw SYN bears what hop limit it likes (nmap: random). */
export function craftedSyn({ sender, first }: ResetView): boolean {
  return sender.side === 'client' && !hasAck(first) && sender.records.every(r => (r.flags & 0x12) === 0x02)
}

/** Its connection was recorded before and behind a router (`-i any` there), the RST only once: its other copy, one hop away, is what was lost. */
export function loneCopy({ connection }: ResetView, rst: SegmentRecord, delta: number): boolean {
  const { copies, sides } = connection
  const mostly = copies * 2 >= sides.client.segments + sides.server.segments
  return Math.abs(delta) === 1 && rst.copies.length === 0 && mostly
}

/**
 * BGP and its like set the hop limit of their sockets, 1 (peers on one link) or 255 (RFC 5082); the stack's answers bear the system's own. All of them
 * as they were sent: no router lies between.
 */
export function setByProgram(ofReset: number, ofOthers: number): boolean {
  return hopsOf(ofReset) === 0 && (ofOthers === 1 || ofOthers === 255)
}

/** Both bear an initial hop limit: no router lies between sender and capture, and whatever was timed was the host's own delay. */
export function onSameLink(print: Fingerprint, rst: SegmentRecord): boolean {
  return print.baseline !== undefined && hopsOf(print.baseline.hopLimit) === 0 && hopsOf(rst.hopLimit) === 0
}

/**
 * A refused SYN at a port that accepts others at the same time: several hosts behind one address, one of them without the service. Distance
 * and response time then tell which host it was, not that a device answered.
 */
export function severalBackends({ sender, connection, world }: ResetView): boolean {
  if (sender.records.length > 0) return false
  return (world.listener(connection.server.address, connection.server.port)?.acceptTimesNs.length ?? 0) > 0
}

/** Whether the capture lacks frames: what a packet answers, or the quickest answers, may be among them. */
export function framesMissing(view: ResetView): boolean {
  const { connection, world, sender, peer } = view
  if (connection.unseenBytes > 0 || world.captureLoss || droppedDuring(view)) return true
  return acknowledgedUnseen(sender, peer) || acknowledgedUnseen(peer, sender) || handshakeAckUnseen(view)
}

/** Live: the capturing program told of losses while the connection lasted. */
export function droppedDuring({
  world,
  connection,
}: {
  world: World
  connection: Pick<Connection, 'firstTimeNs'>
}): boolean {
  return world.lostBetween?.(connection.firstTimeNs, world.endTimeNs) ?? false
}

/** More was acknowledged than was seen. */
function acknowledgedUnseen(speaker: SideView, listener: SideView): boolean {
  if (speaker.nextSeq === undefined || listener.ackedTo === undefined) return false
  const ahead = distance(listener.ackedTo, speaker.nextSeq)
  return ahead > 0 && ahead < 2 ** 30
}

/** A scheduler's delay on top of the way. */
const PROMPT_MS = 5

/** Stacks acknowledge a SYN-ACK at once (RFC 9293 §3.10.7.3): where the client's first words come later than that, its ACK was not captured. */
function handshakeAckUnseen({ before, sender, senderPath, peerPath }: ResetView): boolean {
  const synAck = before.find(r => (r.flags & SYN) !== 0 && hasAck(r))
  if (synAck === undefined) return false
  const next = before.find(r => r.from === 'client' && (r.flags & SYN) === 0 && r.timeNs >= synAck.timeNs)
  if (next === undefined || next.payloadBytes === 0) return false
  const path = sender.side === 'client' ? senderPath : peerPath
  return msBetween(next, synAck) > (2 * (path.ns ?? 0)) / 1e6 + PROMPT_MS
}

/** Captured where no device can stand between the ends. */
export function isLoopback({ connection }: ResetView): boolean {
  const loop = (a: string) => a.startsWith('127.') || a === '::1'
  return loop(connection.client.address) || connection.client.address === connection.server.address
}
