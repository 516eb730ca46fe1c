/** Ethernet frames and capture files from a few numbers, fast enough for millions. */
import { idb, shb } from '../capture/build.js'

export interface Packet {
  source: number
  destination: number
  sourcePort: number
  destinationPort: number
  flags: number
  seq: number
  ack: number
  /** Microseconds since the capture's begin. */
  us: number
  payload?: number
  window?: number
  hopLimit?: number
  ipId?: number
  /** Flags and offset word of IPv4. */
  fragment?: number
  /** IPv4 headers around it. */
  nesting?: number
}

const ETHERNET = 14
const IP = 20
const TCP = 20
const START = 1_700_000_000

function sizeOf({ payload = 0, nesting = 0 }: Packet): number {
  return ETHERNET + IP * (nesting + 1) + TCP + payload
}

/** Writes a frame at `at`; checksums are left out, as offloading leaves them. */
function writePacket(b: Buffer, at: number, p: Packet): void {
  const { payload = 0, nesting = 0, hopLimit = 64, ipId = 1, fragment = 0x4000 } = p
  b.fill(2, at, at + 12)
  b.writeUInt16BE(0x0800, at + 12)
  let ip = at + ETHERNET
  for (let left = nesting; left >= 0; left--, ip += IP) {
    b.writeUInt16BE(0x4500, ip)
    b.writeUInt16BE(IP * (left + 1) + TCP + payload, ip + 2)
    b.writeUInt16BE(ipId, ip + 4)
    b.writeUInt16BE(left > 0 ? 0x4000 : fragment, ip + 6)
    b.writeUInt16BE((hopLimit << 8) | (left > 0 ? 4 : 6), ip + 8)
    b.writeUInt16BE(0, ip + 10)
    b.writeUInt32BE(p.source, ip + 12)
    b.writeUInt32BE(p.destination, ip + 16)
  }
  b.writeUInt16BE(p.sourcePort, ip)
  b.writeUInt16BE(p.destinationPort, ip + 2)
  b.writeUInt32BE(p.seq >>> 0, ip + 4)
  b.writeUInt32BE(p.ack >>> 0, ip + 8)
  b.writeUInt16BE(0x5000 | p.flags, ip + 12)
  b.writeUInt16BE(p.window ?? 502, ip + 14)
  b.writeUInt32BE(0, ip + 16)
  b.fill(0x61, ip + TCP, ip + TCP + payload)
}

function tcpPacket(p: Packet): Uint8Array {
  const bytes = Buffer.alloc(sizeOf(p))
  writePacket(bytes, 0, p)
  return bytes
}

/** A classic pcap; packets are put in order of time. */
export function pcapFrom(packets: Iterable<Packet>): Uint8Array {
  const list = [...packets].sort((a, b) => a.us - b.us)
  const total = list.reduce((sum, p) => sum + 16 + sizeOf(p), 24)
  const b = Buffer.alloc(total)
  b.writeUInt32LE(0xa1b2c3d4, 0)
  b.writeUInt32LE(0x00040002, 4)
  b.writeUInt32LE(262144, 16)
  b.writeUInt32LE(1, 20)
  let at = 24
  for (const p of list) {
    const size = sizeOf(p)
    at = writeRecord(b, at, p, size)
  }
  return b
}

/** What stands before the records of `pcapFrom`. */
export const pcapHeader = (): Uint8Array => pcapFrom([])

/** Bytes of a piece of a stream: enough for many records, small enough for a pipe. */
const PIECE = 1 << 18

/** Records one after the other, in pieces; packets are taken in the order they come. */
export function* records(packets: Iterable<Packet>): Generator<Uint8Array> {
  let b = Buffer.alloc(PIECE)
  let at = 0
  for (const p of packets) {
    const size = sizeOf(p)
    if (at + 16 + size > PIECE) {
      yield b.subarray(0, at)
      b = Buffer.alloc(PIECE)
      at = 0
    }
    at = writeRecord(b, at, p, size)
  }
  yield b.subarray(0, at)
}

/** @returns where the next one begins */
function writeRecord(b: Buffer, at: number, p: Packet, size: number): number {
  b.writeUInt32LE(START + Math.floor(p.us / 1e6), at)
  b.writeUInt32LE(p.us % 1e6, at + 4)
  b.writeUInt32LE(size, at + 8)
  b.writeUInt32LE(size, at + 12)
  writePacket(b, at + 16, p)
  return at + 16 + size
}

/** A pcapng with many interfaces, a packet on each in turn. */
export function pcapngFrom(interfaces: number, packets: Iterable<Packet>): Uint8Array {
  const parts: Uint8Array[] = [shb()]
  for (let i = 0; i < interfaces; i++) parts.push(idb())
  let i = 0
  for (const p of packets) {
    const packet = tcpPacket(p)
    const padded = (packet.length + 3) & ~3
    const block = Buffer.alloc(32 + padded)
    const micros = BigInt(START) * 1_000_000n + BigInt(p.us)
    block.writeUInt32LE(6, 0)
    block.writeUInt32LE(32 + padded, 4)
    block.writeUInt32LE(i++ % interfaces, 8)
    block.writeUInt32LE(Number(micros >> 32n), 12)
    block.writeUInt32LE(Number(micros & 0xffffffffn), 16)
    block.writeUInt32LE(packet.length, 20)
    block.writeUInt32LE(packet.length, 24)
    block.set(packet, 28)
    block.writeUInt32LE(32 + padded, 28 + padded)
    parts.push(block)
  }
  return new Uint8Array(Buffer.concat(parts))
}
