/** TCP header (RFC 9293 §3.1): offsets, one length check, accessors into the segment. */
import { i32, u16 } from './bytes.js'
import { FOUND_TCP, type Found, type Walk } from './walk.js'
import { clearOptions, parseOptions } from './options.js'

const SOURCE_PORT = 0
const DESTINATION_PORT = 2
const SEQUENCE = 4
const ACKNOWLEDGMENT = 8
/** Data offset (4 bits), reserved (4 bits), then the eight flags. */
const OFFSET_AND_FLAGS = 12
const WINDOW = 14
const URGENT_POINTER = 18
/** Header without options; also the smallest data offset. */
const TCP_HEADER = 20
/** Bytes that must be captured for a segment to count: ports, numbers, flags and window. */
export const TCP_NEEDED = 16

/** @param end where the IP length says the segment ends */
export function tcp(walk: Walk, at: number, end: number): Found {
  const { data, segment, captured } = walk
  const limit = end < captured ? end : captured
  if (at + TCP_NEEDED > limit) return walk.short(at + TCP_NEEDED, 'tcp-header-bad')
  const headerBytes = (data[at + OFFSET_AND_FLAGS] >> 4) << 2
  // RFC 9293 §3.1: the data offset is at least five words. One that points behind the segment is kept: the flags were still sent.
  if (headerBytes < TCP_HEADER) return walk.refuse('tcp-header-bad')
  const payloadBytes = end - at - headerBytes
  if (payloadBytes < 0) walk.notes.add('tcp-header-bad', walk.frame)
  segment.sourcePort = u16(data, at + SOURCE_PORT)
  segment.destinationPort = u16(data, at + DESTINATION_PORT)
  segment.seq = i32(data, at + SEQUENCE)
  segment.ack = i32(data, at + ACKNOWLEDGMENT)
  segment.flags = u16(data, at + OFFSET_AND_FLAGS) & 0xfff
  segment.window = u16(data, at + WINDOW)
  segment.urgentPointer = at + TCP_HEADER <= limit ? u16(data, at + URGENT_POINTER) : 0
  segment.headerBytes = headerBytes
  segment.payloadBytes = payloadBytes < 0 ? 0 : payloadBytes
  segment.data = data
  segment.tcpStart = at
  const payloadStart = at + headerBytes
  segment.payloadStart = payloadStart < limit ? payloadStart : limit
  segment.payloadEnd = limit
  clearOptions(segment)
  if (headerBytes > TCP_HEADER) parseOptions(walk, at + TCP_HEADER, payloadStart < end ? payloadStart : end)
  return FOUND_TCP
}
