/** Puts frames before tshark and the decoder and tells where they differ. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newBatch } from '../../src/frames.js'
import type { Frame, FrameBatch } from '../../src/model.js'
import { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { Segment } from '../../src/wire/segment.js'
import { FOUND_TCP, FOUND_ICMP_ERROR } from '../../src/wire/walk.js'
import { tsharkFields } from '../oracle.js'

/** One frame of a test capture. */
export interface TestFrame {
  name: string
  linkType: number
  bytes: ArrayLike<number>
  /** Bytes on the wire when it was cut; default: as captured. */
  originalLength?: number
}

/** What one judge saw of a frame: the flags of every TCP header (the decoder: the one it chose). */
export interface Sight {
  flags: number[]
  icmp: boolean
  sourcePort: number
  seq: number
  payloadBytes: number
}

/** A classic pcap of one link type; seconds count up, so that no reassembly times out. */
export function pcapBytes(linkType: number, frames: TestFrame[]): Buffer {
  const parts: Buffer[] = []
  const head = Buffer.alloc(24)
  head.writeUInt32LE(0xa1b2c3d4, 0)
  head.writeUInt16LE(2, 4)
  head.writeUInt16LE(4, 6)
  head.writeUInt32LE(262144, 16)
  head.writeUInt32LE(linkType, 20)
  parts.push(head)
  frames.forEach((frame, i) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(1_700_000_000 + Math.floor(i / 1000), 0)
    record.writeUInt32LE((i % 1000) * 1000, 4)
    record.writeUInt32LE(frame.bytes.length, 8)
    record.writeUInt32LE(frame.originalLength ?? frame.bytes.length, 12)
    parts.push(record, Buffer.from(frame.bytes as number[]))
  })
  return Buffer.concat(parts)
}

/** Link types whose files tshark 4.0 refuses to open: it cannot judge them. */
const REFUSED = new Set([132, 134, 166, 182, 194, 200, 205, 206])

/** A pcapng with one interface per link type. */
export function pcapngBytes(frames: TestFrame[]): Buffer {
  const links = [...new Set(frames.map(frame => frame.linkType))]
  const parts = [block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'))]
  for (const link of links) {
    const body = Buffer.alloc(8)
    body.writeUInt16LE(link, 0)
    parts.push(block(1, body))
  }
  frames.forEach((frame, i) => {
    const head = Buffer.alloc(20)
    head.writeUInt32LE(links.indexOf(frame.linkType), 0)
    const micros = BigInt(i) * 1000n + 1_700_000_000_000_000n
    head.writeUInt32LE(Number(micros >> 32n), 4)
    head.writeUInt32LE(Number(micros & 0xffffffffn), 8)
    head.writeUInt32LE(frame.bytes.length, 12)
    head.writeUInt32LE(frame.originalLength ?? frame.bytes.length, 16)
    parts.push(block(6, Buffer.concat([head, Buffer.from(frame.bytes as number[])])))
  })
  return Buffer.concat(parts)
}

function block(type: number, body: Buffer): Buffer {
  const length = 12 + Math.ceil(body.length / 4) * 4
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32LE(type, 0)
  bytes.writeUInt32LE(length, 4)
  body.copy(bytes, 8)
  bytes.writeUInt32LE(length, length - 4)
  return bytes
}

const directory = mkdtempSync(join(tmpdir(), 'rst-analyze-wire-'))
let files = 0

/** What tshark sees; fewer than the frames when it stopped at one that its file reader calls malformed. */
export function tsharkSights(frames: TestFrame[]): Sight[] {
  const path = join(directory, `${files++}.pcapng`)
  writeFileSync(path, pcapngBytes(frames))
  const fields = [
    'frame.number',
    'tcp.flags',
    'icmp.type',
    'icmpv6.type',
    'tcp.srcport',
    'tcp.seq_raw',
    'tcp.len',
  ]
  return tsharkFields(path, fields).map(row => ({
    flags: row[1].map(Number),
    icmp: row[2].length > 0 || row[3].length > 0,
    sourcePort: Number(row[4].at(-1) ?? -1),
    seq: Number(row[5].at(-1) ?? -1),
    payloadBytes: Number(row[6].at(-1) ?? -1),
  }))
}

export function ourSights(frames: TestFrame[], notes = new Notes()): Sight[] {
  const decoder = createDecoder(notes)
  const segment = new Segment()
  return frames.map((frame, i) => {
    const found = decoder.decode(asFrame(frame, i + 1), segment)
    const tcp = found === FOUND_TCP
    return {
      flags: tcp ? [segment.flags] : [],
      icmp: found === FOUND_ICMP_ERROR,
      sourcePort: tcp ? segment.sourcePort : -1,
      seq: tcp ? segment.seq >>> 0 : -1,
      payloadBytes: tcp ? segment.payloadBytes : -1,
    }
  })
}

/** The record as the readers would hand it over. */
export function asFrame(frame: TestFrame, number: number): Frame {
  const data = Uint8Array.from(frame.bytes)
  return {
    number,
    capture: 0,
    timeNs: number * 1e6,
    data,
    start: 0,
    end: data.length,
    originalLength: frame.originalLength ?? data.length,
    linkType: frame.linkType,
  }
}

/** A batch of one record that ends where its captured bytes do: whoever looks beyond throws. */
export function batchOf(frame: Frame): FrameBatch {
  const { data } = frame
  const batch = newBatch(frame.capture, 1)
  batch.length = 1
  batch.data = data
  batch.view = new DataView(data.buffer, data.byteOffset, frame.end)
  batch.number[0] = frame.number
  batch.timeNs[0] = frame.timeNs
  batch.start[0] = frame.start
  batch.end[0] = frame.end
  batch.originalLength[0] = frame.originalLength
  batch.linkType[0] = frame.linkType
  return batch
}

export interface Difference {
  frame: TestFrame
  number: number
  tshark: Sight
  ours: Sight
}

/** Frames where the two disagree: whether there is TCP at all, its flags, ports, numbers and length. */
export function differences(frames: TestFrame[]): Difference[] {
  const judged = frames.filter(frame => !REFUSED.has(frame.linkType))
  const theirs = tsharkSights(judged)
  const ours = ourSights(judged)
  if (theirs.length !== judged.length) {
    throw new Error(`tshark read ${theirs.length} of ${judged.length} frames: ${judged[theirs.length]?.name}`)
  }
  const found: Difference[] = []
  judged.forEach((frame, i) => {
    if (!agree(theirs[i], ours[i])) found.push({ frame, number: i + 1, tshark: theirs[i], ours: ours[i] })
  })
  return found
}

function agree(tshark: Sight, ours: Sight): boolean {
  if (tshark.icmp) return true
  if ((tshark.flags.length === 0) !== (ours.flags.length === 0)) return false
  if (ours.flags.length === 0) return true
  if (tshark.flags.some(flags => flags & 4) !== ((ours.flags[0] & 4) !== 0)) return false
  if (tshark.flags.length > 1) return true
  // tshark gives no length where the data offset lies behind the segment.
  const length = tshark.payloadBytes < 0 || tshark.payloadBytes === ours.payloadBytes
  const header = tshark.sourcePort === ours.sourcePort && tshark.seq === ours.seq
  return tshark.flags[0] === ours.flags[0] && header && length
}
