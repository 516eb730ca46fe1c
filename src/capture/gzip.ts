/**
 * gzip, RFC 1952: members one after another, each a header, deflate data and a checksum. Walked by hand, because node:zlib's gunzip
 * throws away a chunk of good data when what follows the last member is not gzip.
 */
import zlib from 'node:zlib'
import type { ByteSource } from './source.js'
import { corrupt, cutShort, Defect, type PackedInput, packedInput, unpackedSource } from './unpacker.js'

const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16

/** @param packedSize of the whole file, null when unknown */
export function gzipSource(packed: ByteSource, packedSize: number | null): ByteSource {
  // node:zlib drops the whole chunk in which it finds damage: small files get small chunks, large ones speed.
  const chunkSize = Math.max(1 << 12, Math.min(1 << 16, Math.floor((packedSize ?? 0) / 16)))
  return unpackedSource(members(packedInput(packed, 1 << 16), chunkSize), packed)
}

async function* members(input: PackedInput, chunkSize: number): AsyncGenerator<Uint8Array, void, void> {
  for (let count = 0; await input.need(1); count++) {
    if (!(await isMember(input))) {
      if (count > 0) return await trailing(input)
      throw corrupt('gzip', 'unknown method')
    }
    await skipHeader(input)
    let crc = 0
    let size = 0
    for await (const chunk of isEmptyMember(input) ? [] : inflated(input, chunkSize)) {
      crc = zlib.crc32(chunk, crc)
      size += chunk.length
      yield chunk
    }
    if (!(await input.need(8))) throw cutShort('gzip')
    const trailer = new DataView(input.bytes.buffer, input.start, 8)
    input.start += 8
    if (trailer.getUint32(0, true) !== crc >>> 0 || trailer.getUint32(4, true) !== size % 2 ** 32)
      throw corrupt('gzip', 'wrong checksum')
  }
}

async function isMember(input: PackedInput): Promise<boolean> {
  const { bytes } = input
  // A single byte of 0x1f may be a cut member as well as garbage; either way nothing is lost.
  return (
    (await input.need(3)) &&
    bytes[input.start] === 0x1f &&
    bytes[input.start + 1] === 0x8b &&
    bytes[input.start + 2] === 8
  )
}

/** Deflated nothing (03 00), as bgzip ends its files with: an inflater takes 60 µs, and files can be made of little else. */
function isEmptyMember(input: PackedInput): boolean {
  const { bytes, start, end } = input
  if (end - start < 2 || bytes[start] !== 3 || bytes[start + 1] !== 0) return false
  input.start += 2
  return true
}

/** Tapes and disk images are padded with zeros; anything else is said. gzip itself ignores both. */
async function trailing(input: PackedInput): Promise<void> {
  while (await input.need(1)) {
    for (let i = input.start; i < input.end; i++) {
      if (input.bytes[i] !== 0)
        throw new Defect('trailing-garbage', 'bytes after the end of the gzip data were ignored')
    }
    input.start = input.end
  }
}

/** §2.3: ten bytes, then what the flags announce. */
async function skipHeader(input: PackedInput): Promise<void> {
  if (!(await input.need(10))) throw cutShort('gzip')
  const flags = input.bytes[input.start + 3]
  input.start += 10
  if (flags & FEXTRA) {
    if (!(await input.need(2))) throw cutShort('gzip')
    const length = input.bytes[input.start] | (input.bytes[input.start + 1] << 8)
    input.start += 2
    await skipBytes(input, length)
  }
  if (flags & FNAME) await skipText(input)
  if (flags & FCOMMENT) await skipText(input)
  if (flags & FHCRC) await skipBytes(input, 2)
}

async function skipBytes(input: PackedInput, count: number): Promise<void> {
  if (!(await input.need(count))) throw cutShort('gzip')
  input.start += count
}

async function skipText(input: PackedInput): Promise<void> {
  for (;;) {
    if (!(await input.need(1))) throw cutShort('gzip')
    const zero = input.bytes.subarray(0, input.end).indexOf(0, input.start)
    input.start = zero < 0 ? input.end : zero + 1
    if (zero >= 0) return
  }
}

/** One deflate stream. When done, the input stands behind its last byte. */
async function* inflated(input: PackedInput, chunkSize: number): AsyncGenerator<Uint8Array, void, void> {
  const inflate = zlib.createInflateRaw({ chunkSize })
  let failure: Error | undefined
  let state = 'idle' as 'idle' | 'writing' | 'at its end'
  let wake = (): void => {}
  inflate.on('readable', () => wake())
  inflate.on('error', error => {
    failure = error
    wake()
  })

  function write(): void {
    const { start, end } = input
    const before = inflate.bytesWritten
    state = 'writing'
    inflate.write(input.bytes.subarray(start, end), () => {
      // What inflate leaves over lies behind the stream: that it leaves something is how its end shows.
      input.start = start + (inflate.bytesWritten - before)
      state = input.start < end ? 'at its end' : 'idle'
      wake()
    })
  }

  try {
    for (;;) {
      const chunk: Uint8Array | null = inflate.read()
      if (chunk) yield chunk
      else if (failure) throw corrupt('gzip', failure.message)
      else if (state === 'at its end') return
      else if (state === 'idle') {
        if (!(await input.need(1))) throw cutShort('gzip')
        write()
      } else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    inflate.destroy()
  }
}
