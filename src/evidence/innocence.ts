/** Innocent explanations: what makes a sign of a device weak or void, because hosts and captures without any show it as well. */
import type { Fingerprint } from './fingerprint.js'
import type { SegmentRecord } from '../model.js'
import { hopsOf } from './timing.js'
import { hasAck, type ResetView } from './view.js'

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
export function framesMissing({ connection, world }: ResetView): boolean {
  return connection.unseenBytes > 0 || world.captureLoss
}
