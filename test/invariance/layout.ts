/** A packet's headers and its checksums. */
import { internetChecksum } from '../wire/bytes.js'

export interface Packet {
  timeNs: number
  /** LINKTYPE_ number. */
  link: number
  bytes: Uint8Array
  originalLength: number
  /** Frame number in the original capture; 0 = added. */
  frame: number
}

/** Where the headers of a TCP packet stand; undefined for anything else, fragments and tunnels included. */
export interface Layout {
  ip: number
  version: 4 | 6
  tcp: number
  /** End of the TCP segment by the IP header, within what was captured. */
  end: number
  whole: boolean
}

export const u16 = (b: Uint8Array, at: number) => (b[at] << 8) | b[at + 1]
export const u32 = (b: Uint8Array, at: number) =>
  ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0
export const put16 = (b: Uint8Array, at: number, v: number) => b.set([(v >> 8) & 255, v & 255], at)
export const put32 = (b: Uint8Array, at: number, v: number) =>
  b.set([v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255], at)

/** Offset of the IP header: Ethernet with VLAN tags, raw IP, Linux cooked, loopback. */
export function ipOffset({ link, bytes }: Packet): number | undefined {
  if (link === 101) return 0
  if (link === 0) return 4
  if (link === 276) return [0x0800, 0x86dd].includes(u16(bytes, 0)) ? 20 : undefined
  if (link === 113) return [0x0800, 0x86dd].includes(u16(bytes, 14)) ? 16 : undefined
  if (link !== 1) return undefined
  let at = 12
  while (u16(bytes, at) === 0x8100 || u16(bytes, at) === 0x88a8) at += 4
  return [0x0800, 0x86dd].includes(u16(bytes, at)) ? at + 2 : undefined
}

export function layoutOf(packet: Packet): Layout | undefined {
  const ip = ipOffset(packet)
  const { bytes } = packet
  if (ip === undefined || bytes.length < ip + 20) return undefined
  const version = bytes[ip] >> 4
  const v4 = version === 4
  if (v4 ? bytes[ip + 9] !== 6 || (u16(bytes, ip + 6) & 0x3fff) !== 0 : version !== 6 || bytes[ip + 6] !== 6)
    return undefined
  const tcp = v4 ? ip + (bytes[ip] & 15) * 4 : ip + 40
  if (bytes.length < tcp + 20) return undefined
  const length = v4 ? u16(bytes, ip + 2) : 40 + u16(bytes, ip + 4)
  // Segmentation offload leaves 0.
  const end = length === 0 ? bytes.length : ip + length
  return { ip, version: v4 ? 4 : 6, tcp, end: Math.min(end, bytes.length), whole: end <= bytes.length }
}

export const clone = (p: Packet): Packet => ({ ...p, bytes: p.bytes.slice() })

/** Changes TCP packets in place of a copy and keeps their checksums what they were: right, unfinished or wrong. */
export function edit(packets: Packet[], change: (bytes: Uint8Array, at: Layout) => void): Packet[] {
  return packets.map(packet => {
    const at = layoutOf(packet)
    if (!at) return packet
    const copy = clone(packet)
    const before = checksumKind(copy.bytes, at)
    change(copy.bytes, at)
    if (at.version === 4) {
      put16(copy.bytes, at.ip + 10, 0)
      put16(copy.bytes, at.ip + 10, internetChecksum([...copy.bytes.subarray(at.ip, at.tcp)]))
    }
    if (before !== 'other')
      put16(
        copy.bytes,
        at.tcp + 16,
        before === 'right' ? rightChecksum(copy.bytes, at) : pseudoSum(copy.bytes, at),
      )
    return copy
  })
}

function pseudoHeader(b: Uint8Array, { ip, version, tcp, end }: Layout): number[] {
  const addresses = version === 4 ? b.subarray(ip + 12, ip + 20) : b.subarray(ip + 8, ip + 40)
  const length = end - tcp
  return [...addresses, 0, 0, length >> 8, length & 255, 0, 0, 0, 6]
}

export const pseudoSum = (b: Uint8Array, at: Layout) => ~internetChecksum(pseudoHeader(b, at)) & 0xffff

export function rightChecksum(b: Uint8Array, at: Layout): number {
  const segment = [...b.subarray(at.tcp, at.end)]
  segment[16] = segment[17] = 0
  return internetChecksum(pseudoHeader(b, at), segment)
}

export function checksumKind(b: Uint8Array, at: Layout): 'right' | 'unfinished' | 'other' {
  const value = u16(b, at.tcp + 16)
  if (value === pseudoSum(b, at)) return 'unfinished'
  return at.whole && value === rightChecksum(b, at) ? 'right' : 'other'
}
