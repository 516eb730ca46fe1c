/** Captures that are made while they are read, of millions of packets, each hard on one thing. */
import { nrb } from '../capture/build.js'
import { reset } from './scenarios.js'
import { type Packet, pcapHeader, pcapngFrom, records } from './synthetic.js'

export interface Stream {
  name: string
  /** Measured at n and at 2n. */
  n: number
  pieces(n: number): Iterable<Uint8Array>
}

const [SYN, RST, RST_ACK] = [0x02, 0x04, 0x14]
const SERVER = 0x0a000001

function* times<T>(n: number, make: (i: number) => Iterable<T>): Generator<T> {
  for (let i = 0; i < n; i++) yield* make(i)
}

function* capture(packets: Iterable<Packet>): Generator<Uint8Array> {
  yield pcapHeader()
  yield* records(packets)
}

/** Spread over all addresses, each i another. */
const address = (i: number) => Math.imul(i + 1, 0x9e3779b1) >>> 0

const syn = (i: number, more: Partial<Packet> = {}): Packet => ({
  source: address(i),
  sourcePort: 1024 + (i % 60_000),
  destination: SERVER,
  destinationPort: 443,
  flags: SYN,
  seq: i,
  ack: 0,
  us: i * 10,
  ...more,
})

const FIRST = [...reset(address(0), 40_000, 443, 0)]

/** Handshake, request, a short answer. */
function exchange(i: number): Packet[] {
  const end = { address: address(i), port: 1024 + (i % 60_000) }
  return FIRST.slice(0, 5).map((p, k) => ({
    ...p,
    ...(p.source === SERVER
      ? { destination: end.address, destinationPort: end.port }
      : { source: end.address, sourcePort: end.port }),
    payload: p.payload === undefined ? 0 : 40,
    us: i * 50 + k,
  }))
}

/** Every hundred thousandth exchange ends in a reset, so that there is something to compare with. */
function* exchanges(i: number): Generator<Packet> {
  const all = exchange(i)
  yield* all
  if (i % 100_000 === 0) yield { ...all[4], flags: RST_ACK, seq: 540, payload: 0, us: i * 50 + 10 }
}

/** The same with the two addresses exchanged: many servers, one client. */
function* mirrored(packets: Iterable<Packet>): Generator<Packet> {
  for (const p of packets) yield { ...p, source: p.destination, destination: p.source }
}

/** As many connections at once, each of which asks once and is never answered. */
function* waves(n: number): Generator<Packet> {
  for (let step = 0; step < 4; step++)
    for (let i = 0; i < n; i++) yield { ...exchange(i)[step], us: (step * n + i) * 10 }
}

const refused = (i: number): Generator<Packet> => scan(i, 1)

/** A port after the other, host after host; one in so many refuses. */
function* scan(i: number, refusing = 10_000): Generator<Packet> {
  const to = { destination: 0x0b000000 + Math.floor(i / 60_000), destinationPort: 1 + (i % 60_000) }
  const probe = syn(i, { source: SERVER, sourcePort: 50_000, ...to })
  yield probe
  if (i % refusing === 0)
    yield {
      ...probe,
      source: to.destination,
      sourcePort: to.destinationPort,
      destination: SERVER,
      destinationPort: 50_000,
      flags: RST_ACK,
      seq: 0,
      ack: i + 1,
      us: i * 10 + 5,
    }
}

/** One connection of which one side sends nothing but RSTs. */
function* storm(i: number): Generator<Packet> {
  if (i === 0) yield* FIRST
  else yield { ...FIRST[5], flags: RST, seq: 900 + i, ack: 0, us: 1_041_000 + i * 2 }
}

/** An answer that names one address: `hN.example A`. */
function dnsAnswer(i: number): Uint8Array {
  const name = Buffer.from(`\u0008h${String(i).padStart(7, '0')}\u0007example\u0000`, 'latin1')
  const dns = Buffer.alloc(12 + name.length + 4 + 16)
  dns.writeUInt16BE(0x8180, 2)
  dns.writeUInt16BE(1, 4)
  dns.writeUInt16BE(1, 6)
  dns.set(name, 12)
  const question = 12 + name.length
  dns.writeUInt32BE(0x00010001, question)
  dns.writeUInt16BE(0xc00c, question + 4)
  dns.writeUInt32BE(0x00010001, question + 6)
  dns.writeUInt32BE(60, question + 10)
  dns.writeUInt16BE(4, question + 14)
  dns.writeUInt32BE(address(i), question + 16)
  return datagram(i, dns)
}

/** From port 53, as a record. */
function datagram(i: number, payload: Buffer): Uint8Array {
  const size = 42 + payload.length
  const b = Buffer.alloc(16 + size)
  b.writeUInt32LE(1_700_000_000 + Math.floor(i / 1000), 0)
  b.writeUInt32LE((i % 1000) * 1000, 4)
  b.writeUInt32LE(size, 8)
  b.writeUInt32LE(size, 12)
  b.writeUInt16BE(0x0800, 28)
  b.writeUInt16BE(0x4500, 30)
  b.writeUInt16BE(28 + payload.length, 32)
  b.writeUInt16BE(0x4011, 38)
  b.writeUInt32BE(SERVER, 42)
  b.writeUInt32BE(SERVER + 1, 46)
  b.writeUInt16BE(53, 50)
  b.writeUInt16BE(40_000, 52)
  b.writeUInt16BE(8 + payload.length, 54)
  b.set(payload, 58)
  return b
}

/** Name blocks of a thousand names each. */
function* nameBlocks(n: number): Generator<Uint8Array> {
  const packets = [...exchange(0), ...storm(0)]
  yield pcapngFrom(1, packets)
  for (let at = 0; at < n; at += 1000) {
    const entries = Array.from({ length: 1000 }, (_, k): [Uint8Array, string] => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(address(at + k))
      return [bytes, `h${at + k}.example`]
    })
    yield nrb(entries)
  }
}

/** Headers that lie: the TCP header is said to be shorter than it can be. */
function* liars(n: number): Generator<Uint8Array> {
  yield pcapHeader()
  for (const piece of records(times(n, i => [syn(i)]))) {
    for (let at = 0; at < piece.length; at += SYN_RECORD) piece[at + DATA_OFFSET] = 0x10
    yield piece
  }
}

/** A record's header, Ethernet, IP, TCP without options; the byte of TCP's data offset within. */
const SYN_RECORD = 16 + 14 + 20 + 20
const DATA_OFFSET = 16 + 14 + 20 + 12

function* raw(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield pcapHeader()
  yield* pieces
}

export const STREAMS: Stream[] = [
  { name: 'half-open connections', n: 5_000_000, pieces: n => capture(times(n, i => [syn(i)])) },
  { name: 'SYN scan', n: 2_500_000, pieces: n => capture(times(n, i => scan(i))) },
  { name: 'one connection, RSTs', n: 5_000_000, pieces: n => capture(times(n, storm)) },
  { name: 'closed ports, each refuses', n: 40_000, pieces: n => capture(times(n, i => refused(i))) },
  { name: 'open connections', n: 500_000, pieces: n => capture(waves(n)) },
  { name: 'one listener, as many clients', n: 500_000, pieces: n => capture(times(n, exchanges)) },
  {
    name: 'one client, as many hosts',
    n: 500_000,
    pieces: n => capture(times(n, i => mirrored(exchanges(i)))),
  },
  {
    name: 'tiny fragments',
    n: 1_000_000,
    pieces: n =>
      capture(times(n, i => [syn(i, { ipId: i & 0xffff, fragment: 0x2000 | (i & 1 ? 3 : 0), payload: 8 })])),
  },
  {
    name: 'tunnels in tunnels',
    n: 200_000,
    pieces: n => capture(times(n, i => [syn(i, { nesting: i % 70 })])),
  },
  { name: 'DNS answers', n: 500_000, pieces: n => raw(times(n, i => [dnsAnswer(i)])) },
  { name: 'names in name blocks', n: 500_000, pieces: nameBlocks },
  { name: 'damaged headers, a note each', n: 1_000_000, pieces: liars },
]
