/** What only RST segments are asked for: their text, their MPTCP reason, their checksum. */
import type { Segment } from '../wire/segment.js'
import type { RstDetails } from './segment-log.js'

const MAX_TEXT = 120
const CHECKSUM = 16
const PROTOCOL_TCP = 6

export function rstDetails(segment: Segment): RstDetails {
  return {
    copies: [],
    text: payloadText(segment),
    mptcpReason: segment.mptcpResetReason < 0 ? undefined : segment.mptcpResetReason,
    checksum: checkSum(segment),
  }
}

/** RFC 9293 §3.5.3: a RST may carry text. Unescaped; invalid UTF-8 becomes U+FFFD. */
function payloadText(segment: Segment): string | undefined {
  const { data, payloadStart, payloadEnd } = segment
  if (payloadEnd <= payloadStart) return undefined
  // Four bytes at most per character.
  const bytes = data.subarray(payloadStart, Math.min(payloadEnd, payloadStart + MAX_TEXT * 4))
  return new TextDecoder().decode(bytes).slice(0, MAX_TEXT)
}

/**
 * RFC 9293 §3.1. `offloaded`: the field holds the sum of the pseudo header alone, which the network card was to complete (Linux
 * CHECKSUM_PARTIAL): such a segment was captured on its sender's host.
 */
function checkSum(segment: Segment): RstDetails['checksum'] {
  const { data, tcpStart, payloadEnd, headerBytes, payloadBytes } = segment
  const length = headerBytes + payloadBytes
  if (payloadEnd - tcpStart !== length) return 'unknown'
  const pseudo = fold(pseudoHeader(segment, length))
  if (((data[tcpStart + CHECKSUM] << 8) | data[tcpStart + CHECKSUM + 1]) === pseudo) return 'offloaded'
  let sum = pseudo
  for (let at = tcpStart; at + 1 < payloadEnd; at += 2) sum += (data[at] << 8) | data[at + 1]
  if (length & 1) sum += data[payloadEnd - 1] << 8
  return fold(sum) === 0xffff ? 'good' : 'bad'
}

/** IPv4: RFC 9293 §3.1; IPv6: RFC 8200 §8.1. */
function pseudoHeader(segment: Segment, length: number): number {
  let sum = PROTOCOL_TCP + (length >>> 16) + (length & 0xffff)
  for (let i = segment.ipVersion === 4 ? 3 : 0; i < 4; i++) {
    const a = segment.source[i]
    const b = segment.destination[i]
    sum += (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff)
  }
  return sum
}

/** To 16 bits with end-around carry (RFC 1071). */
function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return sum
}
