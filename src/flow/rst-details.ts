/** What only RST segments are asked for: their text, their MPTCP reason, their checksum. */
import { tcpChecksumState } from '../wire/checksum.js'
import type { Segment } from '../wire/segment.js'
import type { RstDetails } from './segment-log.js'

const MAX_TEXT = 120

export function rstDetails(segment: Segment): RstDetails {
  return {
    copies: [],
    text: payloadText(segment),
    mptcpReason: segment.mptcpResetReason < 0 ? undefined : segment.mptcpResetReason,
    checksum: tcpChecksumState(segment),
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
