/** Network layer protocol identifiers (ISO/IEC TR 9577), as Frame Relay, ATM and OSI use them. */
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ppp } from './ppp.js'

const IPV6 = 0x8e
const IPV4 = 0xcc
const PPP = 0xcf

/** @param at the identifier, one byte */
export function networkLayer(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  switch (walk.data[at]) {
    case IPV4:
      return ipv4(walk, at + 1, end)
    case IPV6:
      return ipv6(walk, at + 1, end)
    case PPP:
      return ppp(walk, at + 1, end)
    default:
      return FOUND_NONE
  }
}
