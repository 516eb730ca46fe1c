/**
 * A quick look at the flags of one frame, for a first pass that searches a huge capture for RST, SYN and FIN. The layout of most frames of
 * most captures (Ethernet, IPv4 without options, TCP) is recognised by a handful of bytes; everything else takes the full walk.
 */
import { i32, u16 } from './bytes.js'
import type { Frame } from '../model.js'
import { PADDED_TIMESTAMPS } from './options.js'
import { TCP_HEADER, TCP_NEEDED } from './tcp.js'

const ETHERNET = 1
const TYPE = 12
const IP = 14
const TCP = 34
/** Version 4, header of five words. */
const PLAIN_IPV4 = 0x45
const PROTOCOL_TCP = 6
/** More fragments and the offset's upper bits; the lower ones are the next byte. */
const FRAGMENT = 0x3f

/** Flags of the frame's TCP header in the lower twelve bits and its offset from `frame.start` above them; -1 when the layout is another. */
export function skimPlain(frame: Frame): number {
  const { data, start, end } = frame
  if (frame.linkType !== ETHERNET || end - start < TCP + TCP_NEEDED) return -1
  if (data[start + TYPE] !== 0x08 || data[start + TYPE + 1] !== 0x00 || data[start + IP] !== PLAIN_IPV4)
    return -1
  if (
    data[start + IP + 9] !== PROTOCOL_TCP ||
    (data[start + IP + 6] & FRAGMENT) !== 0 ||
    data[start + IP + 7] !== 0
  )
    return -1
  // The packet ends where its own length and that of the frame both allow.
  const wireBytes = Math.max(frame.originalLength, end - start)
  const tcpBytes = Math.min(IP + u16(data, start + IP + 2), wireBytes) - TCP
  if (!isOrdinary(data, start + TCP, tcpBytes, end)) return -1
  return (TCP << 12) | (u16(data, start + TCP + 12) & 0xfff)
}

/**
 * A header of nothing to complain about: without options, or with timestamps alone, as nearly all are. Others may be malformed, which the
 * full walk notes: what is noted must not depend on how a capture is read.
 */
function isOrdinary(data: Uint8Array, at: number, tcpBytes: number, end: number): boolean {
  const headerBytes = (data[at + 12] >> 4) << 2
  if (headerBytes === TCP_HEADER) return tcpBytes >= TCP_HEADER
  const timestamped = TCP_HEADER + 12
  return (
    headerBytes === timestamped &&
    tcpBytes >= timestamped &&
    at + TCP_HEADER + 4 <= end &&
    i32(data, at + TCP_HEADER) === PADDED_TIMESTAMPS
  )
}
