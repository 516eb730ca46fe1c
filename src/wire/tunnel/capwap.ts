/** CAPWAP data channel (RFC 5415 §4.3): an access point's frames on the way to its controller. */
import { u16, u24 } from '../bytes.js'
import { LAYER_CAPWAP } from '../layers.js'
import { ethernet } from '../link/ethernet.js'
import { wlanFrame } from '../link/wlan.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Preamble (1), then length in words (5 bits), radio, binding, and flags in the lowest bits of the third byte on. */
const NATIVE_FRAME = 0x100
const FRAGMENT = 0x80
const LAST_FRAGMENT = 0x40
const KEEP_ALIVE = 0x08
const DTLS = 1

export function capwapData(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  // The preamble says whether the rest is encrypted.
  if (!walk.readable(at + 8, end) || (data[at] & 15) === DTLS) return FOUND_NONE
  const bits = u24(data, at + 1)
  const length = (bits >> 19) << 2
  if (bits & KEEP_ALIVE || isPart(data, at, bits) || length < 8 || !walk.enter(LAYER_CAPWAP, -1))
    return FOUND_NONE
  // Controllers of the most common maker get frame control with its bytes exchanged; tshark expects it so as well.
  return bits & NATIVE_FRAME
    ? wlanFrame(walk, at + length, end, true, false)
    : ethernet(walk, at + length, end)
}

/** A fragment is a whole frame when it is the first and the last; others are not put together. */
function isPart(data: Uint8Array, at: number, bits: number): boolean {
  return (bits & FRAGMENT) !== 0 && (!(bits & LAST_FRAGMENT) || u16(data, at + 6) >> 3 !== 0)
}
