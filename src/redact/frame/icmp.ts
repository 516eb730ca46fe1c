/** ICMP (RFC 792), ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861), and ARP (RFC 826): all of them carry addresses. */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'
import { writeChecksum } from './checksum.js'
import { ip, type Packet } from './ip.js'

const PROTOCOL_ICMP6 = 58
/** Unreachable, source quench, redirect, time exceeded, parameter problem: they quote a packet. */
const QUOTING: ReadonlySet<number> = new Set([3, 4, 5, 11, 12])
const REDIRECT = 5
/** Echo, timestamp: identifier and sequence number. */
const COUNTED: ReadonlySet<number> = new Set([0, 8, 13, 14])

export function icmp4(canvas: Canvas, at: number, packet: Packet): void {
  if (!canvas.has(at + 8)) return
  const type = canvas.data[at]
  canvas.keep(at, 2)
  if (type === REDIRECT) canvas.ipv4(at + 4)
  else if (QUOTING.has(type) || COUNTED.has(type)) canvas.keep(at + 4, 4)
  if (QUOTING.has(type)) ip(canvas, at + 8, packet.end, false)
  if (!packet.whole || !packet.complete) return
  writeChecksum(canvas, { field: at + 2, at, end: packet.end, pseudo: 0, newPseudo: 0, length: 0 })
}

/** Router and neighbour messages: bytes before the target address, and before the options. */
const DISCOVERY: Readonly<Record<number, { target: number; options: number }>> = {
  133: { target: 0, options: 8 },
  134: { target: 0, options: 16 },
  135: { target: 8, options: 24 },
  136: { target: 8, options: 24 },
  137: { target: 8, options: 40 },
}

export function icmp6(canvas: Canvas, at: number, packet: Packet): void {
  if (!canvas.has(at + 8)) return
  const type = canvas.data[at]
  canvas.keep(at, 2)
  canvas.keep(at + 4, 4)
  const discovery = DISCOVERY[type]
  if (type < 128) ip(canvas, at + 8, packet.end, false)
  else if (discovery) {
    if (discovery.target > 0) canvas.ipv6(at + discovery.target)
    if (type === 137) canvas.ipv6(at + 24)
    discoveryOptions(canvas, at + discovery.options, packet.end)
  }
  if (!packet.whole || !packet.complete) return
  writeChecksum(canvas, {
    field: at + 2,
    at,
    end: packet.end,
    pseudo: packet.before + PROTOCOL_ICMP6,
    newPseudo: packet.after + PROTOCOL_ICMP6,
    length: packet.end - at,
  })
}

/** Kind, length in units of eight bytes; 1 and 2 are link-layer addresses, what else there is stays blank. */
function discoveryOptions(canvas: Canvas, from: number, end: number): void {
  for (let at = from; at + 8 <= end && canvas.has(at + 8); at += canvas.data[at + 1] << 3) {
    if (canvas.data[at + 1] === 0) return
    canvas.keep(at, 2)
    if (canvas.data[at] === 1 || canvas.data[at] === 2) canvas.mac(at + 2)
  }
}

/** Ethernet and IPv4 only; anything else stays blank behind its lengths. */
export function arp(canvas: Canvas, at: number): void {
  if (!canvas.has(at + 8)) return
  canvas.keep(at, 8)
  if (u16(canvas.data, at + 4) !== 0x0604) return
  canvas.mac(at + 8)
  canvas.ipv4(at + 14)
  canvas.mac(at + 18)
  canvas.ipv4(at + 24)
}
