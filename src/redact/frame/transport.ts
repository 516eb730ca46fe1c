/** What IP carries: TCP, UDP, ICMP and tunnels. Headers stay, everything that they carry and nobody knows is blank. */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'
import { writeChecksum } from './checksum.js'
import { icmp4, icmp6 } from './icmp.js'
import { ip, type Packet } from './ip.js'
import { ethernet, mpls } from './link.js'
import { gre, udpTunnel } from './tunnel.js'

/** https://www.iana.org/assignments/protocol-numbers */
export const TCP = 6
const UDP = 17

export function transport(canvas: Canvas, protocol: number, at: number, packet: Packet): void {
  switch (protocol) {
    case TCP:
      return tcp(canvas, at, packet)
    case UDP:
      return udp(canvas, at, packet)
    case 1:
      return icmp4(canvas, at, packet)
    case 58:
      return icmp6(canvas, at, packet)
    case 4:
    case 41:
      return ip(canvas, at, packet.end)
    case 47:
      return gre(canvas, at, packet.end)
    case 97: // EtherIP (RFC 3378)
      canvas.keep(at, 2)
      return ethernet(canvas, at + 2, packet.end)
    case 137: // RFC 4023
      return mpls(canvas, at, packet.end)
    case 143: // RFC 8986 §9
      return ethernet(canvas, at, packet.end)
  }
}

/** RFC 9293 §3.1. */
function tcp(canvas: Canvas, at: number, packet: Packet): void {
  const { data } = canvas
  if (!canvas.has(at + 4)) return
  // An ICMP error quotes eight bytes at least.
  canvas.keep(at, 16)
  if (!canvas.has(at + 16)) return
  canvas.keep(at + 18, 2)
  const headerEnd = at + ((data[at + 12] >> 4) << 2)
  if (headerEnd > at + 20) tcpOptions(canvas, at + 20, headerEnd < packet.end ? headerEnd : packet.end)
  if (packet.whole && packet.complete) checksum(canvas, at, at + 16, TCP, packet)
}

/** Kinds whose values tell of stacks and never of hosts: MSS, window scale, SACK permitted, SACK, timestamps. */
const PLAIN_OPTIONS: ReadonlySet<number> = new Set([2, 3, 4, 5, 8])
const NO_OPERATION = 1
const MULTIPATH = 30
const FAST_OPEN = 34

/** Other options may bear addresses (load balancers), cookies and signatures: no-operation takes their place. */
function tcpOptions(canvas: Canvas, from: number, end: number): void {
  const { data } = canvas
  let at = from
  while (at < end && canvas.has(at + 1)) {
    const kind = data[at]
    if (kind === 0) return
    const length = kind === NO_OPERATION ? 1 : at + 1 < canvas.captured ? data[at + 1] : 0
    if (length === 0 || (kind !== NO_OPERATION && length < 2) || at + length > end) return canvas.keep(at, 2)
    // RFC 8684 §3.6: a reset's reason.
    const isReason = kind === MULTIPATH && length === 4 && data[at + 2] >> 4 === 8
    if (PLAIN_OPTIONS.has(kind) || isReason) canvas.keep(at, length)
    else if (kind === FAST_OPEN) canvas.keep(at, 2)
    else for (let i = 0; i < length; i++) canvas.set8(at + i, NO_OPERATION)
    at += length
  }
}

/** RFC 768. */
function udp(canvas: Canvas, at: number, packet: Packet): void {
  const { data } = canvas
  if (!canvas.has(at + 8)) return
  canvas.keep(at, 6)
  const end = Math.min(packet.end, at + Math.max(8, u16(data, at + 4)))
  udpTunnel(canvas, at, end)
  // Zero: none was computed.
  if (!packet.whole || !packet.complete || u16(data, at + 6) === 0) return
  checksum(canvas, at, at + 6, UDP, { ...packet, end })
}

/** With the pseudo header of RFC 9293 §3.1 and RFC 8200 §8.1. */
export function checksum(canvas: Canvas, at: number, field: number, protocol: number, packet: Packet): void {
  writeChecksum(canvas, {
    field,
    at,
    end: packet.end,
    pseudo: packet.before + protocol,
    newPseudo: packet.after + protocol,
    length: packet.end - at,
  })
}
