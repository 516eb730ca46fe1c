/** Generic routing encapsulation (RFC 2784, RFC 2890; version 1 = PPTP, RFC 2637 §4.1) and ERSPAN. */
import { i32, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { LAYER_ERSPAN, LAYER_GRE } from '../layers.js'
import { innerEthernet } from '../link/ethernet.js'
import { etherType } from '../link/ethertype.js'
import { frameRelay } from '../link/frame-relay.js'
import { pppFramed, pppHdlc } from '../link/ppp.js'
import { wlan } from '../link/wlan.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

const CHECKSUM = 0x8000
const ROUTING = 0x4000
const KEY = 0x2000
const SEQUENCE = 0x1000
/** Only where PPP is inside (RFC 2637 §4.1). */
const ACKNOWLEDGMENT = 0x0080
const PPP = 0x880b

export function gre(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  const flags = u16(data, at)
  const type = u16(data, at + 2)
  let body = at + 4
  let key = -1
  if (flags & (CHECKSUM | ROUTING)) body += 4
  if (flags & KEY) {
    if (!walk.readable(body + 4, end)) return FOUND_NONE
    key = i32(data, body)
    body += 4
  }
  if (flags & SEQUENCE) body += 4
  if (flags & ACKNOWLEDGMENT && type === PPP) body += 4
  if (flags & ROUTING) body = afterRoutes(walk, body, end)
  if (body < 0 || !walk.enter(LAYER_GRE, key)) return FOUND_NONE
  return greType(walk, type, body, end, (flags & SEQUENCE) !== 0)
}

/** RFC 1701: source routes of family, offset, length; the list ends with length zero. */
function afterRoutes(walk: Walk, at: number, end: number): number {
  for (;;) {
    if (!walk.readable(at + 4, end)) return -1
    const length = walk.data[at + 3]
    at += 4 + length
    if (length === 0) return at
  }
}

function greType(walk: Walk, type: number, at: number, end: number, sequenced: boolean): Found {
  switch (type) {
    case 0x0800:
    case 0x86dd:
    case 0x8847:
    case 0x8848:
    case 0x894f:
    case 0x6558:
      return etherType(walk, type, at, end)
    case PPP:
      return pppFramed(walk, at, end)
    case 0x8881: // CDMA2000
    case 0x88d2:
      return pppHdlc(walk, at, end)
    case 0x88be: // ERSPAN: without sequence number it is type I, which has no header
      return sequenced ? erspan(walk, at, end) : innerErspan(walk, -1, at, end)
    case 0x22eb:
      return erspan(walk, at, end)
    case 0x883e:
      return wccp(walk, at, end)
    case 0x6400: // MikroTik's Ethernet over IP
      return innerEthernet(walk, at, end)
    case 0x6559:
      return frameRelay(walk, at, end)
    default:
      // Access points of one maker send 802.11 frames under 0x8200-0x8370.
      return (type & 0xfe0f) === 0x8200 ? wlan(walk, at, end) : FOUND_NONE
  }
}

/** Web cache redirection: an IP packet, or four bytes of redirect header and one. */
function wccp(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  return ipv4(walk, walk.data[at] >> 4 === 4 ? at : at + 4, end)
}

/** draft-foschiano-erspan §4: version (4 bits), VLAN (12), …, session (10); type III is longer, with an optional subheader. */
function erspan(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 8, end)) return FOUND_NONE
  const session = u16(data, at + 2) & 0x3ff
  switch (data[at] >> 4) {
    case 1:
      return innerErspan(walk, session, at + 8, end)
    case 2:
      if (!walk.readable(at + 12, end)) return FOUND_NONE
      // Frame type: 0 Ethernet, 2 IP; the lowest bit of the header announces eight more bytes.
      return typedErspan(walk, session, (data[at + 10] >> 2) & 31, at + (data[at + 11] & 1 ? 20 : 12), end)
    default:
      return FOUND_NONE
  }
}

function typedErspan(walk: Walk, session: number, type: number, at: number, end: number): Found {
  if (type === 2) return walk.enter(LAYER_ERSPAN, session) ? ipv4(walk, at, end) : FOUND_NONE
  return type === 0 ? innerErspan(walk, session, at, end) : FOUND_NONE
}

function innerErspan(walk: Walk, session: number, at: number, end: number): Found {
  return walk.enter(LAYER_ERSPAN, session) ? innerEthernet(walk, at, end) : FOUND_NONE
}
