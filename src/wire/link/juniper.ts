/** Juniper's monitoring headers (JUNOS `monitor traffic`): magic, flags, extensions, then by link type. */
import { i32le, u16, u24 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet } from './ethernet.js'
import { frameRelay } from './frame-relay.js'
import { llc } from './llc.js'
import { mpls } from './mpls.js'
import { ciscoHdlc, ppp } from './ppp.js'

const MAGIC = 0x4d4743
/** No link header follows: a protocol number and the packet. */
const FLAG_NO_LINK = 0x02
/** Extensions follow, their length first. */
const FLAG_EXTENSIONS = 0x80

export function juniper(walk: Walk, linkType: number, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 4, end) || !walk.deeper()) return FOUND_NONE
  // Very old releases wrote four bytes of their own, then the packet.
  if (u24(data, at) !== MAGIC) return ipv4(walk, at + 4, end)
  const flags = data[at + 3]
  let body = at + 4
  if (flags & FLAG_EXTENSIONS) {
    if (!walk.readable(at + 6, end)) return FOUND_NONE
    body = at + 6 + u16(data, at + 4)
  }
  if (!walk.readable(body + 4, end)) return FOUND_NONE
  return flags & FLAG_NO_LINK
    ? byProtocol(walk, i32le(data, body), body + 4, end)
    : byLink(walk, linkType, body, end)
}

function byLink(walk: Walk, linkType: number, at: number, end: number): Found {
  switch (linkType) {
    case 178: // JUNIPER_ETHER
      return ethernet(walk, at, end)
    case 179: // JUNIPER_PPP: two bytes of address and control
      return ppp(walk, at + 2, end)
    case 180: // JUNIPER_FRELAY
      return frameRelay(walk, at, end)
    case 181: // JUNIPER_CHDLC
      return ciscoHdlc(walk, at, end)
    case 130: // JUNIPER_MLPPP: with or without two bytes of address and control
      return ppp(walk, walk.data[at] === 0xff || walk.data[at + 1] === 0 ? at + 2 : at, end)
    case 135: // JUNIPER_ATM2: eight bytes of cell header
      return guessed(walk, at + 8, end)
    case 136: // JUNIPER_SERVICES
      return ipv4(walk, at + 12, end)
    case 137: // JUNIPER_ATM1
      return guessed(walk, at + 4, end)
    case 183: // JUNIPER_VP
      return ipv4(walk, at + 18, end)
    default:
      return FOUND_NONE
  }
}

/** A cell stream's payload, by its looks (RFC 2684 §5: LLC, or the packet alone). */
function guessed(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 3, end)) return FOUND_NONE
  const first = u24(walk.data, at)
  if (first === 0xaaaa03 || first === 0xfefe03) return llc(walk, at, end)
  if (first >> 20 === 4 || first >> 20 === 6) return ipv4(walk, at, end)
  return first >> 8 === 0x21 || first >> 8 === 0x57 ? ppp(walk, at, end) : FOUND_NONE
}

/** JUNOS numbers its protocols itself. */
function byProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case 2:
    case 3:
      return ipv4(walk, at, end)
    case 6:
    case 7:
      return ipv6(walk, at, end)
    case 4:
    case 5:
    case 8:
    case 32:
      return mpls(walk, at, end)
    case 202:
    case 203:
      return llc(walk, at, end)
    case 200:
      return ppp(walk, at, end)
    case 204:
      return ethernet(walk, at, end)
    case 207:
      return frameRelay(walk, at, end)
    case 208:
      return ciscoHdlc(walk, at, end)
    default:
      return FOUND_NONE
  }
}
