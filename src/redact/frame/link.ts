/** Link layers: MAC addresses replaced, types and tags kept. A link type that is not here is blank from the first byte on. */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'
import { arp } from './icmp.js'
import { ip } from './ip.js'
import { wlan } from './wlan.js'

/** @param end where the frame ended on the wire */
export function link(canvas: Canvas, linkType: number, at: number, end: number): void {
  switch (linkType) {
    case 1: // ETHERNET
      return ethernet(canvas, at, end)
    case 113: // LINUX_SLL
      return cooked(canvas, at, end)
    case 276: // LINUX_SLL2
      return cooked2(canvas, at, end)
    case 0: // NULL
    case 108: // LOOP
      return loopback(canvas, at, end)
    case 12: // RAW, and its other numbers
    case 14:
    case 101:
    case 228:
    case 229:
      return ip(canvas, at, end)
    case 9: // PPP
    case 50: // PPP_HDLC
      return pppFramed(canvas, at, end)
    case 166: // PPP_PPPD
    case 204: // PPP_WITH_DIR
      canvas.keep(at, 1)
      return pppFramed(canvas, at + 1, end)
    case 104: // C_HDLC
      canvas.keep(at, 4)
      return canvas.has(at + 4) ? etherType(canvas, u16(canvas.data, at + 2), at + 4, end) : undefined
    case 105: // IEEE802_11
      return wlan(canvas, at, end)
    case 127: // IEEE802_11_RADIOTAP: a little-endian length; without its fields the header is still one
      canvas.keep(at, 4)
      return canvas.has(at + 4)
        ? wlan(canvas, at + canvas.data[at + 2] + (canvas.data[at + 3] << 8), end)
        : undefined
  }
}

export function ethernet(canvas: Canvas, at: number, end: number): void {
  canvas.mac(at)
  canvas.mac(at + 6)
  if (!canvas.has(at + 14)) return
  canvas.keep(at + 12, 2)
  etherType(canvas, u16(canvas.data, at + 12), at + 14, end)
}

/** @param at first byte behind the type */
export function etherType(canvas: Canvas, type: number, at: number, end: number): void {
  if (!canvas.has(at + 2)) return
  switch (type) {
    case 0x0800:
    case 0x86dd:
      return ip(canvas, at, end)
    case 0x0806:
      return arp(canvas, at)
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      canvas.keep(at, 4)
      return canvas.has(at + 4) ? etherType(canvas, u16(canvas.data, at + 2), at + 4, end) : undefined
    case 0x8847:
    case 0x8848:
      return mpls(canvas, at, end)
    case 0x8864: // PPPoE session (RFC 2516 §4)
      canvas.keep(at, 6)
      return ppp(canvas, at + 6, end)
    case 0x6558:
      return ethernet(canvas, at, end)
    default:
      // IEEE 802.3 §3.2.6: a length.
      if (type <= 1500) llc(canvas, at, end)
  }
}

/** RFC 1042: SNAP and then an EtherType. */
export function llc(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 8) || u16(canvas.data, at) !== 0xaaaa) return
  canvas.keep(at, 8)
  etherType(canvas, u16(canvas.data, at + 6), at + 8, end)
}

/** RFC 3032 §2.1: labels up to the bottom of the stack, then what the first nibble says (RFC 4928 §3). */
export function mpls(canvas: Canvas, from: number, end: number): void {
  const { data } = canvas
  let at = from
  while (canvas.has(at + 5)) {
    canvas.keep(at, 4)
    at += 4
    if (!(data[at - 2] & 1)) continue
    const nibble = data[at] >> 4
    if (nibble === 4 || nibble === 6) ip(canvas, at, end)
    else if (nibble === 0) ethernet(canvas, isPlainEthernet(canvas, at) ? at : at + 4, end)
    return
  }
}

/** RFC 4448 §4.6: with or without a control word (which is blank here); told apart as the decoder does. */
function isPlainEthernet(canvas: Canvas, at: number): boolean {
  const { data } = canvas
  return canvas.has(at + 14) && ((data[at] | data[at + 6]) & 3) === 0 && u16(data, at + 12) >= 0x600
}

function pppFramed(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 2)) return
  if (canvas.data[at] !== 0xff) return ppp(canvas, at, end)
  canvas.keep(at, 2)
  ppp(canvas, at + 2, end)
}

/** RFC 1661 §2 and §6.5. */
function ppp(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 2)) return
  const { data } = canvas
  const short = (data[at] & 1) === 1
  const protocol = short ? data[at] : u16(data, at)
  canvas.keep(at, short ? 1 : 2)
  if (protocol === 0x21 || protocol === 0x57) ip(canvas, at + (short ? 1 : 2), end)
}

/** Packet type, hardware, address length, address, type. */
function cooked(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 16)) return
  canvas.keep(at, 6)
  if (u16(canvas.data, at + 4) === 6) canvas.mac(at + 6)
  canvas.keep(at + 14, 2)
  etherType(canvas, u16(canvas.data, at + 14), at + 16, end)
}

/** Type, reserved, interface index, hardware, packet type, address length, address. */
function cooked2(canvas: Canvas, at: number, end: number): void {
  if (!canvas.has(at + 20)) return
  canvas.keep(at, 12)
  if (canvas.data[at + 11] === 6) canvas.mac(at + 12)
  etherType(canvas, u16(canvas.data, at), at + 20, end)
}

/** An address family, of which the first nibble behind it says enough. */
function loopback(canvas: Canvas, at: number, end: number): void {
  canvas.keep(at, 4)
  ip(canvas, at + 4, end)
}
