/** Ethernet (IEEE 802.3): destination, source, type or length. */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { LAYER_ETHERNET } from '../layers.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ETHERTYPE_IPV4, typeOrLength } from './ethertype.js'

const SOURCE = 6
const TYPE = 12
const ETHERNET_HEADER = 14
/** Cisco ISL wraps a whole frame: 26 bytes that begin like an Ethernet header with one of two addresses. */
const ISL_HEADER = 26

export function ethernet(walk: Walk, at: number, end: number): Found {
  const { data, segment } = walk
  const body = at + ETHERNET_HEADER
  if (!walk.readable(body, end)) return FOUND_NONE
  segment.macHigh = u16(data, at + SOURCE)
  segment.macLow =
    (data[at + SOURCE + 2] << 24) |
    (data[at + SOURCE + 3] << 16) |
    (data[at + SOURCE + 4] << 8) |
    data[at + SOURCE + 5]
  const type = u16(data, at + TYPE)
  if (type === ETHERTYPE_IPV4) return ipv4(walk, body, end)
  if (type < 1536 && isIsl(data, at)) return isl(walk, type, at, end)
  return typeOrLength(walk, type, body, end)
}

/** A whole Ethernet frame as the payload of something else. */
export function innerEthernet(walk: Walk, at: number, end: number): Found {
  return walk.enter(LAYER_ETHERNET, -1) ? ethernet(walk, at, end) : FOUND_NONE
}

/** @param length of what follows the length field, the inner frame's check sequence with it */
function isl(walk: Walk, length: number, at: number, end: number): Found {
  const bodyEnd = at + ETHERNET_HEADER + length
  return innerEthernet(walk, at + ISL_HEADER, bodyEnd < end ? bodyEnd : end)
}

function isIsl(data: Uint8Array, at: number): boolean {
  return (
    (data[at] === 0x01 || data[at] === 0x0c) &&
    data[at + 1] === 0 &&
    data[at + 2] === 0x0c &&
    data[at + 3] === 0 &&
    data[at + 4] === 0
  )
}
