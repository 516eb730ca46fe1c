/** GTP user plane (3GPP TS 29.281 §5): mobile subscribers' packets. */
import { i32, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { LAYER_GTP } from '../layers.js'
import { pppFramed } from '../link/ppp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Flags, message type, length, tunnel id. */
const HEADER = 8
const TUNNELLED_PACKET = 255
/** Any of extension, sequence, N-PDU number: four more bytes. */
const OPTIONAL = 0x07
const EXTENSION = 0x04

export function gtp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  const flags = data[at]
  if (flags >> 5 !== 1 || data[at + 1] !== TUNNELLED_PACKET) return FOUND_NONE
  const packetEnd = at + HEADER + u16(data, at + 2)
  const limit = packetEnd < end ? packetEnd : end
  let body = at + HEADER
  if (flags & OPTIONAL) {
    body += 4
    if (!walk.readable(body, end)) return FOUND_NONE
    if (flags & EXTENSION) body = afterExtensions(walk, body, end)
  }
  if (body < 0 || !walk.readable(body + 1, limit) || !walk.enter(LAYER_GTP, i32(data, at + 4))) return FOUND_NONE
  const version = data[body] >> 4
  return version === 4 || version === 6 ? ipv4(walk, body, limit) : pppFramed(walk, body, limit)
}

/** §5.2: length in words, content, type of the next; the first type stands right before `at`. */
function afterExtensions(walk: Walk, at: number, end: number): number {
  while (walk.data[at - 1] !== 0) {
    if (!walk.readable(at + 1, end)) return -1
    const length = walk.data[at] << 2
    if (length === 0 || !walk.readable(at + length, end)) return -1
    at += length
  }
  return at
}
