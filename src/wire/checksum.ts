/** TCP checksum (RFC 9293 §3.1 over the pseudo-header of RFC 9293 or RFC 8200 §8.1). Cold path: asked for resets only. */
import { u16 } from './bytes.js'
import type { Segment } from './segment.js'

/**
 * `unknown`: not all bytes were captured. `offloaded`: the field holds only the sum of the pseudo-header, which a sender's kernel leaves
 * there for the network card to complete: the segment was captured on the host that sent it.
 */
export type ChecksumState = 'good' | 'bad' | 'unknown' | 'offloaded'

const PROTOCOL_TCP = 6
const CHECKSUM = 16

/** @param segment as the decoder left it, its frame still in place */
export function tcpChecksumState(segment: Segment): ChecksumState {
  const { data, tcpStart } = segment
  const length = segment.headerBytes + segment.payloadBytes
  if (segment.payloadEnd - tcpStart !== length || segment.payloadStart - tcpStart !== segment.headerBytes)
    return 'unknown'
  const addresses = addressSum(segment)
  const pseudo = addresses + (length >>> 16) + (length & 0xffff)
  if (fold(pseudo + sumBytes(data, tcpStart, tcpStart + length)) === 0xffff) return 'good'
  const field = u16(data, tcpStart + CHECKSUM)
  // Some cards want the length left out.
  return field === fold(pseudo) || field === fold(addresses) ? 'offloaded' : 'bad'
}

/** Addresses and protocol; the length is added by the caller. */
function addressSum(segment: Segment): number {
  let sum = PROTOCOL_TCP
  for (let i = segment.ipVersion === 4 ? 3 : 0; i < 4; i++) {
    const source = segment.source[i]
    const destination = segment.destination[i]
    sum += (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff)
  }
  return sum
}

function sumBytes(data: Uint8Array, at: number, end: number): number {
  let sum = 0
  for (; at + 1 < end; at += 2) sum += u16(data, at)
  return at < end ? sum + (data[at] << 8) : sum
}

/** Ones' complement sum (RFC 1071) of 16 bits. */
function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return sum
}
