/** Captures of any size that are hard on one thing each. */
import { pcapFrom, pcapngFrom, type Packet } from './synthetic.js'

export interface Scenario {
  name: string
  n: number
  make(n: number): Uint8Array
}

const SYN = 0x02
const SYN_ACK = 0x12
const ACK = 0x10
const PSH_ACK = 0x18
const RST = 0x04
const RST_ACK = 0x14

const SERVER = 0x0a000001

/** Handshake, a request, an answer, a reset by the server. */
export function* reset(
  client: number,
  clientPort: number,
  serverPort: number,
  start: number,
): Generator<Packet> {
  const c = { source: client, sourcePort: clientPort, destination: SERVER, destinationPort: serverPort }
  const s = { source: SERVER, sourcePort: serverPort, destination: client, destinationPort: clientPort }
  yield { ...c, flags: SYN, seq: 99, ack: 0, us: start }
  yield { ...s, flags: SYN_ACK, seq: 499, ack: 100, us: start + 20_000 }
  yield { ...c, flags: ACK, seq: 100, ack: 500, us: start + 20_100 }
  yield { ...c, flags: PSH_ACK, seq: 100, ack: 500, us: start + 20_200, payload: 40 }
  yield { ...s, flags: PSH_ACK, seq: 500, ack: 140, us: start + 41_000, payload: 400 }
  yield { ...s, flags: RST_ACK, seq: 900, ack: 140, us: start + 1_041_000 }
}

function* times(n: number, make: (i: number) => Iterable<Packet>): Generator<Packet> {
  for (let i = 0; i < n; i++) yield* make(i)
}

const client = (i: number): number => 0x0a100000 + i

const open = (i: number): Packet => ({
  source: client(i % 5000),
  sourcePort: 1024 + Math.floor(i / 5000),
  destination: SERVER,
  destinationPort: 443,
  flags: SYN,
  seq: i,
  ack: 0,
  us: i * 30,
})

export const SCENARIOS: Scenario[] = [
  {
    name: 'many resets on one listener, equal timers',
    n: 10_000,
    make: n =>
      pcapFrom(times(n, i => reset(client(i % 3000), 1024 + Math.floor(i / 3000), 443, i * 2_000_000))),
  },
  {
    name: 'many resets on one listener at once',
    n: 10_000,
    make: n => pcapFrom(times(n, i => reset(client(i % 3000), 1024 + Math.floor(i / 3000), 443, i * 10))),
  },
  {
    name: 'one client, many resets',
    n: 10_000,
    make: n =>
      pcapFrom(times(n, i => reset(client(0), 1024 + (i % 60_000), 443 + Math.floor(i / 60_000), i * 1000))),
  },
  {
    name: 'many connections, none reset',
    n: 60_000,
    make: n =>
      pcapFrom(
        times(n, i => [...reset(client(i % 5000), 1024 + Math.floor(i / 5000), 443, i * 50)].slice(0, 5)),
      ),
  },
  {
    name: 'many connections at once, none ends',
    n: 60_000,
    make: n =>
      pcapFrom(
        [0, 1, 2, 3].flatMap(step =>
          Array.from({ length: n }, (_, i) => {
            const [c] = [...reset(client(i % 5000), 1024 + Math.floor(i / 5000), 443, 0)].slice(step)
            return { ...c, us: step * n * 20 + i * 20 }
          }),
        ),
      ),
  },
  {
    name: 'one connection, many segments',
    n: 200_000,
    make: n =>
      pcapFrom(
        times(n, i => {
          const all = [...reset(client(0), 40_000, 443, 0)]
          if (i === 0) return all.slice(0, 5)
          const [ack, data] = [all[2], all[4]]
          const us = 50_000 + i * 20
          const seq = 900 + i * 400
          // Every thousandth piece is lost and comes again later; the last one is followed by a reset.
          if (i === n - 1) return [{ ...all[5], seq, us }]
          if (i % 1000 === 999) return [{ ...data, seq: seq - 400, us }]
          return [
            ...(i % 1000 === 998 ? [] : [{ ...data, seq, us }]),
            { ...ack, seq: 140, ack: seq, us: us + 5 },
          ]
        }),
      ),
  },
  {
    name: 'one connection, many RSTs',
    n: 100_000,
    make: n =>
      pcapFrom(
        times(n, i => {
          const all = [...reset(client(0), 40_000, 443, 0)]
          return i === 0 ? all : [{ ...all[5], seq: 900 + i, us: 1_041_000 + i * 20 }]
        }),
      ),
  },
  {
    name: 'many connections of 70 RSTs each',
    n: 400,
    make: n =>
      pcapFrom(
        times(n, i => {
          const all = [...reset(client(i), 40_000, 443, i * 100_000)]
          return [
            ...all,
            ...Array.from({ length: 69 }, (_, k) => ({
              ...all[5],
              seq: 900 + k * 10,
              us: all[5].us + k * 50,
            })),
          ]
        }),
      ),
  },
  {
    name: 'SYN scan of many ports',
    n: 30_000,
    make: n =>
      pcapFrom(
        times(n, i => {
          const port = 1 + (i % 65_000)
          const host = SERVER + Math.floor(i / 65_000)
          const syn = {
            source: client(0),
            sourcePort: 50_000,
            destination: host,
            destinationPort: port,
            flags: SYN,
            seq: i,
            ack: 0,
            us: i * 200,
          }
          return [
            syn,
            {
              source: host,
              sourcePort: port,
              destination: client(0),
              destinationPort: 50_000,
              flags: RST_ACK,
              seq: 0,
              ack: i + 1,
              us: i * 200 + 90,
            },
          ]
        }),
      ),
  },
  {
    name: 'SYN flood from random sources, one reset',
    n: 150_000,
    make: n =>
      pcapFrom(
        times(n, i =>
          i === 0
            ? reset(client(0), 40_000, 443, 0)
            : [{ ...open(i), source: Math.imul(i, 0x9e3779b1) >>> 0 }],
        ),
      ),
  },
  {
    name: 'one 4-tuple used many times',
    n: 10_000,
    make: n =>
      pcapFrom(
        times(n, i =>
          [...reset(client(0), 40_000, 443, i * 2_000_000)].map(p =>
            p.source === SERVER
              ? { ...p, seq: p.seq + i * 9000, ack: p.ack && p.ack + i * 7000 }
              : { ...p, seq: p.seq + i * 7000, ack: p.ack && p.ack + i * 9000 },
          ),
        ),
      ),
  },
  {
    name: 'every reset from another host',
    n: 10_000,
    make: n =>
      pcapFrom(
        times(n, i =>
          [...reset(client(i), 40_000, 443, i * 1000)].map(p =>
            p.flags === RST_ACK ? { ...p, flags: RST, hopLimit: 40 } : p,
          ),
        ),
      ),
  },
  {
    name: 'many interfaces in a pcapng',
    n: 80_000,
    make: n =>
      pcapngFrom(
        n,
        times(n, i => [open(i)]),
      ),
  },
  {
    name: 'fragments that never meet',
    n: 100_000,
    make: n =>
      pcapFrom(
        times(n, i => [{ ...open(i), ipId: i & 0xffff, fragment: 0x2000 | (i & 1 ? 3 : 0), payload: 8 }]),
      ),
  },
  {
    name: 'tunnels in tunnels',
    n: 40_000,
    make: n => pcapFrom(times(n, i => [{ ...open(i), nesting: i % 70 }])),
  },
]
