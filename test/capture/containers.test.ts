/** Every container variant, read at every chunk size, and as tshark reads it. */
import { describe, expect, it } from 'vitest'
import { describeWith } from '../oracle.ts'
import * as b from './build.ts'
import { feed, readAll, readBytes, tempFile, tsharkRows } from './helpers.ts'

const record = (id: number, more: object = {}) => ({
  sec: 1_700_000_000 + id,
  frac: 1000 * id + 5,
  data: b.tcpFrame(id, 0x10, id),
  ...more,
})
const records = [record(1), record(2), record(3)]
const micro = (id: number): bigint => BigInt(1_700_000_000 + id) * 1_000_000n + BigInt(1000 * id + 5)
const packet = (id: number, more: object = {}) =>
  b.epb({ time: micro(id), data: b.tcpFrame(id, 0x10, id), ...more })

const linux = (big: boolean, length: 24 | 28) =>
  b.concat(b.u32(2, big), b.u16(0x800, big), Uint8Array.of(0, 0), new Uint8Array(length - 24))

const PLAIN = ['1 1700000001.001005000 55/55', '2 1700000002.002005000 56/56', '3 1700000003.003005000 57/57']
const NANO = ['1 1700000001.000001005 55/55', '2 1700000002.000002005 56/56', '3 1700000003.000003005 57/57']

/** name → bytes and the rows they must give. */
const VARIANTS: Record<string, [Uint8Array, string[]]> = {
  'pcap, little-endian, microseconds': [b.pcap({ records }), PLAIN],
  'pcap, big-endian, microseconds': [b.pcap({ big: true, records }), PLAIN],
  'pcap, little-endian, nanoseconds': [b.pcap({ magic: b.MAGIC_NANO, records }), NANO],
  'pcap, big-endian, nanoseconds': [b.pcap({ magic: b.MAGIC_NANO, big: true, records }), NANO],
  'pcap, modified magic, 24-byte records': [
    b.pcap({ magic: b.MAGIC_MODIFIED, extraRecordHeader: linux(false, 24), records }),
    PLAIN,
  ],
  'pcap, modified magic, big-endian': [
    b.pcap({ magic: b.MAGIC_MODIFIED, big: true, extraRecordHeader: linux(true, 24), records }),
    PLAIN,
  ],
  'pcap, modified magic, 28-byte records (SuSE 6.3)': [
    b.pcap({ magic: b.MAGIC_MODIFIED, extraRecordHeader: linux(false, 28), records }),
    PLAIN,
  ],
  'pcap, standard magic, 24-byte records (Red Hat 6.1)': [
    b.pcap({ extraRecordHeader: linux(false, 24), records }),
    PLAIN,
  ],
  'pcap, standard magic, 20-byte records (Nokia)': [
    b.pcap({ extraRecordHeader: b.u32(0x9fbfb601), records }),
    PLAIN,
  ],
  'pcap, Ixia hardware': [b.pcap({ magic: b.MAGIC_IXIA_HARDWARE, extraHeader: 4, records }), NANO],
  'pcap, Ixia software': [b.pcap({ magic: b.MAGIC_IXIA_SOFTWARE, extraHeader: 4, records }), PLAIN],
  'pcap 2.2: original length first': [
    b.pcap({ minor: 2, records: [record(1, { caplen: 60, origlen: 55 })] }),
    ['1 1700000001.001005000 55/60'],
  ],
  'pcap 2.3: the smaller length is the captured one': [
    b.pcap({ minor: 3, records: [record(1, { caplen: 60, origlen: 55 }), record(2, { origlen: 99 })] }),
    ['1 1700000001.001005000 55/60', '2 1700000002.002005000 56/99'],
  ],
  'pcap of AIX: nanoseconds, interface type for link type': [b.pcap({ minor: 2, network: 6, records }), NANO],
  'pcap with checksum length in the link type': [b.pcap({ network: 0x24000001, records }), PLAIN],
  'pcap without records': [b.pcap({ records: [] }), []],
  'pcap with an empty record': [
    b.pcap({ records: [record(1, { data: new Uint8Array(0) })] }),
    ['1 1700000001.001005000 0/0'],
  ],
  'pcap with snap length 0': [b.pcap({ snaplen: 0, records }), PLAIN],
  'pcap with records longer than the snap length': [b.pcap({ snaplen: 30, records }), PLAIN],
  'pcapng, little-endian': [b.concat(b.shb(), b.idb(), packet(1), packet(2), packet(3)), PLAIN],
  'pcapng, big-endian': [
    b.concat(b.shb({ big: true }), b.idb({ big: true }), ...[1, 2, 3].map(id => packet(id, { big: true }))),
    PLAIN,
  ],
  'pcapng, a big-endian section, then a little-endian one': [
    b.concat(
      b.shb({ big: true }),
      b.idb({ big: true }),
      packet(1, { big: true }),
      b.shb(),
      b.idb(),
      packet(2),
      packet(3),
    ),
    PLAIN,
  ],
  'pcapng 1.2': [b.concat(b.shb({ minor: 2 }), b.idb(), packet(1)), PLAIN.slice(0, 1)],
  'pcapng with a section length that lies': [
    b.concat(b.shb({ sectionLength: 10n }), b.idb(), packet(1)),
    PLAIN.slice(0, 1),
  ],
  'pcapng, two interfaces, second in nanoseconds': [
    b.concat(
      b.shb(),
      b.idb(),
      b.idb({ tsresol: 9 }),
      packet(1),
      packet(2, { interfaceId: 1, time: 1_700_000_002_123_456_789n }),
    ),
    ['1 1700000001.001005000 55/55', '2 1700000002.123456789 56/56'],
  ],
  'pcapng, whole seconds': [
    b.concat(b.shb(), b.idb({ tsresol: 0 }), packet(1, { time: 1_700_000_001n })),
    ['1 1700000001.000000000 55/55'],
  ],
  'pcapng, milliseconds': [
    b.concat(b.shb(), b.idb({ tsresol: 3 }), packet(1, { time: 1_700_000_001_123n })),
    ['1 1700000001.123000000 55/55'],
  ],
  'pcapng, units of 2^-20 s': [
    b.concat(b.shb(), b.idb({ tsresol: 0x94 }), packet(1, { time: (1_700_000_001n << 20n) | 0x1ffffn })),
    ['1 1700000001.124999046 55/55'],
  ],
  'pcapng, units of 2^-32 s': [
    b.concat(b.shb(), b.idb({ tsresol: 0xa0 }), packet(1, { time: (1_700_000_001n << 32n) | 0x1fffffffn })),
    ['1 1700000001.124999999 55/55'],
  ],
  'pcapng, units of 0.1 ns': [
    b.concat(b.shb(), b.idb({ tsresol: 10 }), packet(1, { time: 17_000_000_011_234_567_891n })),
    ['1 1700000001.123456789 55/55'],
  ],
  'pcapng, resolution given twice: the first counts': [
    b.concat(
      b.shb(),
      b.idb({ tsresol: 9, options: b.option(9, Uint8Array.of(3)) }),
      packet(1, { time: 1_700_000_001_123_456_789n }),
    ),
    ['1 1700000001.123456789 55/55'],
  ],
  'pcapng, times relative to an offset': [
    b.concat(
      b.shb(),
      b.idb({ tsoffset: 1_700_000_000n }),
      packet(1, { time: 1_000_005n }),
      packet(2, { time: 2_000_006n }),
    ),
    ['1 1700000001.000005000 55/55', '2 1700000002.000006000 56/56'],
  ],
  'pcapng, negative offset': [
    b.concat(b.shb(), b.idb({ tsoffset: -100n }), packet(1)),
    ['1 1699999901.001005000 55/55'],
  ],
  'pcapng, obsolete packet block': [
    b.concat(b.shb(), b.idb(), b.pb({ time: micro(1), data: b.tcpFrame(1, 0x10, 1) }), packet(2)),
    PLAIN.slice(0, 2),
  ],
  'pcapng, packet options': [
    b.concat(
      b.shb(),
      b.idb(),
      packet(1, { options: b.concat(b.option(2, b.u32(1)), b.endOfOptions) }),
      packet(2),
    ),
    PLAIN.slice(0, 2),
  ],
  'pcapng, names, secrets, statistics, unknown blocks between': [
    b.concat(
      b.shb(),
      b.block(10, b.concat(b.u32(0x544c534b), b.u32(4), b.text('abcd'))),
      b.nrb([[Uint8Array.of(10, 0, 0, 1), 'client.example']]),
      b.idb(),
      packet(1),
      b.block(0x77, new Uint8Array(20)),
      b.block(0x80000077, new Uint8Array(21)),
      b.isb({ drops: 7n }),
      packet(2),
      packet(3),
    ),
    PLAIN,
  ],
  'pcapng, block lengths without the padding': [
    b.concat(b.shb(), b.idb(), packet(1, { length: 32 + 55 }), packet(2, { length: 32 + 56 })),
    PLAIN.slice(0, 2),
  ],
  'pcapng without packets': [b.concat(b.shb(), b.idb()), []],
}

const numbered: Record<string, Uint8Array> = {
  'a custom block': b.block(0xbad, b.concat(b.u32(32473), b.text('hello'))),
  'a custom block not to be copied': b.block(0x40000bad, b.concat(b.u32(32473), b.text('hello'))),
  'a systemd journal entry': b.block(9, b.text('__REALTIME_TIMESTAMP=1700000003000000\nMESSAGE=x\n')),
  'a Sysdig event': b.block(0x204, new Uint8Array(28)),
  'a Sysdig event with flags': b.block(0x216, new Uint8Array(32)),
}

describe.each(Object.entries(VARIANTS))('%s', (_, [bytes, rows]) => {
  it('gives its records', async () => {
    const seen = await readBytes(bytes)
    expect(seen.rows).toEqual(rows)
    expect(seen.infos[0]).toMatchObject({ complete: true, frames: rows.length })
    const bytesSum = rows.reduce((sum, row) => sum + Number(/(\d+)\//.exec(row)![1]), 0)
    expect(seen.infos[0].bytes).toBe(bytesSum)
  })

  it('gives the same at every chunk size', async () => {
    const fed = feed(bytes, bytes.length)
    for (let chunkBytes = 1; chunkBytes <= 64; chunkBytes++) expect(feed(bytes, chunkBytes)).toEqual(fed)
    const file = tempFile(bytes)
    const whole = await readAll([file])
    for (const chunkBytes of [1, 13, 100, 4 << 20])
      expect(await readAll([file], { chunkBytes })).toEqual(whole)
  })
})

describe.each(Object.entries(numbered))('%s', (_, block) => {
  it('gets a number but is not handed over', async () => {
    const seen = await readBytes(b.concat(b.shb(), b.idb(), packet(1), block, packet(2)))
    expect(seen.rows).toEqual(['1 1700000001.001005000 55/55', '3 1700000002.002005000 56/56'])
    expect(seen.infos[0].frames).toBe(3)
  })
})

describeWith(['tshark'], 'tshark reads the same', () => {
  // tshark 4.0 takes Ixia's hardware captures for microseconds; later versions know better.
  const agreed = Object.entries(VARIANTS).filter(([name]) => name !== 'pcap, Ixia hardware')
  it.each(agreed)('%s', async (_, [bytes]) => {
    const file = tempFile(bytes)
    expect((await readAll([file])).rows).toEqual(tsharkRows(file))
  })

  it.each(Object.entries(numbered))('with %s', async (_, block) => {
    const file = tempFile(b.concat(b.shb(), b.idb(), packet(1), block, packet(2)))
    const rows = tsharkRows(file)
    expect(rows).toHaveLength(3)
    expect((await readAll([file])).rows).toEqual([rows[0], rows[2]])
  })
})

describe('simple packet blocks', () => {
  const bytes = b.concat(
    b.shb(),
    b.idb({ snaplen: 60 }),
    packet(1),
    b.spb({ data: b.tcpFrame(2) }),
    b.spb({ data: b.tcpFrame(3, 0x10, 6), origlen: 99 }),
  )

  it('have the time of the record before them and at most the snap length', async () => {
    const seen = await readBytes(bytes)
    expect(seen.rows).toEqual([
      '1 1700000001.001005000 55/55',
      '2 1700000001.001005000 54/54',
      '3 1700000001.001005000 60/99',
    ])
    expect(seen.infos[0].notes).toMatchObject([{ name: 'no-timestamps', count: 2, firstFrame: 2 }])
  })

  it('alone give a capture without times', async () => {
    const seen = await readBytes(b.concat(b.shb(), b.idb(), b.spb({ data: b.tcpFrame(1) })))
    expect(seen.rows).toEqual(['1 0.000000000 54/54'])
    expect(seen.infos[0]).toMatchObject({ firstTime: null, lastTime: null })
  })
})

describe('what is told of a capture', () => {
  it('has the precision of its timestamps', async () => {
    expect((await readBytes(b.pcap({ records }))).infos[0]).toMatchObject({
      format: 'pcap',
      compression: null,
      linkTypes: ['EN10MB'],
      firstTime: '2023-11-14T22:13:21.001005Z',
      lastTime: '2023-11-14T22:13:23.003005Z',
    })
    expect((await readBytes(b.pcap({ magic: b.MAGIC_NANO, records }))).infos[0].firstTime).toBe(
      '2023-11-14T22:13:21.000001005Z',
    )
    const milliseconds = b.concat(b.shb(), b.idb({ tsresol: 3 }), packet(1, { time: 1_700_000_001_123n }))
    expect((await readBytes(milliseconds)).infos[0].firstTime).toBe('2023-11-14T22:13:21.123Z')
  })

  it('names link types, each once, in order of appearance', async () => {
    const bytes = b.concat(
      b.shb(),
      b.idb({ linkType: 113 }),
      b.idb(),
      b.idb({ linkType: 113 }),
      b.idb({ linkType: 9999 }),
      packet(1, { interfaceId: 1 }),
    )
    expect((await readBytes(bytes)).infos[0].linkTypes).toEqual(['LINUX_SLL', 'EN10MB', 'LINKTYPE_9999'])
    expect((await readBytes(b.pcap({ network: 9999, records }))).infos[0]).toMatchObject({
      linkTypes: ['LINKTYPE_9999'],
      frames: 3,
    })
  })

  it('counts the drops that the capturing program reported: the latest statistics of each interface', async () => {
    const bytes = b.concat(
      b.shb(),
      b.idb(),
      b.idb(),
      packet(1),
      b.isb({ drops: 3n }),
      b.isb({ interfaceId: 1, drops: 2n, osDrops: 1n }),
      b.isb({ drops: 7n }),
      b.isb({ interfaceId: 9, drops: 100n }),
    )
    expect((await readBytes(bytes)).infos[0].notes).toMatchObject([
      { name: 'capture-drops', count: 10, firstFrame: null },
    ])
  })

  it('counts the drops noted at packets', async () => {
    const withOption = packet(2, { options: b.concat(b.option(4, b.u64(5n)), b.endOfOptions) })
    const bytes = b.concat(
      b.shb(),
      b.idb(),
      b.pb({ time: micro(1), data: b.tcpFrame(1), drops: 4 }),
      withOption,
    )
    expect((await readBytes(bytes)).infos[0].notes).toMatchObject([{ name: 'capture-drops', count: 9 }])
  })

  it('has the names of name resolution blocks', async () => {
    const six = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 5)
    const mapped = new Uint8Array(16)
    const bytes = b.concat(
      b.shb({ big: true }),
      b.nrb(
        [
          [Uint8Array.of(10, 0, 0, 1), 'client.example', 'alias'],
          [six, 'six.example'],
          [mapped, 'zero'],
          [Uint8Array.of(10, 0, 0, 1), 'later'],
        ],
        { big: true },
      ),
    )
    expect((await readBytes(bytes)).names).toEqual({
      '10.0.0.1': 'client.example',
      '2001:db8::1:0:0:5': 'six.example',
      '::': 'zero',
    })
  })

  it('says that the clock was set back', async () => {
    const bytes = b.pcap({ records: [record(9), record(5), record(6)] })
    expect((await readBytes(bytes)).infos[0].notes).toMatchObject([
      { name: 'clock-stepped-back', count: 1, firstFrame: 2 },
    ])
  })
})

describe('times', () => {
  it('are exact to the nanosecond over 104 days', async () => {
    const base = 1_700_000_000_999_999_999n
    const steps = [0n, 1n, 1_000_000_001n, 8_985_600_000_000_000n, 8_985_600_000_000_001n]
    const bytes = b.concat(
      b.shb(),
      b.idb({ tsresol: 9 }),
      ...steps.map(step => b.epb({ time: base + step, data: b.tcpFrame(1) })),
    )
    const times = (await readBytes(bytes)).rows.map(row => row.split(' ')[1].replace('.', ''))
    expect(times).toEqual(steps.map(step => String(base + step)))
  })

  it('survive any 64-bit value at any resolution', async () => {
    for (const tsresol of [0, 6, 9, 12, 19, 20, 127, 0x80, 0x94, 0xbf, 0xff]) {
      for (const time of [0n, 1n, 1n << 63n, (1n << 64n) - 1n]) {
        const seen = await readBytes(
          b.concat(
            b.shb(),
            b.idb({ tsresol, tsoffset: 1n << 62n }),
            b.epb({ time, data: b.tcpFrame(1) }),
            packet(2),
          ),
        )
        expect(seen.rows).toHaveLength(2)
      }
    }
  })
})
