/**
 * Zstandard, RFC 8878: frames one after another. Walked block by block, so that a window is known before anything allocates it,
 * and no block yields more than 128 KiB at once.
 *
 * Blocks are decoded by fzstd. node:zlib has zstd from 22.15 on, but only for whole streams; where speed matters,
 * `zstd -dc FILE | rst-analyze -` is faster than either.
 */
import { Decompress } from 'fzstd'
import { CaptureError, printable } from './error.js'
import type { ByteSource } from './source.js'
import { corrupt, cutShort, Defect, type PackedInput, packedInput, unpackedSource } from './unpacker.js'

const MAGIC = 0xfd2fb528
const MAX_BLOCK = 128 * 1024
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
  let out: Uint8Array[] = []
  const decoder = new Decompress(chunk => out.push(chunk))
  // The decoder wants the header together with the first block.
  let from = header.bytes
  for (let last = false; !last; ) {
    if (!(await input.need(from + 3))) throw cutShort('zstd')
    const block = blockHeader(input, input.start + from)
    last = block.last
    const bytes = from + 3 + block.bytes + (last && header.hasChecksum ? 4 : 0)
    if (!(await input.need(bytes))) throw cutShort('zstd')
    decode(decoder, input.bytes.slice(input.start, input.start + bytes), last)
    input.start += bytes
    from = 0
    for (const chunk of out) if (chunk.length > 0) yield chunk
    out = []
  }
}

function decode(decoder: Decompress, bytes: Uint8Array, last: boolean): void {
  try {
    decoder.push(bytes, last)
  } catch (error) {
    // Besides its own errors the decoder runs into range and type errors on damaged data.
    throw corrupt('zstd', (error as Error).message)
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

/** §3.1.1.2: bit 0 last, bits 1-2 type (raw, repeated byte, compressed), then the size. */
function blockHeader(input: PackedInput, at: number): { last: boolean; bytes: number } {
  const word = input.bytes[at] | (input.bytes[at + 1] << 8) | (input.bytes[at + 2] << 16)
  const type = (word >> 1) & 3
  const size = word >> 3
  if (type === 3 || size > MAX_BLOCK) throw corrupt('zstd', 'impossible block')
  return { last: (word & 1) === 1, bytes: type === 1 ? 1 : size }
}
