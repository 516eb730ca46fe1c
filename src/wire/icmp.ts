/** ICMP (RFC 792) and ICMPv6 (RFC 4443) errors that quote the header of a TCP segment. */
import { i32, u16 } from './bytes.js'
import { PROTOCOL_TCP } from './ip/protocol.js'
import { FOUND_ICMP_ERROR, FOUND_NONE, type Found, type Walk } from './walk.js'

/** Type, code, checksum, four bytes that depend on the type; then the packet that caused the error. */
const HEADER = 8
const IPV4_HEADER = 20
const IPV6_HEADER = 40
/** Both RFCs promise at least eight bytes of what follows the IP header: ports and sequence number. */
const QUOTED = 8

export function icmp4(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  switch (walk.data[at]) {
    case 3: // destination unreachable
    case 4: // source quench
    case 5: // redirect
    case 11: // time exceeded
    case 12: // parameter problem
      return quotedIpv4(walk, at, end)
    default:
      return FOUND_NONE
  }
}

/** RFC 4443 §2.1: errors are the types below 128. */
export function icmp6(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  const type = walk.data[at]
  return type >= 1 && type <= 4 ? quotedIpv6(walk, at, end) : FOUND_NONE
}

function quotedIpv4(walk: Walk, at: number, end: number): Found {
  const { data, segment } = walk
  const quoted = at + HEADER
  if (!walk.readable(quoted + IPV4_HEADER, end)) return FOUND_NONE
  const body = quoted + ((data[quoted] & 15) << 2)
  if (data[quoted] >> 4 !== 4 || body < quoted + IPV4_HEADER || data[quoted + 9] !== PROTOCOL_TCP)
    return FOUND_NONE
  // A later fragment begins somewhere behind the ports.
  if (u16(data, quoted + 6) & 0x1fff || !walk.readable(body + QUOTED, end)) return FOUND_NONE
  setError(walk, at)
  segment.ipVersion = 4
  segment.ipId = u16(data, quoted + 4)
  segment.hopLimit = data[quoted + 8]
  segment.source[0] = segment.source[1] = segment.destination[0] = segment.destination[1] = 0
  segment.source[2] = segment.destination[2] = 0xffff
  segment.source[3] = i32(data, quoted + 12)
  segment.destination[3] = i32(data, quoted + 16)
  return setQuoted(walk, body)
}

function quotedIpv6(walk: Walk, at: number, end: number): Found {
  const { data, segment } = walk
  const quoted = at + HEADER
  const body = quoted + IPV6_HEADER
  if (!walk.readable(body + QUOTED, end)) return FOUND_NONE
  if (data[quoted] >> 4 !== 6 || data[quoted + 6] !== PROTOCOL_TCP) return FOUND_NONE
  setError(walk, at)
  segment.ipVersion = 6
  segment.ipId = -1
  segment.hopLimit = data[quoted + 7]
  for (let i = 0; i < 4; i++) {
    segment.source[i] = i32(data, quoted + 8 + 4 * i)
    segment.destination[i] = i32(data, quoted + 24 + 4 * i)
  }
  return setQuoted(walk, body)
}

/** Who complains, and of what; the addresses of the outer packet are in the segment at this point. */
function setError(walk: Walk, at: number): void {
  const { data, segment } = walk
  segment.icmpType = data[at]
  segment.icmpCode = data[at + 1]
  segment.icmpVersion = segment.ipVersion
  for (let i = 0; i < 4; i++) segment.icmpSource[i] = segment.source[i]
}

function setQuoted(walk: Walk, at: number): Found {
  const { data, segment } = walk
  segment.sourcePort = u16(data, at)
  segment.destinationPort = u16(data, at + 2)
  segment.seq = i32(data, at + 4)
  segment.data = data
  segment.tcpStart = at
  return FOUND_ICMP_ERROR
}
