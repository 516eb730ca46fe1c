/** Takes the lab's captures apart and writes them anew: other clocks, other snap lengths, other formats, parts of them. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Packet {
  /** Nanoseconds since 1970. */
  timeNs: bigint
  originalLength: number
  data: Buffer
}

export interface Capture {
  linkType: number
  packets: Packet[]
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-compare-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
let files = 0

/** Reads a classic pcap in this machine's byte order, microseconds or nanoseconds. */
export function readPcap(file: string): Capture {
  const bytes = fs.readFileSync(file)
  const unit = bytes.readUInt32LE(0) === 0xa1b23c4d ? 1n : 1000n
  const packets: Packet[] = []
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8)
    const timeNs = BigInt(bytes.readUInt32LE(at)) * 1_000_000_000n + BigInt(bytes.readUInt32LE(at + 4)) * unit
    packets.push({
      timeNs,
      originalLength: bytes.readUInt32LE(at + 12),
      data: bytes.subarray(at + 16, at + 16 + length),
    })
    at += 16 + length
  }
  return { linkType: bytes.readUInt32LE(20), packets }
}

/** Nanosecond pcap in a temporary folder. */
export function writePcap({ linkType, packets }: Capture): string {
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b23c4d, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(262144, 16)
  head.writeUInt32LE(linkType, 20)
  const records = packets.flatMap(({ timeNs, originalLength, data }) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(Number(timeNs / 1_000_000_000n), 0)
    record.writeUInt32LE(Number(timeNs % 1_000_000_000n), 4)
    record.writeUInt32LE(data.length, 8)
    record.writeUInt32LE(originalLength, 12)
    return [record, data]
  })
  return write(Buffer.concat([head, ...records]), 'pcap')
}

/** pcapng with one interface, microseconds. */
export function writePcapng({ linkType, packets }: Capture): string {
  const section = Buffer.alloc(16)
  section.writeUInt32LE(0x1a2b3c4d, 0)
  section.writeUInt16LE(1, 4)
  section.writeBigInt64LE(-1n, 8)
  const description = Buffer.alloc(8)
  description.writeUInt16LE(linkType, 0)
  const blocks = [block(0x0a0d0d0a, section), block(1, description)]
  for (const { timeNs, originalLength, data } of packets) {
    const head = Buffer.alloc(20)
    head.writeUInt32LE(Number((timeNs / 1000n) >> 32n), 4)
    head.writeUInt32LE(Number((timeNs / 1000n) & 0xffffffffn), 8)
    head.writeUInt32LE(data.length, 12)
    head.writeUInt32LE(originalLength, 16)
    blocks.push(block(6, Buffer.concat([head, data, Buffer.alloc((4 - (data.length % 4)) % 4)])))
  }
  return write(Buffer.concat(blocks), 'pcapng')
}

function block(type: number, body: Buffer): Buffer {
  const frame = Buffer.alloc(12 + body.length)
  frame.writeUInt32LE(type, 0)
  frame.writeUInt32LE(frame.length, 4)
  body.copy(frame, 8)
  frame.writeUInt32LE(frame.length, 8 + body.length)
  return frame
}

function write(bytes: Buffer, extension: string): string {
  const file = path.join(folder, `${++files}.${extension}`)
  fs.writeFileSync(file, bytes)
  return file
}

/** The same file, compressed. */
export function gzipped(file: string): string {
  return write(gzipSync(fs.readFileSync(file)), 'pcapng.gz')
}

/** The same capture by a clock that is ahead by so much and runs faster by so many millionths. */
export function onOtherClock(capture: Capture, aheadMs: number, ppm = 0): Capture {
  const start = capture.packets[0]?.timeNs ?? 0n
  const shift = BigInt(Math.round(aheadMs * 1e6))
  const packets = capture.packets.map(p => ({
    ...p,
    timeNs: p.timeNs + shift + BigInt(Math.round((Number(p.timeNs - start) * ppm) / 1e6)),
  }))
  return { ...capture, packets }
}

/** The same capture by a program that keeps so many bytes of each packet. */
export function snapped(capture: Capture, bytes: number): Capture {
  return { ...capture, packets: capture.packets.map(p => ({ ...p, data: p.data.subarray(0, bytes) })) }
}

/** A part of a capture: packets number `from` (counted from 0) up to and without `to`. */
export function part(capture: Capture, from: number, to?: number): Capture {
  return { ...capture, packets: capture.packets.slice(from, to) }
}
