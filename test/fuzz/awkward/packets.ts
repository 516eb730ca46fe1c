/** Packets whose lengths, options and headers lie, end early or nest without end. */
import { be16, be32, type Bytes, eth, hex, ip4, ip6, tcp, udp, zeros } from '../../wire/bytes.js'
import { after, type Awkward, capture, IPV6, rst4, rst6, snapped } from './specimen.js'

const vlan = (body: Bytes): Bytes => [...be16(12), ...body]
const RST = tcp({ flags: 0x14, seq: 107, ack: 500 })

/** Every boundary inside the headers, and a byte beside it. */
const EDGES = [0, 1, 6, 12, 13, 14, 15, 23, 24, 33, 34, 35, 37, 38, 46, 47, 48, 49, 50, 53, 54, 55, 65]

function cuts(): Awkward[] {
  const options = tcp({ flags: 0x14, options: hex('0101080a 00000001 00000002') })
  const frames: [string, Bytes][] = [
    ['IPv4', rst4(options)],
    ['IPv6', rst6(options)],
    ['VLAN', eth([...vlan([...be16(0x0800), ...ip4(options)])], 0x8100)],
  ]
  return frames.flatMap(([name, frame]) =>
    EDGES.filter(edge => edge < frame.length).map(edge => ({
      name: `${name} RST cut to ${edge} bytes`,
      bytes: snapped(frame, edge),
    })),
  )
}

function lengths(): Awkward[] {
  const list: Awkward[] = []
  for (const totalLength of [0, 1, 19, 20, 21, 33, 36, 39, 41, 46, 1500, 65535])
    list.push({ name: `IPv4 total length ${totalLength}`, bytes: after(eth(ip4(RST, { totalLength }))) })
  for (let headerWords = 0; headerWords < 16; headerWords++)
    list.push({ name: `IPv4 header of ${headerWords} words`, bytes: after(eth(ip4(RST, { headerWords }))) })
  for (let dataOffset = 0; dataOffset < 16; dataOffset++) {
    const segment = tcp({ flags: 0x14, seq: 107, ack: 500, dataOffset, payload: hex('0101 0101 61') })
    list.push({ name: `TCP header of ${dataOffset} words`, bytes: after(rst4(segment)) })
  }
  for (const payloadLength of [0, 1, 13, 19, 21, 65535])
    list.push({
      name: `IPv6 payload length ${payloadLength}`,
      bytes: after(eth(ip6(RST, { payloadLength }), IPV6)),
    })
  for (const version of [0, 1, 5, 7, 15])
    list.push({ name: `IP version ${version}`, bytes: after(eth(ip4(RST, { version }))) })
  for (const padding of [1, 6, 40, 1446])
    list.push({
      name: `${padding} bytes of padding that look like data`,
      bytes: after([...rst4(), ...Array(padding).fill(0x47)]),
    })
  return list
}

const OPTIONS: Record<string, string> = {
  'length 0': '00000000 03000000 08000000',
  'kind 8 of length 0': '08000000',
  'kind 8 of length 1': '08010101',
  'kind 8 of length 255': '08ff0000',
  'kind 5 of length 2': '05020101',
  'kind 5 of length 11': '050b0000 00010000 00020101',
  'window scale 255': '0303ff01',
  'window scale 14 on a RST': '03030e01',
  'MSS 0': '02040000',
  'only padding': '01010101 01010101',
  'end, then rubbish': '00ffffff ffffffff',
  'unknown kinds': 'fd040102 fe040102 ff040102',
  'MPTCP capable': '1e0c0181 0000000000000001',
  'MPTCP fastclose': '1e0c7000 0000000000000001',
  'MPTCP TCPRST': '1e048001',
  'MPTCP of length 2': '1e020101',
  'MD5 signature': '1312 00000000000000000000000000000000 0101',
  'TCP-AO cut': '1d10 0102',
  'fast open cookie': '2206 01020304 0101',
  'twenty times kind 3': '03030103'.repeat(10),
  'a kind at the very end': '01010108',
}

function options(): Awkward[] {
  return Object.entries(OPTIONS).flatMap(([name, digits]) =>
    [0x14, 0x02].map(flags => ({
      name: `TCP options, ${flags === 2 ? 'SYN' : 'RST'}: ${name}`,
      bytes: after(
        rst4(tcp({ flags, seq: flags === 2 ? 9999 : 107, ack: 500, options: hex(digits) })),
        rst4(),
      ),
    })),
  )
}

const repeat = (count: number, body: Bytes, wrap: (inner: Bytes) => Bytes): Bytes => {
  let inner = body
  for (let i = 0; i < count; i++) inner = wrap(inner)
  return inner
}

const mac = zeros(12)

function nesting(): Awkward[] {
  const depths = [1, 8, 9, 16, 17, 31, 33, 64, 65, 200]
  const wraps: Record<string, (depth: number) => Bytes> = {
    'IPv4 in IPv4': depth => eth(repeat(depth, ip4(RST), inner => ip4(inner, { protocol: 4 }))),
    'IPv6 in IPv6': depth =>
      eth(
        repeat(depth, ip6(RST), inner => ip6(inner, { next: 41 })),
        IPV6,
      ),
    'VLAN tags': depth => [
      ...mac,
      ...repeat(depth, [...be16(0x0800), ...ip4(RST)], inner => [...be16(0x8100), ...vlan(inner)]),
    ],
    GRE: depth => eth(repeat(depth, ip4(RST), inner => ip4([0, 0, 8, 0, ...inner], { protocol: 47 }))),
    VXLAN: depth =>
      eth(
        repeat(depth, ip4(RST), inner =>
          ip4(udp([8, 0, 0, 0, 0, 0, 1, 0, ...eth(inner)], 4789, 4789), { protocol: 17 }),
        ),
      ),
    'MPLS labels': depth =>
      eth([...repeat(depth - 1, [], inner => [0, 1, 0, 64, ...inner]), 0, 1, 1, 64, ...ip4(RST)], 0x8847),
    'ICMP errors': depth =>
      eth(repeat(depth, ip4(RST), inner => ip4([3, 3, 0, 0, ...zeros(4), ...inner], { protocol: 1 }))),
    'IPv6 hop-by-hop headers': depth =>
      eth(
        ip6(
          [
            ...repeat(depth - 1, [], inner => [0, 0, 1, 4, ...zeros(4), ...inner]),
            6,
            0,
            1,
            4,
            ...zeros(4),
            ...RST,
          ],
          { next: 0 },
        ),
        IPV6,
      ),
  }
  return Object.entries(wraps).flatMap(([name, wrap]) =>
    depths.map(depth => ({ name: `${depth} × ${name}`, bytes: after(wrap(depth)) })),
  )
}

function extensions(): Awkward[] {
  const chains: Record<string, Bytes> = {
    'routing header of 2,048 bytes claimed': ip6([6, 255, 0, 0, ...zeros(4), ...RST], { next: 43 }),
    'destination options that end with the packet': ip6([6, 0, 1, 4, ...zeros(4)], { next: 60 }),
    'a fragment header inside a fragment header': ip6(
      [44, 0, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0, 2, ...RST],
      { next: 44 },
    ),
    'authentication header': ip6([6, 4, 0, 0, ...zeros(20), ...RST], { next: 51 }),
    'authentication header of length 255': ip6([6, 255, 0, 0, ...zeros(20), ...RST], { next: 51 }),
    'encrypted payload': ip6([...zeros(8), ...RST], { next: 50 }),
    'no next header': ip6(RST, { next: 59 }),
    'a hop-by-hop header that names itself': ip6([0, 0, 1, 4, ...zeros(4), ...RST], { next: 0 }),
    'jumbo payload option with payload length 0': ip6([6, 0, 0xc2, 4, ...be32(28), ...RST], {
      next: 0,
      payloadLength: 0,
    }),
    'jumbo payload of 4 GB': ip6([6, 0, 0xc2, 4, ...be32(0xffffffff), ...RST], { next: 0, payloadLength: 0 }),
  }
  return Object.entries(chains).map(([name, packet]) => ({
    name: `IPv6: ${name}`,
    bytes: after(eth(packet, IPV6)),
  }))
}

const MORE = 0x2000

/** IPv4 fragments of one RST: offset in bytes, end in bytes, and whether more follow. */
const FRAGMENTS: Record<string, [from: number, to: number, more: boolean][]> = {
  'in order': [
    [0, 16, true],
    [16, 24, false],
  ],
  backwards: [
    [16, 24, false],
    [0, 16, true],
  ],
  overlapping: [
    [0, 16, true],
    [8, 24, false],
  ],
  'overlapping from behind': [
    [8, 24, false],
    [0, 16, true],
  ],
  'the first twice, then the last': [
    [0, 16, true],
    [0, 16, true],
    [16, 24, false],
  ],
  'one inside another': [
    [0, 24, true],
    [8, 16, true],
    [16, 24, false],
  ],
  'two different ends': [
    [16, 24, false],
    [8, 16, false],
    [0, 8, true],
  ],
  'tiny first, flags in the second': [
    [0, 8, true],
    [8, 24, false],
  ],
  'a hole': [
    [0, 8, true],
    [16, 24, false],
  ],
  'empty last': [
    [0, 24, true],
    [24, 24, false],
  ],
}

function fragments(): Awkward[] {
  const segment = [...RST, ...hex('61626364')]
  const list = Object.entries(FRAGMENTS).map(([name, parts]) => ({
    name: `fragments: ${name}`,
    bytes: after(
      ...parts.map(([from, to, more]) =>
        eth(ip4(segment.slice(from, to), { id: 7, fragment: (more ? MORE : 0) | (from >> 3) })),
      ),
    ),
  }))
  const far = eth(ip4(zeros(64), { id: 9, fragment: 0x1fff }))
  return [
    ...list,
    {
      name: 'fragments: one that ends behind 65,535 bytes',
      bytes: after(eth(ip4(RST, { id: 9, fragment: MORE })), far),
    },
    {
      name: 'fragments: an offset that is not a multiple of what came',
      bytes: after(
        eth(ip4(RST.slice(0, 13), { id: 5, fragment: MORE })),
        eth(ip4(RST.slice(8), { id: 5, fragment: 1 })),
      ),
    },
  ]
}

function flags(): Awkward[] {
  const odd = [
    0x00, 0x04, 0x05, 0x06, 0x07, 0x0c, 0x15, 0x16, 0x1f, 0x24, 0x3f, 0x44, 0x84, 0xff, 0x104, 0xf04, 0xfff,
  ]
  const list = odd.map(flag => ({
    name: `flags 0x${flag.toString(16)}`,
    bytes: after(rst4([...RST.slice(0, 12), ...be16(0x5000 | flag), ...RST.slice(14)]), rst4()),
  }))
  const land = { source: [10, 0, 0, 1], destination: [10, 0, 0, 1] }
  return [
    ...list,
    {
      name: 'source and destination the same',
      bytes: after(eth(ip4(tcp({ sourcePort: 80, destinationPort: 80 }), land))),
    },
    { name: 'ports 0', bytes: after(rst4(tcp({ sourcePort: 0, destinationPort: 0 }))) },
    {
      name: 'a RST with 1,400 bytes',
      bytes: after(rst4(tcp({ seq: 107, ack: 500, payload: Array(1400).fill(0x41) }))),
    },
    { name: 'to the broadcast address', bytes: after(eth(ip4(RST, { destination: [255, 255, 255, 255] }))) },
    { name: 'from 0.0.0.0', bytes: after(eth(ip4(RST, { source: [0, 0, 0, 0] }))) },
    {
      name: 'a frame of 65,549 bytes (segmentation offload)',
      bytes: after(eth(ip4(tcp({ flags: 0x18, payload: Array(65_495).fill(1) }))), rst4()),
    },
    {
      name: 'a frame of 200,000 bytes with total length 0',
      bytes: after(
        eth(ip4(tcp({ flags: 0x18, payload: Array(200_000).fill(1) }), { totalLength: 0 })),
        rst4(),
      ),
    },
    {
      name: 'only RSTs, of one connection',
      bytes: capture(Array.from({ length: 300 }, (_, i) => rst4(tcp({ flags: 0x04, seq: i * 1000 })))),
    },
    {
      name: 'only RSTs, of 300 connections',
      bytes: capture(Array.from({ length: 300 }, (_, i) => rst4(tcp({ flags: 0x14, sourcePort: 1000 + i })))),
    },
  ]
}

export const packets = (): Awkward[] => [
  ...cuts(),
  ...lengths(),
  ...options(),
  ...nesting(),
  ...extensions(),
  ...fragments(),
  ...flags(),
]
