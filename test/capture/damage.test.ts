/**
 * Cut and damaged captures, each next to what tshark makes of it. tshark stops at the first damage; so does the pcap reader. In pcapng a
 * block whose two lengths agree shows where the next one begins, so a damaged body costs that block only.
 */
import { describe, expect, it } from 'vitest'
import { CaptureError } from '../../src/capture/index.ts'
import { describeWith } from '../oracle.ts'
import * as b from './build.ts'
import { feed, noteNames, readAll, readBytes, tempFile, tsharkRows } from './helpers.ts'

const pcapRecord = (id: number, more: object = {}) => ({
  sec: 1_700_000_000 + id,
  frac: 5,
  data: b.tcpFrame(id),
  ...more,
})
const pcapWith = (spec: object, ...middle: b.RecordSpec[]) =>
  b.pcap({
    ...spec,
    records: [1, 2, 3, 4].map(id => pcapRecord(id)).concat(middle as never[], [pcapRecord(8), pcapRecord(9)]),
  })
const packet = (id: number, more: object = {}) =>
  b.epb({ time: BigInt(1_700_000_000 + id) * 1_000_000n, data: b.tcpFrame(id), ...more })
const ngWith = (...middle: Uint8Array[]) =>
  b.concat(b.shb(), b.idb(), packet(1), packet(2), ...middle, packet(8), packet(9))

interface Row {
  bytes: Uint8Array
  /** Records handed over. */
  frames: number
  /** Records that tshark shows. */
  tshark: number
  note?: string
}

const ROWS: Record<string, Row> = {
  'pcap: cut within data': { bytes: pcapWith({}).slice(0, -10), frames: 5, tshark: 5, note: 'record-cut' },
  'pcap: cut within a record header': {
    bytes: b.concat(pcapWith({}), new Uint8Array(7)),
    frames: 6,
    tshark: 6,
    note: 'record-cut',
  },
  'pcap: captured length beyond the file': {
    bytes: pcapWith({}, pcapRecord(5, { caplen: 5000 })),
    frames: 4,
    tshark: 4,
    note: 'record-cut',
  },
  'pcap: captured length above any snap length': {
    bytes: pcapWith({}, pcapRecord(5, { caplen: 262_145 })),
    frames: 4,
    tshark: 4,
    note: 'damaged-record',
  },
  'pcap: captured length negative': {
    bytes: pcapWith({}, pcapRecord(5, { caplen: 0xfffffff0 })),
    frames: 4,
    tshark: 4,
    note: 'damaged-record',
  },
  'pcap: a snap length in the header does not raise the limit': {
    bytes: pcapWith({ snaplen: 500_000 }, pcapRecord(5, { data: new Uint8Array(400_000) })),
    frames: 4,
    tshark: 4,
    note: 'damaged-record',
  },
  'pcap: exactly the limit': {
    bytes: pcapWith({}, pcapRecord(5, { data: new Uint8Array(262_144) })),
    frames: 7,
    tshark: 7,
  },
  'pcap: captured more than there was': {
    bytes: pcapWith({}, pcapRecord(5, { origlen: 20 })),
    frames: 7,
    tshark: 7,
  },
  'pcap: a record of zeros': {
    bytes: pcapWith({}, { sec: 0, data: new Uint8Array(0) }),
    frames: 7,
    tshark: 7,
    note: 'clock-stepped-back',
  },
  'pcap: file padded with zeros': {
    bytes: b.concat(pcapWith({}), new Uint8Array(100)),
    frames: 12,
    tshark: 12,
    note: 'record-cut',
  },
  'pcapng: cut within a block': { bytes: ngWith().slice(0, -10), frames: 3, tshark: 3, note: 'record-cut' },
  'pcapng: cut within the closing length': {
    bytes: ngWith().slice(0, -1),
    frames: 3,
    tshark: 3,
    note: 'record-cut',
  },
  'pcapng: cut within a block header': {
    bytes: b.concat(ngWith(), b.u32(6)),
    frames: 4,
    tshark: 4,
    note: 'record-cut',
  },
  'pcapng: padded with zeros': {
    bytes: b.concat(ngWith(), new Uint8Array(16)),
    frames: 4,
    tshark: 4,
    note: 'damaged-block',
  },
  'pcapng: block length 0': {
    bytes: ngWith(b.block(0x77, new Uint8Array(4), { length: 0 })),
    frames: 2,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: block length 8': {
    bytes: ngWith(b.concat(b.u32(0x77), b.u32(8))),
    frames: 2,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: block length absurd': {
    bytes: ngWith(b.block(0x77, new Uint8Array(4), { length: 0xf0000000 })),
    frames: 2,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: closing length differs': {
    bytes: ngWith(packet(3, { trailer: 99 })),
    frames: 2,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: closing length differs in an unknown block': {
    bytes: ngWith(b.block(0x77, new Uint8Array(4), { trailer: 99 })),
    frames: 2,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: packet longer than its block': {
    bytes: ngWith(packet(3, { caplen: 500 })),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: packet length negative': {
    bytes: ngWith(packet(3, { caplen: 0xfffffff0 })),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: packet above any snap length': {
    bytes: ngWith(packet(3, { data: new Uint8Array(300_000) })),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: captured more than there was': { bytes: ngWith(packet(3, { origlen: 20 })), frames: 5, tshark: 5 },
  'pcapng: empty packet': { bytes: ngWith(packet(3, { data: new Uint8Array(0) })), frames: 5, tshark: 5 },
  'pcapng: interface never described': {
    bytes: ngWith(packet(3, { interfaceId: 7 })),
    frames: 4,
    tshark: 2,
    note: 'unknown-interface',
  },
  'pcapng: obsolete packet of an interface never described': {
    bytes: ngWith(b.pb({ interfaceId: 7, data: b.tcpFrame(3) })),
    frames: 4,
    tshark: 2,
    note: 'unknown-interface',
  },
  'pcapng: a new section forgets the interfaces': {
    bytes: b.concat(ngWith(), b.shb(), packet(10)),
    frames: 4,
    tshark: 4,
    note: 'unknown-interface',
  },
  'pcapng: simple packet shorter than it says': {
    bytes: ngWith(b.spb({ data: b.tcpFrame(3).slice(0, 30), origlen: 54 })),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: packet block too short': {
    bytes: ngWith(b.block(6, new Uint8Array(8))),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: interface block too short keeps its number': {
    bytes: ngWith(
      b.block(1, new Uint8Array(4)),
      packet(3, { interfaceId: 1 }),
      b.idb(),
      packet(4, { interfaceId: 2 }),
    ),
    frames: 5,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: statistics block too short': {
    bytes: ngWith(b.block(5, new Uint8Array(4))),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: names that do not end': {
    bytes: ngWith(b.block(4, b.concat(b.u16(1), b.u16(60000), b.u32(0)))),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: packet options that do not fit': {
    bytes: ngWith(packet(3, { options: b.concat(b.u16(2), b.u16(400), b.u32(0)) })),
    frames: 5,
    tshark: 2,
  },
  'pcapng: journal entry too short': {
    bytes: ngWith(b.block(9, b.text('abc\n'))),
    frames: 4,
    tshark: 2,
    note: 'damaged-block',
  },
  'pcapng: second section of an unknown version': {
    bytes: b.concat(ngWith(), b.shb({ major: 2 }), b.idb(), packet(10)),
    frames: 4,
    tshark: 4,
    note: 'damaged-block',
  },
  'pcapng: second section of an unknown byte order': {
    bytes: b.concat(ngWith(), b.block(0x0a0d0d0a, new Uint8Array(16)), packet(10)),
    frames: 4,
    tshark: 4,
    note: 'damaged-block',
  },
}

/** Notes that do not mean that something is missing. */
const HARMLESS = new Set(['clock-stepped-back', undefined])

describe.each(Object.entries(ROWS))('%s', (_, { bytes, frames, note }) => {
  it('gives what can be read, and says what is missing', async () => {
    const seen = await readBytes(bytes)
    expect(seen.rows).toHaveLength(frames)
    if (note) expect(noteNames(seen)).toContain(note)
    else expect(seen.infos[0].notes).toEqual([])
    expect(seen.infos[0].complete).toBe(HARMLESS.has(note))
  })

  it('gives the same at every chunk size', async () => {
    const fed = feed(bytes, bytes.length)
    const sizes = bytes.length > 100_000 ? [1000, 1001, 65_536] : Array.from({ length: 64 }, (_, i) => i + 1)
    for (const chunkBytes of sizes) expect(feed(bytes, chunkBytes)).toEqual(fed)
    const file = tempFile(bytes)
    const whole = await readAll([file])
    for (const chunkBytes of [bytes.length > 100_000 ? 1001 : 7, 4 << 20])
      expect(await readAll([file], { chunkBytes })).toEqual(whole)
  })
})

describeWith(['tshark'], 'tshark 4.0', () => {
  it.each(Object.entries(ROWS))('%s', async (_, { bytes, tshark }) => {
    const file = tempFile(bytes)
    const theirs = tsharkRows(file)
    expect(theirs).toHaveLength(tshark)
    // Whatever lies behind the damage, what came before it has the same numbers, times and lengths.
    expect((await readAll([file])).rows.slice(0, tshark)).toEqual(theirs)
  })
})

describe('a fraction of a second that is none', () => {
  it('is added as it stands', async () => {
    const seen = await readBytes(pcapWith({}, pcapRecord(5, { frac: 1_500_000 })))
    expect(seen.rows[4]).toBe('5 1700000006.500000000 54/54')
  })
})

describe('the message of a cut record', () => {
  it('names the record and both lengths', async () => {
    const [note] = (await readBytes(pcapWith({}).slice(0, -10))).infos[0].notes
    expect(note).toMatchObject({ name: 'record-cut', count: 1, firstFrame: 6 })
    expect(note.message).toBe(
      'the file ends in the middle of record 6 (60 of 70 bytes): analysed up to there',
    )
  })
})

describe('records longer than a mebibyte', () => {
  it('are counted, not handed over, and never held', async () => {
    const long = pcapRecord(2, { data: new Uint8Array(3_000_000) })
    for (const chunkBytes of [5000, 1 << 20, 8 << 20]) {
      const seen = await readBytes(b.pcap({ network: 220, records: [pcapRecord(1), long, pcapRecord(3)] }), {
        chunkBytes,
      })
      expect(seen.rows.map(row => row.split(' ')[0])).toEqual(['1', '3'])
      expect(seen.infos[0]).toMatchObject({ frames: 3, bytes: 3_000_108, complete: true })
      expect(noteNames(seen)).toEqual(['oversized-record'])
    }
  })

  it('also as pcapng blocks', async () => {
    const unknown = b.block(0x77, new Uint8Array(2_000_000))
    const long = packet(3, { interfaceId: 1, data: new Uint8Array(2_000_000) })
    for (const chunkBytes of [5000, 1 << 20, 8 << 20]) {
      const seen = await readBytes(
        b.concat(b.shb(), b.idb(), b.idb({ linkType: 220 }), unknown, packet(1), long, packet(4)),
        { chunkBytes },
      )
      expect(seen.rows.map(row => row.split(' ')[0])).toEqual(['1', '3'])
      expect(seen.infos[0]).toMatchObject({ frames: 3, complete: true })
    }
  })

  it('that lie about it end the capture without being allocated', async () => {
    const seen = await readBytes(
      b.pcap({ network: 220, records: [pcapRecord(1), pcapRecord(2, { caplen: 100 << 20 })] }),
    )
    expect(seen.rows).toHaveLength(1)
    expect(noteNames(seen)).toEqual(['record-cut'])
  })
})

describe('a capture whose first header is damaged', () => {
  it.each([
    [
      'cut pcap header',
      b.pcap({ records: [] }).slice(0, 20),
      /ends within its pcap header \(20 of 24 bytes\)/,
    ],
    ['pcap version 1', b.pcap({ major: 1, records: [] }), /pcap file of version 1\.4/],
    ['cut pcapng header', b.shb().slice(0, 20), /ends within its pcapng header/],
    [
      'pcapng version 0.1',
      b.concat(b.shb({ major: 0, minor: 1 }), b.idb()),
      /pcapng version 0\.1 is not supported/,
    ],
    ['pcapng byte order', b.block(0x0a0d0d0a, new Uint8Array(16)), /first header is damaged/],
    ['pcapng header length', b.shb({ length: 0xfffffff0 }), /first header is damaged/],
  ])('%s', async (_, bytes, message) => {
    const reading = readBytes(bytes)
    await expect(reading).rejects.toThrow(CaptureError)
    await expect(reading).rejects.toThrow(message)
  })
})
