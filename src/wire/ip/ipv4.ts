/** IPv4 header (RFC 791 §3.1). */
import { i32, u16 } from '../bytes.js'
import { tcp } from '../tcp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { fragment } from './fragment.js'
import { ipv6 } from './ipv6.js'
import { ipProtocol, PROTOCOL_TCP } from './protocol.js'

const TRAFFIC_CLASS = 1
const TOTAL_LENGTH = 2
const IDENTIFICATION = 4
/** Three flags, then the offset in units of eight bytes. */
const FRAGMENT = 6
const DONT_FRAGMENT = 0x4000
const MORE_FRAGMENTS = 0x2000
const OFFSET_MASK = 0x1fff
const TTL = 8
const PROTOCOL = 9
const SOURCE = 12
const DESTINATION = 16
const IPV4_HEADER = 20

export function ipv4(walk: Walk, at: number, end: number): Found {
  return packet(walk, at, end, -1)
}

/** A packet whose protocol field is used for something else: TCP. */
export function ipv4Tcp(walk: Walk, at: number, end: number): Found {
  return packet(walk, at, end, PROTOCOL_TCP)
}

/** @param protocolKnown what the packet holds, -1 for what its protocol field says */
function packet(walk: Walk, at: number, end: number, protocolKnown: number): Found {
  const { data, captured, segment } = walk
  const limit = end < captured ? end : captured
  if (at + IPV4_HEADER > limit) return walk.short(at + IPV4_HEADER, 'ip-header-bad')
  const first = data[at]
  if (first >> 4 !== 4) return first >> 4 === 6 ? ipv6(walk, at, end) : walk.refuse('ip-header-bad')
  const headerBytes = (first & 15) << 2
  if (headerBytes < IPV4_HEADER) return walk.refuse('ip-header-bad')
  const packetEnd = ipv4End(walk, at, end, headerBytes)
  if (packetEnd < 0 || !walk.deeper()) return FOUND_NONE
  segment.ipVersion = 4
  segment.trafficClass = data[at + TRAFFIC_CLASS]
  segment.ipId = u16(data, at + IDENTIFICATION)
  const flags = u16(data, at + FRAGMENT)
  segment.dontFragment = (flags & DONT_FRAGMENT) >> 14
  segment.flowLabel = -1
  segment.hopLimit = data[at + TTL]
  setMapped(segment.source, i32(data, at + SOURCE))
  setMapped(segment.destination, i32(data, at + DESTINATION))
  const body = at + headerBytes
  const protocol = protocolKnown < 0 ? data[at + PROTOCOL] : protocolKnown
  if (flags & (MORE_FRAGMENTS | OFFSET_MASK)) {
    const total = u16(data, at + TOTAL_LENGTH)
    const whole = (total === 0 ? end : at + total) <= limit
    return whole
      ? ipv4Fragment(walk, body, packetEnd, flags, protocol)
      : cutFragment(walk, body, packetEnd, flags, protocol)
  }
  return protocol === PROTOCOL_TCP ? tcp(walk, body, packetEnd) : ipProtocol(walk, protocol, body, packetEnd)
}

/** Where the packet ends by its total length, never beyond the layer around it; -1 when the length is impossible. */
function ipv4End(walk: Walk, at: number, end: number, headerBytes: number): number {
  const total = u16(walk.data, at + TOTAL_LENGTH)
  if (total >= headerBytes) return at + total < end ? at + total : end
  // Zero: segmentation offload let the kernel see a packet larger than the field can say.
  if (total !== 0) return walk.refuse('ip-header-bad') - 1
  walk.notes.add('ip-total-length-zero', walk.frame)
  return end
}

function setMapped(words: Int32Array, address: number): void {
  words[0] = 0
  words[1] = 0
  words[2] = 0xffff
  words[3] = address
}

function ipv4Fragment(walk: Walk, at: number, end: number, flags: number, protocol: number): Found {
  // Wireshark mixes the two in the same way, so that even strangers who collide do so alike.
  const id = walk.segment.ipId ^ protocol
  return fragment(walk, at, end, id, (flags & OFFSET_MASK) << 3, (flags & MORE_FRAGMENTS) !== 0, protocol)
}

/** Not all of the fragment is there: no packet can be made of it, but a first fragment shows its headers. */
function cutFragment(walk: Walk, at: number, end: number, flags: number, protocol: number): Found {
  walk.notes.add('ip-fragment', walk.frame)
  return (flags & OFFSET_MASK) === 0 ? ipProtocol(walk, protocol, at, end) : FOUND_NONE
}
