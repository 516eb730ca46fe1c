/** PPP (RFC 1661 §2), with or without the HDLC-like framing of RFC 1662, and Cisco HDLC. */
import { u16 } from '../bytes.js'
import { ipv4, ipv4Tcp } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { innerEthernet } from './ethernet.js'
import { etherType } from './ethertype.js'
import { llc } from './llc.js'
import { mpls } from './mpls.js'
import { networkLayer } from './nlpid.js'

const ALL_STATIONS = 0xff

/** Protocol field, then the payload. */
export function ppp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 1, end) || !walk.deeper()) return FOUND_NONE
  // RFC 1661 §6.5: a first byte that is odd is a protocol field compressed to one byte.
  if (data[at] & 1) return pppProtocol(walk, data[at], at + 1, end)
  return walk.readable(at + 2, end) ? pppProtocol(walk, u16(data, at), at + 2, end) : FOUND_NONE
}

/** Address and control first, unless they were left out (RFC 1661 §6.6). */
export function pppFramed(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  return ppp(walk, data[at] === ALL_STATIONS ? at + 2 : at, end)
}

function pppProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case 0x0021:
    case 0x0800: // not assigned, but seen
      return ipv4(walk, at, end)
    case 0x0057:
    case 0x86dd:
      return ipv6(walk, at, end)
    case 0x0281:
    case 0x0283:
      return mpls(walk, at, end)
    case 0x002f: // RFC 1144 §3.2.2: uncompressed TCP, the IP protocol field holds a connection number
      return ipv4Tcp(walk, at, end)
    case 0x004b:
      return llc(walk, at, end)
    case 0x0035:
      return networkLayer(walk, at, end)
    case 0x0031: // bridging (RFC 3518 §4.2): flags, MAC type 1 = Ethernet
      return bridged(walk, at, end)
    case 0x003d:
      return multilink(walk, at, end)
    default:
      return FOUND_NONE
  }
}

/** A flag of 0x10 announces a control message instead of a frame. */
function bridged(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 2, end) || walk.data[at] & 0x10 || walk.data[at + 1] !== 1) return FOUND_NONE
  return innerEthernet(walk, at + 2, end)
}

/** Multilink (RFC 1990 §3), long sequence numbers; only a packet that travels in one piece is read. */
function multilink(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  const whole = (walk.data[at] & 0xc0) === 0xc0
  return whole ? pppFramed(walk, at + 4, end) : FOUND_NONE
}

/** Cisco HDLC, or PPP in HDLC-like framing: told apart by the address byte. */
export function pppHdlc(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  const address = walk.data[at]
  return address === 0x0f || address === 0x8f ? ciscoHdlc(walk, at, end) : pppFramed(walk, at, end)
}

/** Address, control, then an EtherType. */
export function ciscoHdlc(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  return ciscoType(walk, u16(walk.data, at + 2), at + 4, end)
}

/** The EtherTypes that Cisco HDLC and Cisco's Frame Relay carry. */
export function ciscoType(walk: Walk, type: number, at: number, end: number): Found {
  switch (type) {
    case 0x0800:
    case 0x86dd:
    case 0x8847:
    case 0x8848:
    case 0x6558:
      return etherType(walk, type, at, end)
    default:
      return FOUND_NONE
  }
}
