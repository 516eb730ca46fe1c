/**
 * Zstandard, RFC 8878: frames one after another, walked block by block; no block yields more than 128 KiB at once.
 *
 * The decoder is our own: node:zlib has zstd from 22.15 on only, and decoders for whole streams allocate the window that a header of nine
 * bytes asks for, and move all of it for every block. Checksums are not verified. Where speed matters, `zstd -dc FILE | rst-analyze -`.
 */
import { CaptureError, printable } from '../error.js'
import type { ByteSource } from '../source.js'
import { corrupt, cutShort, Defect, type PackedInput, packedInput, unpackedSource } from '../unpacker.js'
import { ZstdDamage } from './bits.js'
import { FrameDecoder, MAX_BLOCK } from './decoder.js'

const MAGIC = 0xfd2fb528
/** What `zstd` itself accepts without --long. */
const MAX_WINDOW = 128 * 1024 * 1024

interface FrameHeader {
  bytes: number
  windowBytes: number
  hasChecksum: boolean
}

export function zstdSource(packed: ByteSource, label: string): ByteSource {
  return unpackedSource(frames(packedInput(packed, MAX_BLOCK + 64), label), packed)
}

async function* frames(input: PackedInput, label: string): AsyncGenerator<Uint8Array, void, void> {
  for (let count = 0; await input.need(1); ) {
    if (!(await input.need(4))) throw count > 0 ? garbage() : cutShort('zstd')
    const magic = u32(input)
    if ((magic & 0xfffffff0) === 0x184d2a50) await skipFrame(input)
    else if (magic === MAGIC) {
      yield* frame(input, label)
      count++
    } else throw count > 0 ? garbage() : corrupt('zstd', 'unknown magic number')
  }
}

const garbage = (): Defect =>
  new Defect('trailing-garbage', 'bytes after the end of the zstd data were ignored')

const u32 = (input: PackedInput): number =>
  new DataView(input.bytes.buffer, input.start, 4).getUint32(0, true)

/** §3.1.2: magic (4) · size (4) · user data. */
async function skipFrame(input: PackedInput): Promise<void> {
  if (!(await input.need(8))) throw cutShort('zstd')
  input.start += 4
  let left = u32(input)
  input.start += 4
  while (left > 0) {
    if (!(await input.need(1))) throw cutShort('zstd')
    const step = Math.min(left, input.end - input.start)
    input.start += step
    left -= step
  }
}

async function* frame(input: PackedInput, label: string): AsyncGenerator<Uint8Array, void, void> {
  const header = await frameHeader(input)
  if (header.windowBytes > MAX_WINDOW) {
    const mebibytes = Math.ceil(header.windowBytes / (1 << 20))
    throw new CaptureError(
      `${printable(label)} needs a zstd window of ${mebibytes} MiB, more than 128 MiB: unpack it first (zstd -d --long=31), or pipe it in (zstd -dc --long=31 FILE | rst-analyze -)`,
    )
  }
  const decoder = new FrameDecoder(header.windowBytes)
  input.start += header.bytes
  for (let last = false; !last; ) {
    if (!(await input.need(3))) throw cutShort('zstd')
    const block = blockHeader(input)
    last = block.last
    if (!(await input.need(3 + block.packed))) throw cutShort('zstd')
    const chunk = decode(decoder, block, input.bytes, input.start + 3)
    input.start += 3 + block.packed
    if (chunk.length > 0) yield chunk
  }
  if (!header.hasChecksum) return
  if (!(await input.need(4))) throw cutShort('zstd')
  input.start += 4
}

function decode(decoder: FrameDecoder, { type, size }: Block, bytes: Uint8Array, at: number): Uint8Array {
  try {
    if (type === 0) return decoder.raw(bytes, at, size)
    return type === 1 ? decoder.repeated(bytes[at], size) : decoder.compressed(bytes, at, size)
  } catch (error) {
    if (error instanceof ZstdDamage) throw corrupt('zstd', error.message)
    throw error
  }
}

/** §3.1.1.1. Only looks; the bytes stay. */
async function frameHeader(input: PackedInput): Promise<FrameHeader> {
  if (!(await input.need(6))) throw cutShort('zstd')
  const descriptor = input.bytes[input.start + 4]
  if (descriptor & 8) throw corrupt('zstd', 'reserved bit set')
  const singleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]
  const sizeBytes = descriptor >> 6 ? 1 << (descriptor >> 6) : singleSegment ? 1 : 0
  const sizeAt = 5 + (singleSegment ? 0 : 1) + dictionaryBytes
  const bytes = sizeAt + sizeBytes
  if (!(await input.need(bytes))) throw cutShort('zstd')
  for (let i = sizeAt - dictionaryBytes; i < sizeAt; i++) {
    if (input.bytes[input.start + i] !== 0) throw corrupt('zstd', 'it needs a dictionary')
  }
  const windowByte = input.bytes[input.start + 5]
  const base = 2 ** (10 + (windowByte >> 3))
  const windowBytes = singleSegment
    ? contentSize(input, sizeAt, sizeBytes)
    : base + (base / 8) * (windowByte & 7)
  return { bytes, windowBytes, hasChecksum: (descriptor & 4) !== 0 }
}

function contentSize(input: PackedInput, at: number, bytes: number): number {
  let size = bytes === 2 ? 256 : 0
  for (let i = 0; i < bytes; i++) size += input.bytes[input.start + at + i] * 2 ** (8 * i)
  return size
}

interface Block {
  last: boolean
  /** 0 raw, 1 one byte repeated, 2 compressed. */
  type: number
  /** Unpacked, of a compressed block packed. */
  size: number
  /** Bytes behind the header. */
  packed: number
}

/** §3.1.1.2: bit 0 last, bits 1-2 type, then the size. */
function blockHeader({ bytes, start }: PackedInput): Block {
  const word = bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16)
  const type = (word >> 1) & 3
  const size = word >> 3
  if (type === 3 || size > MAX_BLOCK) throw corrupt('zstd', 'impossible block')
  return { last: (word & 1) === 1, type, size, packed: type === 1 ? 1 : size }
}
