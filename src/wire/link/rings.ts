/** Token Ring (IEEE 802.5), FDDI and IP over Fibre Channel (RFC 2625): LLC behind old headers. */
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { llc } from './llc.js'

/** Access control, frame control, destination, source. */
const TOKEN_RING_HEADER = 14
const TOKEN_RING_SOURCE = 8
const FRAME_TYPE_LLC = 1
/** Frame control, destination, source. */
const FDDI_HEADER = 13
/** Two network addresses of eight bytes. */
const FIBRE_CHANNEL_HEADER = 16

export function tokenRing(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + TOKEN_RING_HEADER, end) || data[at + 1] >> 6 !== FRAME_TYPE_LLC) return FOUND_NONE
  // The group bit of a source address says that routing information follows; its first byte holds its length.
  const routed = (data[at + TOKEN_RING_SOURCE] & 0x80) !== 0
  if (routed && !walk.readable(at + TOKEN_RING_HEADER + 1, end)) return FOUND_NONE
  const routing = routed ? data[at + TOKEN_RING_HEADER] & 0x1f : 0
  return llc(walk, at + TOKEN_RING_HEADER + routing, end)
}

export function fddi(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + FDDI_HEADER, end)) return FOUND_NONE
  // Frame control 0x5x: asynchronous LLC frames with their priority.
  return (walk.data[at] & 0xf0) === 0x50 ? llc(walk, at + FDDI_HEADER, end) : FOUND_NONE
}

export function ipOverFibreChannel(walk: Walk, at: number, end: number): Found {
  return llc(walk, at + FIBRE_CHANNEL_HEADER, end)
}
