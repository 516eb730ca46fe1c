/** Frame Relay: address (2 to 4 bytes), then RFC 2427 (control, padding, network layer identifier) or a bare EtherType (Cisco). */
import { u16 } from '../bytes.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { snap } from './llc.js'
import { networkLayer } from './nlpid.js'
import { ciscoType } from './ppp.js'

/** The last byte of an address has its lowest bit set. */
const LAST = 1
/** The lowest two bits of the control field: an unnumbered frame. */
const UNNUMBERED = 0x03
const NLPID_PADDING = 0x00
const NLPID_SNAP = 0x80

export function frameRelay(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  let body = at
  do {
    if (!walk.readable(body + 1, end)) return FOUND_NONE
  } while (!(data[body++] & LAST) && body < at + 4)
  if (!walk.readable(body + 2, end) || !walk.deeper()) return FOUND_NONE
  if ((data[body] & UNNUMBERED) !== UNNUMBERED) return ciscoType(walk, u16(data, body), body + 2, end)
  const identifier = data[body + 1] === NLPID_PADDING ? body + 2 : body + 1
  if (!walk.readable(identifier + 1, end)) return FOUND_NONE
  return data[identifier] === NLPID_SNAP
    ? snap(walk, identifier + 1, end, 0)
    : networkLayer(walk, identifier, end)
}
