/** GTP user plane (3GPP TS 29.281 §5): mobile subscribers' packets. */
import { i32, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { LAYER_GTP } from '../layers.js'
import { innerEthernet } from '../link/ethernet.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Flags, message type, length, tunnel id. */
const HEADER = 8
const TUNNELLED_PACKET = 255
/** Version 0 (3GPP TS 09.60): flow label and tunnel id are longer. */
const HEADER_0 = 20
/** Clear in GTP', which carries charging records. */
const PROTOCOL_TYPE = 0x10
/** GTP' of version 0 only: a header of six bytes. */
const SHORT = 0x01
/** Any of extension, sequence, N-PDU number: four more bytes. */
const OPTIONAL = 0x07
const EXTENSION = 0x04

export function gtp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  const flags = data[at]
  const version = flags >> 5
  if (version > 1) return FOUND_NONE
  if (data[at + 1] !== TUNNELLED_PACKET || (!(flags & PROTOCOL_TYPE) && (version > 0 || flags & SHORT)))
    return FOUND_NONE
  let body = at + (version === 0 ? HEADER_0 : HEADER)
  const packetEnd = body + u16(data, at + 2)
  const limit = packetEnd < end ? packetEnd : end
  if (version === 1 && flags & OPTIONAL) {
    body += 4
    if (!walk.readable(body, end)) return FOUND_NONE
    if (flags & EXTENSION) body = afterExtensions(walk, body, end)
  }
  if (body < 0 || !walk.readable(body + 1, limit) || !walk.enter(LAYER_GTP, i32(data, at + 4)))
    return FOUND_NONE
  const first = data[body] >> 4
  // What is no IP packet is an Ethernet frame (a session of type Ethernet in 5G).
  return first === 4 || first === 6 ? ipv4(walk, body, limit) : innerEthernet(walk, body, limit)
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
