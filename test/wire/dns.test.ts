/** Addresses in DNS answers: what was asked for, however the answer is compressed, cut, or lying. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dnsAddresses } from '../../src/wire/dns.js'
import { be16, be32, type Bytes, hex, zeros } from './bytes.js'

const A = 1
const CNAME = 5
const AAAA = 28

const label = (text: string): Bytes => [text.length, ...Buffer.from(text, 'latin1')]
const name = (text: string): Bytes => [...text.split('.').flatMap(label), 0]
/** A compression pointer (RFC 1035 §4.1.4). */
const pointer = (to: number): Bytes => be16(0xc000 | to)

function record(owner: Bytes, type: number, rdata: Bytes, rclass = 1): Bytes {
  return [...owner, ...be16(type), ...be16(rclass), ...be32(60), ...be16(rdata.length), ...rdata]
}

interface MessageSpec {
  flags?: number
  question?: Bytes
  answers: Bytes[]
  /** When the count shall lie. */
  count?: number
}

function message({ flags = 0x8180, question, answers, count = answers.length }: MessageSpec): Bytes {
  const asked = question ? [...question, ...be16(A), ...be16(1)] : []
  return [
    0x12,
    0x34,
    ...be16(flags),
    ...be16(question ? 1 : 0),
    ...be16(count),
    ...zeros(4),
    ...asked,
    ...answers.flat(),
  ]
}

function named(bytes: Bytes, lead = 0): string[] {
  const found: string[] = []
  const data = Uint8Array.from([...zeros(lead), ...bytes])
  dnsAddresses(data, lead, data.length, (host, address) => found.push(`${address} ${host}`))
  return found
}

const API = name('API.example.com')

describe('addresses in DNS answers', () => {
  it('A and AAAA, in small letters, wherever the message lies', () => {
    const bytes = message({
      question: API,
      answers: [
        record(pointer(12), A, [10, 0, 1, 9]),
        record(pointer(12), AAAA, hex('20010db8 00000000 00000000 00000009')),
      ],
    })
    const expected = ['10.0.1.9 api.example.com', '2001:db8::9 api.example.com']
    expect(named(bytes)).toEqual(expected)
    expect(named(bytes, 42)).toEqual(expected)
  })

  it('behind CNAMEs: the name that was asked for, not the one that has the address', () => {
    const edge = name('edge.cdn.example')
    const bytes = message({
      question: API,
      answers: [
        record(pointer(12), CNAME, edge),
        record(edge, CNAME, name('pop7.cdn.example')),
        record(name('pop7.cdn.example'), A, [192, 0, 2, 7]),
        record(name('other.example'), A, [192, 0, 2, 8]),
      ],
    })
    expect(named(bytes)).toEqual(['192.0.2.7 api.example.com', '192.0.2.8 other.example'])
  })

  it('multicast DNS has no question and marks its class', () => {
    const bytes = message({
      flags: 0x8400,
      answers: [record(name('printer.local'), A, [169, 254, 1, 2], 0x8001)],
    })
    expect(named(bytes)).toEqual(['169.254.1.2 printer.local'])
  })

  it.each([
    ['a query', { flags: 0x0100 }],
    ['an error', { flags: 0x8183 }],
    ['a dynamic update', { flags: 0xa880 }],
  ])('%s names nothing', (_what, over) =>
    expect(
      named(message({ question: API, answers: [record(pointer(12), A, [10, 0, 1, 9])], ...over })),
    ).toEqual([]),
  )

  it.each(['<script>.example', 'a b.example', '\u001b[31m.example', '=cmd().example', 'ünïcode.example'])(
    '%j is no name of a host',
    text =>
      expect(
        named(message({ question: name(text), answers: [record(pointer(12), A, [10, 0, 1, 9])] })),
      ).toEqual([]),
  )

  it('other classes, other types and wrong lengths are passed over', () => {
    const bytes = message({
      question: API,
      answers: [
        record(pointer(12), A, [10, 0, 0, 1], 3),
        record(pointer(12), 16, [3, 97, 98, 99]),
        record(pointer(12), A, [10, 0, 0]),
        record(pointer(12), A, [10, 0, 1, 9]),
      ],
    })
    expect(named(bytes)).toEqual(['10.0.1.9 api.example.com'])
  })

  it('pointers that go forward, to themselves or round in circles end the message', () => {
    for (const to of [12, 14, 40, 0x3fff])
      expect(
        named(message({ question: pointer(to), answers: [record(pointer(12), A, [10, 0, 1, 9])] })),
      ).toEqual([])
    const answers = [record(pointer(28), A, [10, 0, 1, 9])]
    expect(named(message({ question: name('a.example'), answers }))).toEqual([])
  })

  it('cut anywhere, what stands before the cut counts', () => {
    const bytes = message({
      question: API,
      answers: [record(pointer(12), A, [10, 0, 1, 9]), record(pointer(12), A, [10, 0, 1, 10])],
    })
    const first = bytes.length - 16
    for (let length = 0; length <= bytes.length; length++) {
      const expected = length === bytes.length ? 2 : length >= first ? 1 : 0
      expect(named(bytes.slice(0, length))).toHaveLength(expected)
    }
  })

  it('a claim of 65,535 records costs no more than the bytes at hand', () => {
    const answers = Array.from({ length: 200 }, (_, i) => record(pointer(12), A, [10, 0, 0, i]))
    expect(named(message({ question: API, answers, count: 65_535 })).length).toBeLessThanOrEqual(64)
  })

  it('no bytes make it throw, and no name is longer than DNS allows', () => {
    const bytes = message({ question: API, answers: [record(pointer(12), A, [10, 0, 1, 9])] })
    const damaged = fc
      .array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 })
      .map(edits => edits.reduce((b, [at, value]) => b.with(at, value), bytes))
    fc.assert(
      fc.property(fc.oneof(damaged, fc.array(fc.nat(255), { maxLength: 80 })), input => {
        for (const line of named(input))
          expect(line).toMatch(/^[\da-f.:]+ [a-z\d_-]{1,63}(\.[a-z\d_-]{1,63})*$/)
      }),
      { seed: 6, numRuns: 3000 },
    )
  })
})
