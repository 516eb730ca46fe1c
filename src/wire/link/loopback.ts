/** BSD loopback: four bytes of address family in the byte order of the host (NULL), or in network order (LOOP). */
import { i32, i32le } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

const HEADER = 4

export function loopback(walk: Walk, at: number, end: number): Found {
  const body = at + HEADER
  if (body > walk.captured) return walk.refuse('frame-cut')
  const big = i32(walk.data, at)
  const family = big >>> 16 === 0 ? big : i32le(walk.data, at)
  switch (family) {
    case 2:
      return ipv4(walk, body, end)
    case 10:
    case 24:
    case 28:
    case 30:
      return ipv6(walk, body, end)
    default:
      return FOUND_NONE
  }
}
