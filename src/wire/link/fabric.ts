/** Tags and wrappings that switches and fabrics put around frames: each is a few bytes, then an EtherType or a whole frame. */
import { u16, u24 } from '../bytes.js'
import { LAYER_FABRIC, LAYER_MACSEC, LAYER_PBB } from '../layers.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet, innerEthernet } from './ethernet.js'
import { typeOrLength } from './ethertype.js'

/** IEEE 802.1ah: instance tag (4 bytes, the lower 24 bits the service), then the customer's addresses and type. */
export function providerBackbone(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end) || !walk.enter(LAYER_PBB, u24(walk.data, at + 1))) return FOUND_NONE
  return ethernet(walk, at + 4, end)
}

/** IEEE 802.1AE §9: tag control, short length, packet number; a secure channel id when bit 0x20 is set, changed text when 0x0c are. */
export function macsec(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 6, end)) return FOUND_NONE
  const control = walk.data[at]
  const body = at + (control & 0x20 ? 14 : 6)
  if (control & 0x8c || !walk.readable(body + 2, end) || !walk.enter(LAYER_MACSEC, -1)) return FOUND_NONE
  return typeOrLength(walk, u16(walk.data, body), body + 2, end)
}

/** Cisco metadata: version, length, options of four bytes, then a type. */
export function ciscoMetadata(walk: Walk, at: number, end: number): Found {
  return tagged(walk, at, 6, end)
}

/** Cisco FabricPath: two more bytes of tag, then the customer's whole frame. */
export function fabricPath(walk: Walk, at: number, end: number): Found {
  return innerEthernet(walk, at + 2, end)
}

/** VN-tag (802.1Qbh). */
export function vnTag(walk: Walk, at: number, end: number): Found {
  return tagged(walk, at, 4, end)
}

/** IEEE 802.1BR E-tag. */
export function etag(walk: Walk, at: number, end: number): Found {
  return tagged(walk, at, 6, end)
}

/** High-availability seamless redundancy (IEC 62439-3): path and size, sequence. */
export function hsr(walk: Walk, at: number, end: number): Found {
  return tagged(walk, at, 4, end)
}

/** IEEE 802.1CB redundancy tag: reserved, sequence. */
export function frer(walk: Walk, at: number, end: number): Found {
  return tagged(walk, at, 4, end)
}

/** A tag of `size` bytes, then a type or length. */
function tagged(walk: Walk, at: number, size: number, end: number): Found {
  const body = at + size
  if (!walk.readable(body + 2, end) || !walk.enter(LAYER_FABRIC, -1)) return FOUND_NONE
  return typeOrLength(walk, u16(walk.data, body), body + 2, end)
}

/** TRILL (RFC 6325 §3): flags with the option length, two nicknames, options, then an Ethernet frame. */
export function trill(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 6, end)) return FOUND_NONE
  const options = ((u16(walk.data, at) >> 6) & 0x1f) * 4
  return innerEthernet(walk, at + 6 + options, end)
}

/** B.A.T.M.A.N. advanced: type, version, …; unicast frames (of both packet formats in use) hold an Ethernet frame. */
export function batman(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  const type = walk.data[at]
  const version = walk.data[at + 1]
  if (version > 15) return FOUND_NONE
  const current = version === 15
  if (type === (current ? 0x40 : 0x03)) return innerEthernet(walk, at + 10, end)
  // Unicast with the original sender's address, and broadcast.
  if (current && type === 0x42) return innerEthernet(walk, at + 18, end)
  return type === (current ? 0x01 : 0x04) ? innerEthernet(walk, at + 14, end) : FOUND_NONE
}
