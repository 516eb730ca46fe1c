/** Network Service Header (RFC 8300 §2.2). */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { LAYER_NSH } from '../layers.js'
import { innerEthernet } from '../link/ethernet.js'
import { mpls } from '../link/mpls.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Base header and service path. */
const HEADER = 8

export function nsh(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end) || !walk.enter(LAYER_NSH, -1)) return FOUND_NONE
  // Length in words: the lower six bits of the first two bytes; always 24 bytes for metadata type 1 (§2.4).
  const fixed = walk.data[at + 2] === 1
  const length = fixed ? 24 : (u16(walk.data, at) & 0x3f) << 2
  return length < HEADER ? FOUND_NONE : nextProtocol(walk, walk.data[at + 3], at + length, end)
}

/** The next-protocol numbers that NSH shares with VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe §3.2). */
export function nextProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case 1:
      return ipv4(walk, at, end)
    case 2:
      return ipv6(walk, at, end)
    case 3:
      return innerEthernet(walk, at, end)
    case 4:
      return nsh(walk, at, end)
    case 5:
      return mpls(walk, at, end)
    default:
      return FOUND_NONE
  }
}
