/** IPv6 header (RFC 8200 §3) and its extension headers (§4). */
import { i32, u16 } from '../bytes.js'
import { tcp } from '../tcp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { fragment } from './fragment.js'
import { ipProtocol, PROTOCOL_TCP } from './protocol.js'

const PAYLOAD_LENGTH = 4
const NEXT_HEADER = 6
const HOP_LIMIT = 7
const SOURCE = 8
const DESTINATION = 24
const IPV6_HEADER = 40

/** Next-header numbers of extension headers. */
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const DESTINATION_OPTIONS = 60
const SHIM6 = 140
/** RFC 2675 §2. */
const JUMBO_PAYLOAD = 0xc2
/** The largest packet that the payload length can describe. */
const MAX_PLAIN_PAYLOAD = 65535

export function ipv6(walk: Walk, at: number, end: number): Found {
  const { data, captured, segment } = walk
  const limit = end < captured ? end : captured
  if (at + IPV6_HEADER > limit) return walk.short(at + IPV6_HEADER, 'ip-header-bad')
  if (data[at] >> 4 !== 6) return walk.refuse('ip-header-bad')
  if (!walk.deeper()) return FOUND_NONE
  const first = i32(data, at)
  segment.ipVersion = 6
  segment.trafficClass = (first >>> 20) & 0xff
  segment.flowLabel = first & 0xfffff
  segment.ipId = -1
  segment.dontFragment = -1
  segment.hopLimit = data[at + HOP_LIMIT]
  for (let i = 0; i < 4; i++) {
    segment.source[i] = i32(data, at + SOURCE + 4 * i)
    segment.destination[i] = i32(data, at + DESTINATION + 4 * i)
  }
  const body = at + IPV6_HEADER
  const next = data[at + NEXT_HEADER]
  let packetEnd = body + u16(data, at + PAYLOAD_LENGTH)
  if (packetEnd === body) packetEnd = body + longPayload(walk, next, body, end)
  if (packetEnd > end) packetEnd = end
  return next === PROTOCOL_TCP ? tcp(walk, body, packetEnd) : ipProtocol(walk, next, body, packetEnd)
}

/** Length of a payload whose header says zero: a jumbogram, or a packet so large before segmentation that the field cannot say it. */
function longPayload(walk: Walk, next: number, at: number, end: number): number {
  const { data } = walk
  if (next === HOP_BY_HOP && at + 8 <= end && at + 8 <= walk.captured && data[at + 2] === JUMBO_PAYLOAD) {
    const length = i32(data, at + 4)
    return length > MAX_PLAIN_PAYLOAD ? length : 0
  }
  return end - at > MAX_PLAIN_PAYLOAD ? end - at : 0
}

/** Extension headers: next header and length in units of eight bytes behind the first; anything else is no way to TCP. */
export function extensionHeader(walk: Walk, kind: number, at: number, end: number): Found {
  switch (kind) {
    case HOP_BY_HOP:
    case DESTINATION_OPTIONS:
      return skipHeader(walk, at, end, true)
    case ROUTING:
    case SHIM6:
      return skipHeader(walk, at, end, false)
    case FRAGMENT:
      return fragmentHeader(walk, at, end)
    default:
      return FOUND_NONE
  }
}

function skipHeader(walk: Walk, at: number, end: number, withOptions: boolean): Found {
  if (!walk.readable(at + 2, end) || !walk.deeper()) return FOUND_NONE
  const next = walk.data[at]
  const body = at + ((walk.data[at + 1] + 1) << 3)
  if (withOptions && !soundOptions(walk, at + 2, body, end)) return walk.refuse('ip-header-bad')
  return ipProtocol(walk, next, body, end)
}

/** RFC 8200 §4.2: kind, length, value; kind 0 is a single byte of padding. One that runs out of the packet spoils it. */
function soundOptions(walk: Walk, at: number, headerEnd: number, end: number): boolean {
  const { data, captured } = walk
  const limit = end < captured ? end : captured
  while (at < headerEnd && at < limit) at += data[at] === 0 ? 1 : at + 1 < limit ? 2 + data[at + 1] : 2
  return at <= limit
}

/** RFC 8200 §4.5: next header, reserved, offset in units of eight bytes with the more flag as lowest bit, identification. */
function fragmentHeader(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 8, end) || !walk.deeper()) return FOUND_NONE
  const offset = u16(data, at + 2) & 0xfff8
  const more = (data[at + 3] & 1) !== 0
  // RFC 6946: an atomic fragment is a whole packet.
  if (offset === 0 && !more) return ipProtocol(walk, data[at], at + 8, end)
  // Out of place in IPv4: Wireshark reads on behind it.
  if (walk.segment.ipVersion === 4) return ipProtocol(walk, data[at], at + 8, end)
  if (end > walk.captured) return walk.refuse('ip-fragment')
  return fragment(walk, at + 8, end, i32(data, at + 4), offset, more, data[at])
}
