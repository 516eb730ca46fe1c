/** IPv4 (RFC 791), IPv6 (RFC 8200) and its extension headers: addresses replaced, options blanked, lengths and identification kept. */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'
import { writeChecksum } from './checksum.js'
import { transport } from './transport.js'

/** What a header says to the one behind it. */
export interface Packet {
  /** End by the IP length, maybe beyond what was captured. */
  end: number
  /** Sums of both addresses, before and after (for pseudo headers). */
  before: number
  after: number
  /** False for a fragment: no checksum can be told. */
  whole: boolean
  /** False inside an ICMP error: the packet is cut there whatever its length says. */
  complete: boolean
}

/** IP of either version, by the first nibble; anything else stays blank. */
export function ip(canvas: Canvas, at: number, end: number, complete = true): void {
  if (!canvas.has(at + 1)) return
  const version = canvas.data[at] >> 4
  if (version === 4) ipv4(canvas, at, end, complete)
  else if (version === 6) ipv6(canvas, at, end, complete)
}

function ipv4(canvas: Canvas, at: number, end: number, complete: boolean): void {
  const { data } = canvas
  const body = at + ((data[at] & 15) << 2)
  if (!canvas.has(at + 20) || body < at + 20) return
  canvas.keep(at, 10)
  canvas.ipv4(at + 12)
  canvas.ipv4(at + 16)
  const total = u16(data, at + 2)
  const packetEnd = total === 0 || at + total > end ? end : at + total
  writeChecksum(canvas, { field: at + 10, at, end: body, pseudo: 0, newPseudo: 0, length: 0 })
  if (packetEnd < body) return
  canvas.narrow(packetEnd)
  const fragment = u16(data, at + 6)
  const packet: Packet = {
    end: packetEnd,
    before: canvas.sumOriginal(at + 12, at + 20),
    after: canvas.sumCopy(at + 12, at + 20),
    whole: (fragment & 0x3fff) === 0,
    complete,
  }
  if ((fragment & 0x1fff) === 0) transport(canvas, data[at + 9], body, packet)
}

function ipv6(canvas: Canvas, at: number, end: number, complete: boolean): void {
  if (!canvas.has(at + 40)) return
  const { data } = canvas
  canvas.keep(at, 8)
  canvas.ipv6(at + 8)
  canvas.ipv6(at + 24)
  const length = u16(data, at + 4)
  const packet: Packet = {
    // Zero: a jumbogram, or a packet from before segmentation.
    end: length === 0 || at + 40 + length > end ? end : at + 40 + length,
    before: canvas.sumOriginal(at + 8, at + 40),
    after: canvas.sumCopy(at + 8, at + 40),
    whole: true,
    complete,
  }
  canvas.narrow(packet.end)
  nextHeader(canvas, data[at + 6], at + 40, packet)
}

const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION_OPTIONS = 60
const JUMBO = 0xc2

/** Walks the extension headers to what they carry. */
function nextHeader(canvas: Canvas, first: number, from: number, packet: Packet): void {
  const { data } = canvas
  let kind = first
  let at = from
  while (canvas.has(at + 8)) {
    switch (kind) {
      case HOP_BY_HOP:
      case DESTINATION_OPTIONS:
        // Zeros are padding; a jumbo payload length is the packet's own.
        canvas.keep(at, data[at + 2] === JUMBO ? 8 : 2)
        break
      case ROUTING:
        routing(canvas, at)
        break
      case AUTHENTICATION:
        canvas.keep(at, 12)
        kind = data[at]
        at += (data[at + 1] + 2) << 2
        continue
      case FRAGMENT:
        canvas.keep(at, 8)
        packet.whole &&= (u16(data, at + 2) & 0xfff9) === 0
        if ((u16(data, at + 2) & 0xfff8) !== 0) return
        kind = data[at]
        at += 8
        continue
      default:
        return transport(canvas, kind, at, packet)
    }
    kind = data[at]
    at += (data[at + 1] + 1) << 3
  }
}

/** RFC 8200 §4.4, RFC 8754 §2: the addresses begin behind eight bytes. */
function routing(canvas: Canvas, at: number): void {
  canvas.keep(at, 8)
  const end = at + ((canvas.data[at + 1] + 1) << 3)
  for (let address = at + 8; address + 16 <= end; address += 16) canvas.ipv6(address)
}
