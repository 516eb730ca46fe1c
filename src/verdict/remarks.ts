/** What the packets say in so many words: text in the reset, an MPTCP reason code, ICMP errors about the connection. Shown, not weighed. */
import type { EvidenceLine } from '../model.js'
import type { Telling } from './telling.js'
import { duration } from '../units.js'

/** RFC 8684 §3.6, MP_TCPRST reason codes. */
const MPTCP_REASONS = [
  'unspecified error',
  'MPTCP-specific error',
  'lack of resources',
  'administratively prohibited',
  'too much outstanding data',
  'unacceptable performance',
  'middlebox interference',
]

/** RFC 792, RFC 1812 §5.2.7 and RFC 4443, by type and code. */
const ICMP_WORDS: Record<4 | 6, Record<string, string>> = {
  4: {
    '3.0': 'network unreachable',
    '3.1': 'host unreachable',
    '3.2': 'protocol unreachable',
    '3.3': 'port unreachable',
    '3.4': 'fragmentation needed',
    '3.9': 'network administratively prohibited',
    '3.10': 'host administratively prohibited',
    '3.13': 'communication administratively prohibited',
    '11.0': 'time to live exceeded',
  },
  6: {
    '1.0': 'no route to destination',
    '1.1': 'administratively prohibited',
    '1.3': 'address unreachable',
    '1.4': 'port unreachable',
    '2.0': 'packet too big',
    '3.0': 'hop limit exceeded',
  },
}

/** An ICMP error right behind the reset may be the answer to it; later ones are not part of its story. */
const AFTER_NS = 1e9
const SHOWN = 3

export function remarks({ facts, connection, capture, timeNs, proof }: Telling): EvidenceLine[] {
  const [first] = proof.own
  const lines: EvidenceLine[] = []
  if (facts.resetText)
    lines.push(remark(`the reset carries the text "${facts.resetText}"`, facts.resetText, [first.frame]))
  if (facts.mptcpResetReason !== undefined) {
    const reason = MPTCP_REASONS[facts.mptcpResetReason] ?? `code ${facts.mptcpResetReason}`
    lines.push(
      remark(`the reset gives a reason in its MP_TCPRST option: ${reason}`, facts.mptcpResetReason, [
        first.frame,
      ]),
    )
  }
  const errors = connection.icmpErrors.filter(e => e.capture === capture && e.timeNs <= timeNs + AFTER_NS)
  for (const { timeNs: at, type, code, ipVersion, from, frame } of errors.slice(-SHOWN)) {
    const what = ICMP_WORDS[ipVersion][`${type}.${code}`] ?? `type ${type} code ${code}`
    const ms = (timeNs - at) / 1e6
    const when = ms >= 0 ? `${duration(ms)} before the reset` : `${duration(-ms)} after the reset`
    lines.push(remark(`${from} reported by ICMP: ${what}, ${when}`, what, [frame]))
  }
  return lines
}

function remark(statement: string, value: string | number, frames: number[]): EvidenceLine {
  return { statement, value, unit: null, frames, supports: true }
}
