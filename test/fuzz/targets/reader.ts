/** The record readers alone, fed from memory: damaged containers at two chunk sizes. */
import { CaptureError } from '../../../src/capture/index.js'
import { createPcapReader } from '../../../src/capture/pcap.js'
import { createPcapngReader } from '../../../src/capture/pcapng.js'
import { isFull, newRecordState } from '../../../src/capture/record.js'
import { sniff } from '../../../src/capture/sniff.js'
import { BATCH_ROWS, eachFrame, newBatch } from '../../../src/frames.js'
import * as b from '../../capture/build.js'
import { split } from '../container.js'
import { corpus, type Specimen } from '../corpus.js'
import { demand } from '../demand.js'
import { Dice, seedOf } from '../dice.js'
import { mutated } from '../mutate.js'
import type { Target } from './target.js'

const SIZE = 100
/** Bytes of the buffer before and behind the capture: a reader that looks at them would not notice. */
const AROUND = 256
const LONGEST = 6000

const record = (id: number) => ({ sec: 1_700_000_000 + id, frac: id, data: b.tcpFrame(id, 0x14, id) })
const packet = (id: number, more: object = {}) =>
  b.epb({ time: BigInt(1_700_000_000 + id) * 1_000_000n, data: b.tcpFrame(id), ...more })

/** Containers that no fixture has: the old variants, every kind of block, both byte orders, odd resolutions. */
const CONTAINERS: Uint8Array[] = [
  b.pcap({ records: [1, 2, 3, 4, 5].map(record) }),
  b.pcap({ big: true, magic: b.MAGIC_NANO, records: [1, 2, 3].map(record) }),
  b.pcap({ magic: b.MAGIC_MODIFIED, extraRecordHeader: new Uint8Array(8), records: [1, 2, 3].map(record) }),
  b.pcap({ magic: b.MAGIC_IXIA_HARDWARE, extraHeader: 4, records: [1, 2].map(record) }),
  b.pcap({ minor: 3, network: 15, records: [1, 2, 3].map(record) }),
  b.pcap({ minor: 2, network: 6, records: [1, 2, 3].map(record) }),
  b.pcap({ major: 543, minor: 0, records: [1, 2].map(record) }),
  b.pcap({ network: 220, records: [1, 2, 3].map(record) }),
  b.concat(
    b.shb(),
    b.idb({ tsresol: 9, tsoffset: 5n, fcslen: 4 }),
    b.nrb([[Uint8Array.of(10, 0, 0, 1), 'a.example']]),
    packet(1, { options: b.concat(b.option(4, b.u64(5n)), b.endOfOptions) }),
    b.spb({ data: b.tcpFrame(2) }),
    b.pb({ data: b.tcpFrame(3) }),
    b.isb({ drops: 3n }),
    b.block(0xbad, new Uint8Array(9)),
    b.shb({ big: true }),
    b.idb({ big: true, tsresol: 0x94 }),
    packet(4, { big: true }),
  ),
  b.concat(
    b.shb(),
    b.idb({ tsresol: 0xff }),
    packet(1),
    b.idb({ tsresol: 0x7f }),
    packet(2, { interfaceId: 1 }),
  ),
]

let specimens: Specimen[] | undefined

function pool(): Specimen[] {
  specimens ??= [
    ...CONTAINERS.map((bytes, i) => ({ name: `container ${i}`, bytes })),
    ...CONTAINERS.map((bytes, i) => ({ name: `container ${i} again`, bytes })),
    ...corpus()
      .map(({ name, bytes }) => ({ name, bytes: bytes.slice(0, LONGEST) }))
      .filter(({ bytes }) => split(bytes).kind !== 'other'),
  ]
  return specimens
}

/** What came of one reading, as numbers to compare: count, and a hash over every frame. */
interface Read {
  frames: number
  hash: number
  refusal: string | undefined
  notes: string
}

function read(bytes: Uint8Array, chunkBytes: number, rows: number): Read {
  const state = newRecordState('fuzz', 0, false, { seconds: Number.NaN }, new Map())
  state.batch = newBatch(0, rows)
  const reader = sniff(bytes) === 'pcap' ? createPcapReader(state) : createPcapngReader(state)
  const room = new Uint8Array(bytes.length + 2 * AROUND).fill(0xee)
  room.set(bytes, AROUND)
  const view = new DataView(room.buffer)
  let hash = 0
  let last = 0
  let end = AROUND
  const onBatch = eachFrame(frame => {
    demand(frame.number > last, `frame ${frame.number} behind ${last}`)
    demand(
      frame.start >= AROUND && frame.start <= frame.end && frame.end <= end,
      `frame ${frame.number} is ${frame.start}..${frame.end} of ..${end}`,
    )
    demand(Number.isFinite(frame.timeNs), `frame ${frame.number} at ${frame.timeNs}`)
    last = frame.number
    for (const value of [
      frame.start,
      frame.end,
      frame.timeNs % 4294967296,
      frame.originalLength,
      frame.linkType,
    ])
      hash = (Math.imul(hash, 31) + value) | 0
  })
  /** Takes what was read; true where there may be more of it at hand. */
  const take = (): boolean => {
    const full = isFull(state.batch) && !state.stopped
    onBatch(state.batch, 0, state.batch.length)
    state.batch.length = 0
    return full
  }
  let refusal: string | undefined
  try {
    let start = AROUND
    while (end < AROUND + bytes.length && !state.stopped) {
      end = Math.min(end + chunkBytes, AROUND + bytes.length)
      do {
        const used = reader.read(room, view, start, end)
        demand(used >= start && used <= end, `used up to ${used} of ${start}..${end}`)
        start = used
      } while (take())
    }
    if (!state.stopped) {
      do start = reader.finish(room, view, start, end)
      while (take())
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    refusal = error.message
  }
  return { frames: state.frames, hash, refusal, notes: JSON.stringify(state.notes.list()) }
}

/** The bytes of one execution: a damaged container, sometimes cut or edited blindly. */
function bytesOfSeed(seed: number): Uint8Array {
  const dice = new Dice(seed)
  let bytes = mutated(dice.pick(pool()), pool(), dice)
  if (dice.chance(0.2)) bytes = bytes.slice(0, dice.below(bytes.length + 1))
  return bytes.slice(0, 4 * LONGEST)
}

export const reader: Target = {
  execution: 'a damaged container read twice, in one piece and in small ones',
  size: SIZE,
  run(seed) {
    for (let i = 0; i < SIZE; i++) {
      const bytes = bytesOfSeed(seedOf(seed, i))
      const kind = sniff(bytes)
      if (kind !== 'pcap' && kind !== 'pcapng') continue
      const whole = read(bytes, bytes.length, BATCH_ROWS)
      const pieces = read(bytes, [1, 5, 64, 777][i % 4] + (bytes.length >> 6), [1, 2, 3, BATCH_ROWS][i % 4])
      demand(
        JSON.stringify(whole) === JSON.stringify(pieces),
        `${i}: read differently in pieces: ${JSON.stringify(whole)} / ${JSON.stringify(pieces)}`,
      )
    }
  },
  files: seed => Array.from({ length: SIZE }, (_, i) => bytesOfSeed(seedOf(seed, i))),
}
