/** Link types with a short fixed header that are rarely met. */
import { i32, i32le, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet } from './ethernet.js'
import { etherType } from './ethertype.js'
import { linkLayer } from './link.js'
import { llc } from './llc.js'

/** IP over FireWire on Darwin: two addresses of eight bytes, EtherType. */
export function appleFirewire(walk: Walk, at: number, end: number): Found {
  return walk.readable(at + 18, end) ? etherType(walk, u16(walk.data, at + 16), at + 18, end) : FOUND_NONE
}

/** OpenBSD packet filter log: header length, address family, …; the packet begins at the next multiple of four. */
export function pflog(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  const body = at + ((walk.data[at] + 3) & ~3)
  return byBsdFamily(walk, walk.data[at + 1], body, end)
}

/** BSD encapsulated packets after IPsec: family in host order, security parameter index, flags. */
export function enc(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 12, end)) return FOUND_NONE
  const family = i32le(walk.data, at)
  switch (family >>> 0 > 0xffff ? i32(walk.data, at) : family) {
    case 2:
      return ipv4(walk, at + 12, end)
    case 24:
      return ipv6(walk, at + 12, end)
    default:
      return FOUND_NONE
  }
}

/** AF_INET6 is 24, 28 or 30, by the BSD. */
function byBsdFamily(walk: Walk, family: number, at: number, end: number): Found {
  switch (family) {
    case 2:
      return ipv4(walk, at, end)
    case 24:
    case 28:
    case 30:
      return ipv6(walk, at, end)
    default:
      return FOUND_NONE
  }
}

/** Solaris IPNET: version, family, hook type, length, interfaces, zones. */
export function ipnet(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 24, end)) return FOUND_NONE
  const family = walk.data[at + 1]
  const body = at + 24
  const packetEnd = body + (i32(walk.data, at + 4) & 0xffffff)
  const limit = packetEnd < end ? packetEnd : end
  if (family === 2) return ipv4(walk, body, limit)
  return family === 26 ? ipv6(walk, body, limit) : FOUND_NONE
}

/** Apple's packet tap: header length, type of the next header, link type of the frame behind it; little-endian. */
export function pktap(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 12, end) || !walk.deeper()) return FOUND_NONE
  const length = i32le(walk.data, at)
  // The header is 108 bytes at least; type 1 says that a packet follows.
  if (length < 108 || length > 0xffff || i32le(walk.data, at + 4) !== 1) return FOUND_NONE
  return linkLayer(walk, i32le(walk.data, at + 8), at + length, end)
}

/** SunATM: kind of traffic in the lower four bits, path, circuit. */
export function sunAtm(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  const kind = walk.data[at] & 15
  if (kind === 2) return llc(walk, at + 4, end)
  // LAN emulation: two bytes of client id, then the frame.
  return kind === 1 ? ethernet(walk, at + 6, end) : FOUND_NONE
}

/** Symantec Enterprise Firewall: an EtherType at one of two places, which also tells how long the header is. */
export function symantec(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 12, end)) return FOUND_NONE
  const { data } = walk
  const older = u16(data, at + 6)
  const newer = u16(data, at + 10)
  if (newer === 0) return etherType(walk, older, at + 44, end)
  return older === 0 ? etherType(walk, newer, at + 56, end) : FOUND_NONE
}

/** @param type where the protocol byte stands: after the addresses, or after Linux's two bytes of offset */
export function arcnet(walk: Walk, _at: number, type: number, end: number): Found {
  if (!walk.readable(type + 4, end)) return FOUND_NONE
  // RFC 1201 §4: split flag and sequence number; 0xff announces an exception packet with them four bytes on.
  const body = walk.data[type + 1] === 0xff ? type + 8 : type + 4
  switch (walk.data[type]) {
    case 240: // RFC 1051, without split flag
      return ipv4(walk, type + 1, end)
    case 212: // RFC 1201
      return ipv4(walk, body, end)
    case 196:
      return ipv6(walk, body, end)
    default:
      return FOUND_NONE
  }
}

/** IP over InfiniBand: global routing header or destination (20 or 40 bytes), type, reserved. */
export function ipOverInfiniband(walk: Walk, at: number, end: number): Found {
  const type = at + 40
  return walk.readable(type + 4, end) ? etherType(walk, u16(walk.data, type), type + 4, end) : FOUND_NONE
}
