/**
 * Damaged in ways nobody thought of: whatever the bytes, reading ends, hands over only records that lie within the bytes, numbers them
 * upwards, does not depend on the chunk size, and throws nothing but a CaptureError. Seeded, so a failure can be run again.
 */
import zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CaptureError, openCaptures } from '../../src/capture/index.ts'
import { createPcapReader } from '../../src/capture/pcap.ts'
import { createPcapngReader } from '../../src/capture/pcapng.ts'
import { newRecordState } from '../../src/capture/record.ts'
import { eachFrame } from '../../src/frames.ts'
import { sniff } from '../../src/capture/sniff.ts'
import * as b from './build.ts'
import { feed, tempFile } from './helpers.ts'

const record = (id: number) => ({ sec: 1_700_000_000 + id, frac: id, data: b.tcpFrame(id, 0x10, id) })
const packet = (id: number, more: object = {}) =>
  b.epb({ time: BigInt(1_700_000_000 + id) * 1_000_000n, data: b.tcpFrame(id), ...more })
const six = new Uint8Array(16).fill(7)

const SEEDS: Uint8Array[] = [
  b.pcap({ records: [1, 2, 3, 4, 5].map(record) }),
  b.pcap({ big: true, magic: b.MAGIC_NANO, records: [1, 2, 3].map(record) }),
  b.pcap({
    magic: b.MAGIC_MODIFIED,
    extraRecordHeader: new Uint8Array(8),
    records: [1, 2, 3, 4].map(record),
  }),
  b.pcap({ minor: 3, network: 15, records: [1, 2, 3].map(record) }),
  b.pcap({ network: 220, records: [1, 2, 3].map(record) }),
  b.concat(
    b.shb(),
    b.idb({ tsresol: 9, tsoffset: 5n, fcslen: 4 }),
    b.nrb([
      [Uint8Array.of(10, 0, 0, 1), 'a.example'],
      [six, 'b.example'],
    ]),
    packet(1, { options: b.concat(b.option(4, b.u64(5n)), b.endOfOptions) }),
    b.spb({ data: b.tcpFrame(2) }),
    b.pb({ data: b.tcpFrame(3) }),
    b.isb({ drops: 3n }),
    b.block(0xbad, new Uint8Array(9)),
    b.shb({ big: true }),
    b.idb({ big: true, tsresol: 0x94 }),
    packet(4, { big: true }),
  ),
]

/** Values that length fields, counts and magics are easily confused by. */
const NASTY = [
  0, 1, 3, 4, 7, 8, 11, 12, 15, 16, 27, 28, 0x7f, 0x80, 0xff, 0xffff, 0x40000, 0x40001, 0x100000, 0x7fffffff,
  0x80000000, 0xfffffff0, 0xffffffff,
]

interface Mutation {
  seed: number
  edits: { at: number; value: number; bytes: 1 | 2 | 4; big: boolean }[]
  cut: number
}

const mutations: fc.Arbitrary<Mutation> = fc.record({
  seed: fc.nat(SEEDS.length - 1),
  edits: fc.array(
    fc.record({
      at: fc.nat(600),
      value: fc.oneof(fc.constantFrom(...NASTY), fc.nat(0xffffffff)),
      bytes: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
      big: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  cut: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
})

function mutate({ seed, edits, cut }: Mutation): Uint8Array {
  const bytes = SEEDS[seed].slice()
  const view = new DataView(bytes.buffer)
  for (const { at, value, bytes: width, big } of edits) {
    const place = at % (bytes.length - 4)
    if (width === 1) view.setUint8(place, value & 255)
    else if (width === 2) view.setUint16(place, value & 0xffff, !big)
    else view.setUint32(place, value >>> 0, !big)
  }
  return bytes.slice(0, Math.ceil(bytes.length * cut))
}

const isCapture = (bytes: Uint8Array): boolean => ['pcap', 'pcapng'].includes(sniff(bytes) ?? '')

/** The outcome, an error's message included: it must not depend on the chunk size either. */
function outcome(bytes: Uint8Array, chunkBytes: number): unknown {
  try {
    return feed(bytes, chunkBytes)
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    return error.message
  }
}

describe('mutated captures', () => {
  it('end, whatever the chunk size, the same way', () => {
    fc.assert(
      fc.property(mutations, mutation => {
        const bytes = mutate(mutation)
        if (!isCapture(bytes)) return
        const whole = outcome(bytes, bytes.length)
        for (const chunkBytes of [1, 5, 64]) expect(outcome(bytes, chunkBytes)).toEqual(whole)
      }),
      { seed: 2026, numRuns: 4000 },
    )
  })

  it('hand over only what lies within, numbered upwards', () => {
    fc.assert(
      fc.property(mutations, mutation => {
        const bytes = mutate(mutation)
        if (!isCapture(bytes)) return
        // The capture lies inside a larger buffer: a reader that looks beyond its part would not notice.
        const buffer = new Uint8Array(bytes.length + 4000).fill(0xee)
        buffer.set(bytes, 1000)
        const state = newRecordState('x', 0, false, { seconds: Number.NaN }, new Map())
        const reader = sniff(bytes) === 'pcap' ? createPcapReader(state) : createPcapngReader(state)
        const [start, end] = [1000, 1000 + bytes.length]
        let last = 0
        const check = (frame: { number: number; start: number; end: number; timeNs: number }): void => {
          expect(frame.number).toBeGreaterThan(last)
          last = frame.number
          expect(frame.start).toBeGreaterThanOrEqual(start)
          expect(frame.end).toBeLessThanOrEqual(end)
          expect(frame.end).toBeGreaterThanOrEqual(frame.start)
          expect(Number.isFinite(frame.timeNs)).toBe(true)
        }
        try {
          const view = new DataView(buffer.buffer)
          const used = reader.read(buffer, view, start, end)
          expect(used).toBeGreaterThanOrEqual(start)
          expect(used).toBeLessThanOrEqual(end)
          if (!state.stopped) reader.finish(buffer, view, used, end)
          eachFrame(check)(state.batch, 0, state.batch.length)
        } catch (error) {
          if (!(error instanceof CaptureError)) throw error
        }
      }),
      { seed: 2027, numRuns: 4000 },
    )
  })

  it('compressed ones too', async () => {
    const packed = [zlib.gzipSync(SEEDS[0]), zlib.gzipSync(SEEDS[5], { level: 0 }), ZSTD, XZ, LZ4].map(
      x => new Uint8Array(x),
    )
    const edits = fc.array(fc.record({ at: fc.nat(1000), value: fc.nat(255) }), {
      minLength: 1,
      maxLength: 3,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(packed.length - 1),
        edits,
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        async (which, changes, cut) => {
          const bytes = packed[which].slice()
          for (const { at, value } of changes) bytes[4 + (at % (bytes.length - 4))] = value
          try {
            const set = await openCaptures([tempFile(bytes.slice(0, Math.ceil(bytes.length * cut)), 'fuzz')])
            await set.read(frame => expect(frame.end).toBeGreaterThanOrEqual(frame.start))
            set.infos()
          } catch (error) {
            if (!(error instanceof CaptureError)) throw error
          }
        },
      ),
      { seed: 2028, numRuns: 150 },
    )
  })
})

/** A pcap with two records, packed by zstd -19, xz and lz4. */
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const ZSTD = hex(
  '28b52ffd046845020002c50d16c0a703bfb5757515ffcf5d476555cb37da44e4ca9d026dff2f49f9e79f3eac3ff2c787f3c9cba345ff9bff35ff4bc5fc7330b8cd3d1805008013f8ee25c1416eae1b880300a74118',
)
const XZ = hex(
  'fd377a585a000004e6d6b4460200210116000000742fe5a3e000a300455d006a30d1c87d8bf8099baf1fcc7903e85be5e214840dfbd1609477b7ce4b0b9f384b756d2dd3d7844a1d8930f0e62dc8053637240c2008b0fe6e982f0f023c2da9e0f756e60000000000a0522678f6ce8607000161a4010000001156e63db1c467fb020000000004595a',
)
const LZ4 = hex(
  '04224d186440a76300000086d4c3b2a1020004000100a004000100000001f1536514001336040010020d0011010600f00c0208004500002800014000400600000a0000010a0000029c40005039000004002150102a002f000246000f1f02460002003f009001501002000000000000000000d111c3ef',
)
