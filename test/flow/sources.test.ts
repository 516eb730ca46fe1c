/** The columns of sources against plain sets and lists. */
import { describe, expect, test } from 'vitest'
import { AcceptLists } from '../../src/flow/accept-lists.js'
import { SourcePairs } from '../../src/flow/source-pairs.js'
import { Sources } from '../../src/flow/sources.js'
import { TimeList } from '../../src/flow/time-list.js'
import { addressText, parseAddress } from '../../src/wire/text.js'
import { generator } from '../wire/mutate.js'

describe('what a source has tried', () => {
  test('is counted like sets of hosts, ports and listeners, whether they have numbers or not', () => {
    const random = generator(11)
    const below = (n: number) => Math.floor(random() * n)
    const pairs = new SourcePairs(1 << 20)
    const plain = new Map<
      number,
      { hosts: Set<number>; ports: Set<number>; listeners: Map<string, number> }
    >()
    const accepted = new Set<number>()
    for (let i = 0; i < 40_000; i++) {
      // Low numbers come often: some sources stay below the length of a chain, some go far beyond.
      const source = below(1 + below(400))
      const host = below(1 + below(60))
      const port = below(1 + below(40))
      const known = plain.get(source) ?? { hosts: new Set(), ports: new Set(), listeners: new Map() }
      plain.set(source, known)
      const far = host > 50
      const end = Int32Array.of(0, 0, 0xffff, host, port)
      const pair = pairs.note(source, far ? -1 : host, far ? -1 : host * 100 + port, end)
      known.hosts.add(host)
      known.ports.add(port)
      const name = `${host} ${port}`
      if (far) expect(pair).toBe(-1)
      else expect(pair, 'the same pair has the same number').toBe(known.listeners.get(name) ?? pair)
      known.listeners.set(name, pair)
      if (pair < 0) continue
      expect(pairs.markAccepted(pair), 'accepted for the first time').toBe(!accepted.has(pair))
      accepted.add(pair)
    }
    for (const [source, { hosts, ports, listeners }] of plain)
      expect(pairs.countsOf(source)).toEqual({
        hosts: hosts.size,
        ports: ports.size,
        listeners: listeners.size,
        unknown: [...listeners.values()].filter(n => n < 0).length,
      })
    const numbers = [...plain.values()].flatMap(({ listeners }) =>
      [...listeners.values()].filter(n => n >= 0),
    )
    expect(new Set(numbers).size, 'no number stands for two pairs').toBe(numbers.length)
  })

  test('is found by its address, with or without a number of its own', () => {
    const sources = new Sources(1000, 1000, 1000)
    const end = Int32Array.of(0, 0, 0xffff, 0x0a000001, 443)
    for (let i = 0; i < 3; i++) {
      const client = Int32Array.of(0, 0, 0xffff, 0x0b000000 + i)
      const id = sources.add(i === 2 ? -1 : i, client, 4)
      expect(sources.add(i === 2 ? -1 : i, client, 4)).toBe(id)
      const pair = sources.attempt(id, 7, 9, end, 5e9 * i)
      sources.attempt(id, 8, 10, Int32Array.of(0, 0, 0xffff, 0x0a000002, 443), 5e9 * i + 1)
      sources.accepted(id, pair, 5e9 * i + 2, 9)
    }
    const timeline = sources.timeline(Int32Array.of(0, 0, 0xffff, 0x0b000002), listener => ({
      address: 'there',
      port: listener,
    }))
    expect(timeline).toEqual({
      address: '11.0.0.2',
      syns: 2,
      hosts: 2,
      ports: 1,
      listeners: 2,
      refused: 1,
      firstTimeNs: 10e9,
      lastTimeNs: 10e9 + 1,
      accepts: [{ timeNs: 10e9 + 2, address: 'there', port: 9 }],
      thinned: false,
    })
  })
})

test('lists of who accepted keep what a list of times keeps', () => {
  const lists = new AcceptLists(1 << 20)
  const plain = [new TimeList({ times: 1e6 }), new TimeList({ times: 1e6 })]
  for (let i = 0; i < 40_000; i++) {
    const source = i % 5 === 0 ? 1 : 0
    lists.push(source, i, i & 0xff)
    plain[source].push(i)
  }
  for (const source of [0, 1]) {
    const { entries, stride } = plain[source]
    expect(stride).toBeGreaterThan(1)
    expect(lists.of(source)).toEqual(entries.map(timeNs => ({ timeNs, listener: timeNs & 0xff })))
  }
  expect(lists.of(2)).toEqual([])
})

test('addresses come back from their text', () => {
  const random = generator(3)
  const word = () => (random() < 0.5 ? 0 : Math.floor(random() * 2 ** 32) | 0)
  for (let i = 0; i < 2000; i++) {
    const v4 = i & 1
    const words = v4 ? Int32Array.of(0, 0, 0xffff, word()) : Int32Array.of(word(), word(), word(), word())
    const back = new Int32Array(4)
    parseAddress(addressText(words, v4 ? 4 : 6), back)
    expect(back, addressText(words, v4 ? 4 : 6)).toEqual(words)
  }
  const mapped = Int32Array.of(0, 0, 0xffff, 0x01020304)
  const back = new Int32Array(4)
  parseAddress(addressText(mapped, 6), back)
  expect(back).toEqual(mapped)
})
