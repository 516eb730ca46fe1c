/** BSD loopback: four bytes of address family, in the byte order of the host (NULL) or in network order (LOOP). */
import { i32, i32le, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { etherType } from './ethertype.js'
import { ppp } from './ppp.js'

const HEADER = 4
const AF_INET = 2
/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, Darwin. */
const AF_INET6_NETBSD = 24
const AF_INET6_FREEBSD = 28
const AF_INET6_DARWIN = 30
/** Families end well below 6 * 256; a larger number is an EtherType. */
const MAX_FAMILY = 0x600
const PPP_FRAMING = 0xff03

export function nullLink(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  const body = at + HEADER
  if (!walk.readable(body, end)) return FOUND_NONE
  if (u16(data, at) === PPP_FRAMING) return ppp(walk, at + 2, end)
  const family = nullFamily(data, at)
  if (family > 1500) return etherType(walk, family & 0xffff, body, end)
  return byFamily(walk, family, body, end)
}

export function loop(walk: Walk, at: number, end: number): Found {
  const body = at + HEADER
  return walk.readable(body, end) ? byFamily(walk, i32(walk.data, at), body, end) : FOUND_NONE
}

/** The family in either byte order, as 32 bits or as 16 bits in the first or last half. */
function nullFamily(data: Uint8Array, at: number): number {
  const little = i32le(data, at)
  if (little >>> 16 === 0) return (little & 0xff) === 0 && little < MAX_FAMILY ? little >> 8 : little
  const high = little >>> 16
  return high < 6 ? high : i32(data, at) >>> 0
}

function byFamily(walk: Walk, family: number, at: number, end: number): Found {
  switch (family) {
    case AF_INET:
      return ipv4(walk, at, end)
    case AF_INET6_NETBSD:
    case AF_INET6_FREEBSD:
    case AF_INET6_DARWIN:
      return ipv6(walk, at, end)
    default:
      return FOUND_NONE
  }
}
