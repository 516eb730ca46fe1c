/** Ways to tell the same traffic otherwise. Pure functions from packets to packets; `frame` keeps the number each had in the original. */
import { zeros } from '../wire/bytes.js'
import {
  checksumKind,
  clone,
  edit,
  ipOffset,
  type Layout,
  layoutOf,
  type Packet,
  pseudoSum,
  put16,
  put32,
  rightChecksum,
  u16,
  u32,
} from './layout.js'

// ── numbers, clocks, names ──────────────────────────────────────────────────────────────────────────────

/**
 * Moves every stream's numbers so that each wraps within its first packets; no two alike, as no two connections of a host are. One that
 * goes on where another one stands is the same, seen under another address (NAT): both move by as much.
 */
export function wrapSequences(packets: Packet[]): Packet[] {
  const streams = new Map<string, { shift: number; begins: number }>()
  const shiftOf = (name: string, begins: number): number => {
    let stream = streams.get(name)
    if (stream === undefined) {
      const same = [...streams.values()].find(s => near(s.begins, begins))
      const early = streams.size % 64
      stream = { shift: same?.shift ?? (0xffffffff - begins - early) >>> 0, begins }
      streams.set(name, stream)
    }
    return stream.shift
  }
  return edit(packets, (b, at) => {
    const own = streamName(b, at, true)
    const peer = streamName(b, at, false)
    const seq = u32(b, at.tcp + 4)
    const ack = u32(b, at.tcp + 8)
    const flags = b[at.tcp + 13]
    // A RST without a number of the stream (the answer to a SYN) stays at 0.
    const foreign = (flags & 4) !== 0 && seq === 0
    if (!foreign) put32(b, at.tcp + 4, seq + shiftOf(own, (seq + 1) >>> 0))
    if (flags & 16) put32(b, at.tcp + 8, ack + shiftOf(peer, ack))
    else if (ack !== 0 && ack === seq) put32(b, at.tcp + 8, ack + shiftOf(own, (seq + 1) >>> 0))
    shiftSack(b, at, streams.get(peer)?.shift ?? 0)
  })
}

/** Within what a connection of a fixture carries. */
const near = (a: number, b: number): boolean => Math.min((a - b) >>> 0, (b - a) >>> 0) < 1 << 20

function streamName(b: Uint8Array, { ip, version, tcp }: Layout, own: boolean): string {
  const size = version === 4 ? 4 : 16
  const from = version === 4 ? ip + 12 : ip + 8
  const ends = [0, 1].map(
    i => `${b.subarray(from + i * size, from + (i + 1) * size).join()} ${u16(b, tcp + 2 * i)}`,
  )
  return (own ? ends : ends.reverse()).join('>')
}

function shiftSack(b: Uint8Array, { tcp }: Layout, shift: number): void {
  const end = Math.min(tcp + (b[tcp + 12] >> 4) * 4, b.length)
  for (let i = tcp + 20; i + 1 < end; ) {
    const kind = b[i]
    if (kind === 0) return
    const length = kind === 1 ? 1 : b[i + 1]
    if (length === 0) return
    if (kind === 5)
      for (let j = i + 2; j + 4 <= Math.min(i + length, end); j += 4) put32(b, j, u32(b, j) + shift)
    i += length
  }
}

export function shiftTime(packets: Packet[], ns: number): Packet[] {
  return packets.map(p => ({ ...p, timeNs: p.timeNs + ns }))
}

/** Other hosts and other ephemeral ports; well-known ports and the loopback network keep their meaning. */
export function renumber(packets: Packet[]): Packet[] {
  return edit(packets, (b, { ip, version, tcp }) => {
    for (const i of [0, 1]) {
      const port = u16(b, tcp + 2 * i)
      if (port >= 32768) put16(b, tcp + 2 * i, 32768 + (((port - 32768) * 5 + 11) & 0x7fff))
      const address = version === 4 ? ip + 12 + 4 * i : ip + 8 + 16 * i
      const loopback =
        version === 4 ? b[address] === 127 : b.subarray(address, address + 15).every(x => x === 0)
      if (!loopback) b[address + (version === 4 ? 1 : 7)] ^= 0x15
    }
  })
}

// ── packaging ───────────────────────────────────────────────────────────────────────────────────────────

function repackaged(
  packets: Packet[],
  link: number,
  header: (p: Packet, type: number) => number[],
): Packet[] {
  return packets.map(packet => {
    const ip = ipOffset(packet)
    if (ip === undefined || packet.link === 0) return packet
    const front = header(packet, packet.bytes[ip] >> 4 === 4 ? 0x0800 : 0x86dd)
    const bytes = Uint8Array.from([...front, ...packet.bytes.subarray(ip)])
    return { ...packet, link, bytes, originalLength: packet.originalLength - ip + front.length }
  })
}

export const toRawIp = (packets: Packet[]) => repackaged(packets, 101, () => [])

export const toCooked = (packets: Packet[]) =>
  repackaged(packets, 113, (_, type) => [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 10, 0, 0, type >> 8, type & 255])

/** One VLAN tag; other link types stay as they are. */
export function tagged(packets: Packet[]): Packet[] {
  return packets.map(p =>
    p.link === 1
      ? {
          ...p,
          bytes: Uint8Array.from([...p.bytes.subarray(0, 12), 0x81, 0, 0, 12, ...p.bytes.subarray(12)]),
          originalLength: p.originalLength + 4,
        }
      : p,
  )
}

/** IPv4 as IPv6 with the same hop limits and no flow label. Identifications are lost. */
export function toIpv6(packets: Packet[]): Packet[] {
  return packets.map(packet => {
    const at = layoutOf(packet)
    if (!at || at.version === 6 || packet.link === 0) return packet
    const { bytes } = packet
    const kind = checksumKind(bytes, at)
    const total = u16(bytes, at.ip + 2)
    const length = total === 0 ? 0 : total - (at.tcp - at.ip)
    const address = (i: number) => {
      const four = [...bytes.subarray(at.ip + 12 + 4 * i, at.ip + 16 + 4 * i)]
      return four[0] === 127 ? [...zeros(15), 1] : [0x20, 1, 0x0d, 0xb8, ...zeros(8), ...four]
    }
    const header = [
      0x60,
      0,
      0,
      0,
      length >> 8,
      length & 255,
      6,
      bytes[at.ip + 8],
      ...address(0),
      ...address(1),
    ]
    const link = [...bytes.subarray(0, at.ip)]
    if (packet.link !== 101) link.splice(packet.link === 276 ? 0 : link.length - 2, 2, 0x86, 0xdd)
    const out = Uint8Array.from([...link, ...header, ...bytes.subarray(at.tcp)])
    const moved: Layout = {
      ip: at.ip,
      version: 6,
      tcp: at.ip + 40,
      end: at.end + at.ip + 40 - at.tcp,
      whole: at.whole,
    }
    if (kind !== 'other')
      put16(out, moved.tcp + 16, kind === 'right' ? rightChecksum(out, moved) : pseudoSum(out, moved))
    return { ...packet, bytes: out, originalLength: packet.originalLength + out.length - bytes.length }
  })
}

/** Every frame twice, 5 µs apart, as a mirror port records it; `lower` routers later. */
export function doubled(packets: Packet[], lower: number): Packet[] {
  return packets.flatMap(p => {
    const copy = { ...clone(p), timeNs: p.timeNs + 5000, frame: p.frame }
    const ip = ipOffset(copy)
    if (ip === undefined || lower === 0) return [p, copy]
    const v4 = copy.bytes[ip] >> 4 === 4
    const at = ip + (v4 ? 8 : 7)
    copy.bytes[at] = copy.bytes[at] - lower
    if (v4) {
      const sum = u16(copy.bytes, ip + 10) + (lower << 8)
      put16(copy.bytes, ip + 10, sum > 0xffff ? (sum & 0xffff) + 1 : sum)
    }
    return [p, copy]
  })
}

/** Records cut behind the TCP header. */
export function headersOnly(packets: Packet[]): Packet[] {
  return packets.map(p => {
    const at = layoutOf(p)
    return at ? { ...p, bytes: p.bytes.slice(0, at.tcp + Math.max(p.bytes[at.tcp + 12] >> 4, 5) * 4) } : p
  })
}

/** Traffic of strangers in between: an exchange after every third packet. */
export function mixed(packets: Packet[]): Packet[] {
  let round = 0
  return packets.flatMap((p, i) => {
    if (i % 3 !== 2) return [p]
    round++
    return [
      p,
      ...stranger(round).map(bytes => ({
        timeNs: p.timeNs,
        link: 1,
        bytes,
        originalLength: bytes.length,
        frame: 0,
      })),
    ]
  })
}

function stranger(round: number): Uint8Array[] {
  const port = 20000 + round
  const segment = (fromClient: boolean, flags: number, seq: number, ack: number) => {
    const b = new Uint8Array(54)
    b.set([
      2,
      0,
      0,
      0,
      1,
      1,
      2,
      0,
      0,
      0,
      1,
      2,
      8,
      0,
      0x45,
      0,
      0,
      40,
      0,
      round & 255,
      0x40,
      0,
      fromClient ? 64 : 50,
      6,
      0,
      0,
    ])
    b.set(fromClient ? [198, 18, 0, 1, 198, 18, 0, 2] : [198, 18, 0, 2, 198, 18, 0, 1], 26)
    put16(b, 34, fromClient ? port : 4433)
    put16(b, 36, fromClient ? 4433 : port)
    put32(b, 38, seq)
    put32(b, 42, ack)
    b.set([0x50, flags, 2, 0], 46)
    return b
  }
  return [
    segment(true, 2, 1000, 0),
    segment(false, 18, 5000, 1001),
    segment(true, 16, 1001, 5001),
    segment(true, 17, 1001, 5001),
    segment(false, 17, 5001, 1002),
  ]
}
