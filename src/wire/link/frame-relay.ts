/** Frame Relay: address (2 to 4 bytes), then RFC 2427 (control, padding, network layer identifier) or a bare EtherType (Cisco). */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { etherType } from './ethertype.js'
import { snap } from './llc.js'
import { pppFramed } from './ppp.js'

/** The last byte of an address has its lowest bit set. */
const LAST = 1
const UNNUMBERED = 0x03
const NLPID_PADDING = 0x00
const NLPID_SNAP = 0x80
const NLPID_IPV6 = 0x8e
const NLPID_IPV4 = 0xcc
const NLPID_PPP = 0xcf

export function frameRelay(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  let body = at
  do {
    if (!walk.readable(body + 1, end)) return FOUND_NONE
  } while (!(data[body++] & LAST) && body < at + 4)
  if (!walk.readable(body + 2, end) || !walk.deeper()) return FOUND_NONE
  if (data[body] !== UNNUMBERED) return etherType(walk, u16(data, body), body + 2, end)
  return networkLayer(walk, data[body + 1] === NLPID_PADDING ? body + 2 : body + 1, end)
}

function networkLayer(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  switch (walk.data[at]) {
    case NLPID_SNAP:
      return snap(walk, at + 1, end, 0)
    case NLPID_IPV4:
      return ipv4(walk, at + 1, end)
    case NLPID_IPV6:
      return ipv6(walk, at + 1, end)
    case NLPID_PPP:
      return pppFramed(walk, at + 1, end)
    default:
      return FOUND_NONE
  }
}
