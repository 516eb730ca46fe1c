/** Overlay networks over UDP: VXLAN, VXLAN-GPE, Geneve, LISP. */
import { u16, u24 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { LAYER_GENEVE, LAYER_LISP, LAYER_VXLAN } from '../layers.js'
import { ethernet } from '../link/ethernet.js'
import { etherType } from '../link/ethertype.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { nextProtocol } from './nsh.js'

/** Flags, reserved, network identifier (24 bits), reserved. */
const HEADER = 8

/** RFC 7348 §5. */
export function vxlan(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end) || !walk.enter(LAYER_VXLAN, u24(walk.data, at + 4))) return FOUND_NONE
  return ethernet(walk, at + HEADER, end)
}

/** The fourth byte says what is inside. */
export function vxlanGpe(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end) || !walk.enter(LAYER_VXLAN, u24(walk.data, at + 4))) return FOUND_NONE
  return nextProtocol(walk, walk.data[at + 3], at + HEADER, end)
}

/** RFC 8926 §3.4: version and length of the options in words, flags, EtherType, network identifier. */
export function geneve(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  if (!walk.enter(LAYER_GENEVE, u24(data, at + 4))) return FOUND_NONE
  const options = (data[at] & 0x3f) << 2
  return etherType(walk, u16(data, at + 2), at + HEADER + options, end)
}

/** RFC 9300 §5.3: eight bytes, then an IP packet. */
export function lisp(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + HEADER, end) || !walk.enter(LAYER_LISP, u24(walk.data, at + 4))) return FOUND_NONE
  return ipv4(walk, at + HEADER, end)
}
