/** MPLS label stack (RFC 3032 §2.1) and what can be guessed of its payload. */
import { i32 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { LAYER_MPLS } from '../layers.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { innerEthernet } from './ethernet.js'

/** Label (20 bits), traffic class (3), bottom of stack (1), time to live (8). */
const BOTTOM = 0x100

export function mpls(walk: Walk, at: number, end: number): Found {
  for (;;) {
    if (!walk.readable(at + 4, end)) return FOUND_NONE
    const entry = i32(walk.data, at)
    if (!walk.enter(LAYER_MPLS, entry >>> 12)) return FOUND_NONE
    at += 4
    if (entry & BOTTOM) return payload(walk, at, end)
  }
}

/** RFC 4928 §3: the label stack does not say what follows; the first nibble tells IP from a pseudowire's control word. */
function payload(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  switch (walk.data[at] >> 4) {
    case 4:
      return ipv4(walk, at, end)
    case 6:
      return ipv6(walk, at, end)
    case 0:
      // RFC 4448 §4.6: control word, four bytes beginning with a zero nibble.
      return innerEthernet(walk, at + 4, end)
    case 1:
      return FOUND_NONE
    default:
      return innerEthernet(walk, at, end)
  }
}
