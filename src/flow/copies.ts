/**
 * The same packet recorded twice: a mirror port that copies both directions of a switch port, `-i any` on a router (there the copy has one
 * hop less). A copy counts once and moves no state.
 *
 * Equal fields are not enough: a stack answers a burst of data by RSTs that are equal in every field, and duplicate ACKs repeat each other.
 * What decides is the IPv4 identification, which hosts count up; without it a hop limit that differs by the hops of one device; or what
 * packets that cannot be repeated at once (data, SYN, FIN) have shown about this connection.
 */
import type { Frame } from '../model.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import type { TrackedConnection } from './connection.js'
import { CLIENT, type ConnectionCursor, type SideIndex } from './cursor.js'
import { rowOfPacket } from './retention.js'
import { ACK_NUMBER, NO_ROW, PAYLOAD, SEQ, type SegmentLog, TS_VAL } from './segment-log.js'

/** Mirror ports queue; an identification comes round again only after 65,536 packets. */
export const SAME_ID_NS = 50e6
/** Without one: two interfaces of one device, measured below 20 µs. */
const NO_ID_NS = 200e3
/** Most hops between two taps of one device. */
const MAX_HOPS_BETWEEN = 2
/** How far back a copy is looked for. */
const ROWS_BACK = 24
const SAME_SIDE_BACK = 8

/**
 * The kept row that a segment is a copy of, NO_ROW when it is a packet of its own. Called before the segment moves any state.
 */
export function originalOf(
  log: SegmentLog,
  c: ConnectionCursor,
  from: SideIndex,
  segment: Segment,
  frame: Frame,
): number {
  let ordinal = c.packets
  if (ordinal === 0 || isNews(c, from, segment)) return NO_ROW
  const chained = c.reset
  // As the loop would find, without a look at the newest row, which is in no cache.
  if (!chained && frame.timeNs - c.lastTimeNs > SAME_ID_NS) return NO_ROW
  let seen = 0
  let row = chained ? c.self.tailRow : rowOfPacket(c, ordinal)
  for (let back = 0; back < ROWS_BACK && row !== NO_ROW; back++) {
    const age = frame.timeNs - log.timeNs(row)
    if (age > SAME_ID_NS) break
    if (log.fromServer(row) === (from !== CLIENT)) {
      if (sameFields(log, row, segment) && provesCopy(log, c.self, row, segment, age)) return row
      if (++seen === SAME_SIDE_BACK) break
    }
    if (chained) row = log.previous(row)
    else row = --ordinal > 0 ? rowOfPacket(c, ordinal) : NO_ROW
  }
  return NO_ROW
}

/** @param row the kept row that the segment is a copy of */
export function noteCopy(
  log: SegmentLog,
  c: TrackedConnection,
  row: number,
  segment: Segment,
  frame: Frame,
): void {
  if (c.copies++ === 0) {
    c.firstCopyFrame = frame.number
    c.firstCopyCapture = frame.capture
  }
  log.addCopy(row)
  log.details
    .get(row)
    ?.copies.push({ frame: frame.number, capture: frame.capture, hopLimit: segment.hopLimit })
}

/** New data or a new acknowledgement cannot be a copy; this keeps the search off the common path. */
function isNews(c: ConnectionCursor, from: SideIndex, segment: Segment): boolean {
  if (segment.flags & (SYN | RST)) return false
  const side = from === CLIENT ? c.client : c.server
  if (!side.started) return true
  const occupies = segment.payloadBytes > 0 || (segment.flags & FIN) !== 0
  if (occupies && ((segment.seq - side.nextSeq) | 0) >= 0) return true
  return side.acked && (segment.flags & ACK) !== 0 && ((segment.ack - side.ackedTo) | 0) > 0
}

function sameFields(log: SegmentLog, row: number, segment: Segment): boolean {
  return (
    log.word(row, SEQ) === segment.seq &&
    log.word(row, ACK_NUMBER) === segment.ack &&
    log.flags(row) === segment.flags &&
    log.word(row, PAYLOAD) === segment.payloadBytes &&
    log.window(row) === segment.window &&
    log.ipId(row) === segment.ipId &&
    log.hasTimestamps(row) === segment.hasTimestamps &&
    (!segment.hasTimestamps || (log.word(row, TS_VAL) === segment.tsVal && log.tsEcr(row) === segment.tsEcr))
  )
}

function provesCopy(
  log: SegmentLog,
  c: TrackedConnection,
  row: number,
  segment: Segment,
  age: number,
): boolean {
  if (segment.ipId > 0) return remember(log, c, row)
  if (age > NO_ID_NS) return false
  // No stack repeats these within 200 µs: retransmission timers begin at milliseconds (RFC 6298 §2.4).
  const repeatable = segment.payloadBytes === 0 && (segment.flags & (SYN | FIN)) === 0
  if (!repeatable && (segment.flags & RST) === 0) return remember(log, c, row)
  // The rest may be repeated by a stack: no packet is granted more copies than the others had.
  if (log.copies(row) >= Math.max(1, c.copiesPerPacket)) return false
  const hops = Math.abs(log.hopLimit(row) - segment.hopLimit)
  return (hops > 0 && hops <= MAX_HOPS_BETWEEN) || c.copies * 2 >= c.packets
}

function remember(log: SegmentLog, c: TrackedConnection, row: number): boolean {
  if (log.copies(row) >= c.copiesPerPacket) c.copiesPerPacket = log.copies(row) + 1
  return true
}
