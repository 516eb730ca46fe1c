/** Files whose headers, blocks, clocks and link types are at their limits or beyond. */
import * as b from '../../capture/build.js'
import { linkTypeName } from '../../../src/capture/index.js'
import { type Awkward, HEALTHY, rst4 } from './specimen.js'

const FRAMES = [...HEALTHY, rst4()].map(frame => Uint8Array.from(frame))
const RST = FRAMES.at(-1)!
const records = (): b.RecordSpec[] => FRAMES.map((data, i) => ({ frac: i, data }))

function pcaps(): Awkward[] {
  const list: Awkward[] = []
  const add = (name: string, spec: Partial<b.PcapSpec>): void =>
    void list.push({ name: `pcap: ${name}`, bytes: b.pcap({ records: records(), ...spec }) })
  const withLast = (over: Partial<b.RecordSpec>): { records: b.RecordSpec[] } => ({
    records: [...records(), { data: RST, ...over }, ...records()],
  })
  for (const snaplen of [0, 1, 20, 65535, 0x7fffffff, 0x80000000, 0xffffffff])
    add(`snap length ${snaplen}`, { snaplen })
  for (const [major, minor] of [
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
    [2, 5],
    [2, 65535],
    [3, 0],
    [543, 0],
    [65535, 4],
  ])
    add(`version ${major}.${minor}`, { major, minor })
  for (const magic of [b.MAGIC_NANO, b.MAGIC_MODIFIED, b.MAGIC_IXIA_HARDWARE, b.MAGIC_IXIA_SOFTWARE])
    add(`records that do not fit the magic ${magic.toString(16)}`, { magic })
  for (const big of [false, true])
    add(`FCS length in the link type, ${big ? 'big' : 'little'} endian`, { big, network: 0x24000001 })
  for (const caplen of [
    0,
    1,
    13,
    RST.length - 1,
    RST.length + 1,
    262_144,
    262_145,
    0x7fffffff,
    0x80000000,
    0xffffffff,
  ])
    add(`a record of ${caplen} bytes claimed`, withLast({ caplen }))
  for (const origlen of [0, 1, RST.length - 1, 65_535, 0x7fffffff, 0xffffffff])
    add(`${origlen} bytes on the wire claimed`, withLast({ origlen }))
  for (const sec of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff])
    add(`a record at second ${sec}`, withLast({ sec }))
  for (const frac of [999_999, 1_000_000, 0x7fffffff, 0xffffffff])
    add(`a record at microsecond ${frac}`, withLast({ frac }))
  add('every record at the same moment', { records: FRAMES.map(data => ({ data })) })
  add('time runs backwards', { records: FRAMES.map((data, i) => ({ sec: 1_700_000_000 - i * 10, data })) })
  add('records without bytes', { records: Array.from({ length: 200 }, () => ({ data: new Uint8Array(0) })) })
  for (const network of [2, 4, 11, 13, 99, 147, 162, 187, 230, 300, 0xffff, 0x10001, 0x3ff0000])
    add(`link type ${network} (${linkTypeName(network)})`, { network })
  return list
}

/** A file cut inside and behind every part of its first records. */
function cutFiles(): Awkward[] {
  const pcap = b.pcap({ records: records() })
  const ng = b.concat(
    b.shb(),
    b.idb({ tsresol: 9 }),
    ...FRAMES.map(data => b.epb({ data })),
    b.isb({ drops: 3n }),
  )
  const edges = [4, 8, 20, 24, 25, 28, 32, 36, 40, 41, 48, 60, 94, 110, 111, 300]
  return edges.flatMap(edge => [
    { name: `pcap cut behind ${edge} bytes`, bytes: pcap.slice(0, edge) },
    { name: `pcapng cut behind ${edge} bytes`, bytes: ng.slice(0, edge) },
    { name: `pcapng without its last ${edge} bytes`, bytes: ng.slice(0, -edge) },
  ])
}

const epbs = (over: Partial<b.PacketSpec> = {}): Uint8Array =>
  b.concat(...FRAMES.map(data => b.epb({ data, ...over })))

function blocks(): Awkward[] {
  const list: Awkward[] = []
  const add = (name: string, ...parts: Uint8Array[]): void =>
    void list.push({ name: `pcapng: ${name}`, bytes: b.concat(...parts) })
  const start = b.concat(b.shb(), b.idb())
  for (const length of [
    0, 1, 11, 12, 13, 16, 28, 31, 32, 0x100000, 0x100001, 0x8020020, 0x8020024, 0x7fffffff, 0x80000000,
    0xfffffffc, 0xffffffff,
  ])
    add(`a block of length ${length}`, start, epbs(), b.epb({ data: RST, length }), epbs())
  add('a block of another length at its end', start, epbs(), b.epb({ data: RST, trailer: 20 }), epbs())
  for (const tsresol of [0, 1, 3, 7, 9, 10, 12, 19, 20, 38, 127, 128, 129, 148, 160, 190, 191, 200, 255])
    add(
      `timestamp resolution ${tsresol}`,
      b.shb(),
      b.idb({ tsresol }),
      epbs(),
      epbs({ time: 0n }),
      epbs({ time: 2n ** 64n - 1n }),
    )
  for (const tsoffset of [-1n, 1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)])
    add(`timestamp offset ${tsoffset}`, b.shb(), b.idb({ tsoffset, tsresol: 9 }), epbs())
  for (const time of [0n, 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])
    add(`timestamp ${time}`, start, epbs({ time }), epbs())
  for (const interfaceId of [1, 65535, 0x7fffffff, 0xffffffff])
    add(`packets of interface ${interfaceId}, which is not there`, start, epbs({ interfaceId }), epbs())
  for (const caplen of [0, RST.length + 1, RST.length + 8, 0x7fffffff, 0xffffffff])
    add(`packets of ${caplen} bytes claimed`, start, epbs({ caplen }), epbs())
  for (const origlen of [0, 1, 0xffffffff])
    add(`packets of ${origlen} bytes on the wire`, start, epbs({ origlen }))
  for (const snaplen of [1, 20, 60])
    add(
      `simple packets, snap length ${snaplen}`,
      b.shb(),
      b.idb({ snaplen }),
      b.spb({ data: RST.slice(0, snaplen), origlen: RST.length }),
      epbs(),
    )
  add('simple packets without an interface', b.shb(), b.spb({ data: RST }), start, epbs())
  add('packets before the interface', b.shb(), epbs(), b.idb(), epbs())
  add('obsolete packet blocks with drops', start, ...FRAMES.map(data => b.pb({ data, drops: 7 })))
  add(
    'drop counters at their limit',
    start,
    epbs(),
    b.isb({ drops: 2n ** 64n - 1n, osDrops: 2n ** 64n - 1n }),
  )
  add('statistics of an interface that is not there', start, epbs(), b.isb({ interfaceId: 9, drops: 5n }))
  add(
    'an option longer than its block',
    b.shb(),
    b.idb({ options: b.concat(b.u16(9), b.u16(60_000), b.u32(6)) }),
    epbs(),
  )
  add('options without end', b.shb(), b.idb({ options: b.option(2, b.text('eth0')) }), epbs())
  add(
    'a thousand options',
    b.shb(),
    b.idb({ options: b.concat(...Array.from({ length: 1000 }, () => b.option(1, b.text('x')))) }),
    epbs(),
  )
  add(
    'names that do not end',
    start,
    b.block(4, b.concat(b.u16(1), b.u16(8), b.text('\x0a\0\0\x01abcd'))),
    epbs(),
  )
  add('a name of 60,000 letters', start, b.nrb([[Uint8Array.of(10, 0, 0, 1), 'n'.repeat(60_000)]]), epbs())
  add('names that are not UTF-8', start, b.nrb([[Uint8Array.of(10, 0, 0, 1), '\ud800\u001b[2J']]), epbs())
  add(
    'ten names for one address',
    start,
    b.nrb(Array.from({ length: 10 }, (_, i): [Uint8Array, string] => [Uint8Array.of(10, 0, 0, 1), `n${i}`])),
    epbs(),
  )
  add(
    'sections of both byte orders in turn',
    ...[false, true, false, true].flatMap(big => [b.shb({ big }), b.idb({ big }), epbs({ big })]),
  )
  for (const sectionLength of [0n, 1n, 8n, 2n ** 62n])
    add(`a section length of ${sectionLength}`, b.shb({ sectionLength }), b.idb(), epbs())
  for (const [major, minor] of [
    [1, 1],
    [1, 2],
    [2, 0],
  ])
    add(
      `version ${major}.${minor} in the second section`,
      start,
      epbs(),
      b.shb({ major, minor }),
      b.idb(),
      epbs(),
    )
  add(
    'custom, unknown and secrets blocks between',
    start,
    b.block(0xbad, new Uint8Array(9)),
    b.block(0x40000bad, new Uint8Array(4)),
    b.block(10, new Uint8Array(8)),
    b.block(0x7777, new Uint8Array(1000)),
    epbs(),
  )
  add('a hundred sections without packets', ...Array.from({ length: 100 }, () => b.shb()), b.idb(), epbs())
  for (const linkType of [0, 65535])
    add(
      `two interfaces, one of link type ${linkType}`,
      b.shb(),
      b.idb({ linkType }),
      b.idb(),
      epbs(),
      epbs({ interfaceId: 1 }),
    )
  const many = Array.from({ length: 10_000 }, (_, i) =>
    b.idb({ linkType: i % 7 === 0 ? 1 : i & 0xffff, tsresol: i & 0xff }),
  )
  add('10,000 interfaces', b.shb(), ...many, epbs({ interfaceId: 7 }), epbs({ interfaceId: 9996 }))
  add('zeros behind the last block', start, epbs(), new Uint8Array(5000))
  add('a pcap behind the last block', start, epbs(), b.pcap({ records: records() }))
  return list
}

export const containers = (): Awkward[] => [...pcaps(), ...cutFiles(), ...blocks()]
