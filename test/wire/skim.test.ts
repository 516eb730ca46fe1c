/** The quick look at many frames leaves out only what the full walk finds nothing in. */
import { describe, expect, test } from 'vitest'
import type { Picker } from '../../src/model.js'
import { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { readPlain } from '../../src/wire/plain-segment.js'
import { addressWord } from '../../src/wire/plain.js'
import { ACK, FIN, RST, Segment, SYN } from '../../src/wire/segment.js'
import { FlagPicker, TupleBits, TuplePicker } from '../../src/wire/skim.js'
import { FOUND_TCP } from '../../src/wire/walk.js'
import { eth, hex, ip4, ip6, tcp } from './bytes.js'
import { everyLayer } from './catalog.js'
import { asFrame, type TestFrame } from './judge.js'
import { generator, mutate } from './mutate.js'

const FLAGS = SYN | FIN | RST
const TIMESTAMPS = hex('0101 080a 11223344 55667788')

const wordOf = ([a, b, c, d]: Int32Array): number => addressWord(a, b, c, d)

const ordinary = (flags: number, more: Parameters<typeof tcp>[0] = {}): TestFrame => ({
  name: `flags ${flags}`,
  linkType: 1,
  bytes: eth(ip4(tcp({ flags, ...more }))),
})
const packet = tcp({ flags: ACK, options: TIMESTAMPS, payload: [1, 2] })
const small = tcp({ flags: ACK })
const made = (linkType: number, name: string, bytes: number[]): TestFrame => ({ name, linkType, bytes })
/** What most captures consist of. */
const plain = [
  ordinary(ACK),
  ordinary(ACK | 8, { payload: [1, 2, 3] }),
  ordinary(ACK, { options: TIMESTAMPS }),
  ordinary(ACK, { options: TIMESTAMPS, payload: [1] }),
  ...[packet, small].flatMap(segment => [
    made(1, 'IPv6', eth(ip6(segment), 0x86dd)),
    made(1, 'VLAN', eth([0, 7, 8, 0, ...ip4(segment)], 0x8100)),
    made(1, 'VLAN, IPv6', eth([0, 7, 0x86, 0xdd, ...ip6(segment)], 0x8100)),
    made(101, 'raw IPv4', ip4(segment)),
    made(101, 'raw IPv6', ip6(segment)),
    made(113, 'cooked', [...hex('0000 0001 0006 0200 0000 000a 0000 0800'), ...ip4(segment)]),
    made(113, 'cooked, IPv6', [...hex('0000 0001 0006 0200 0000 000a 0000 86dd'), ...ip6(segment)]),
    made(276, 'cooked 2', [...hex('0800 0000 00000001 0001 00 06 0200 0000 000a 0000'), ...ip4(segment)]),
  ]),
]

function wants(picker: Picker, frame: TestFrame): boolean {
  const { data, start, end, originalLength, linkType } = asFrame(frame, 1)
  return picker.wants(new DataView(data.buffer, data.byteOffset, end), start, end, originalLength, linkType)
}

function decode(frame: TestFrame) {
  const notes = new Notes()
  const segment = new Segment()
  const found = createDecoder(notes).decode(asFrame(frame, 1), segment)
  return { found, segment, notes: notes.list() }
}

/** Whole and damaged frames of every kind, ordinary ones every other time. */
function* frames(count: number): Generator<TestFrame> {
  const random = generator(5)
  for (let i = 0; i < count; i++) {
    const of = i & 1 ? plain : everyLayer
    const frame = of[(i >> 1) % of.length]
    yield i % 3 === 0 ? frame : mutate(frame, random)
  }
}

describe('picking by flags', () => {
  const picks = (frame: TestFrame) => wants(new FlagPicker(FLAGS), frame)

  test('leaves out ordinary segments and picks those with a flag', () => {
    for (const frame of plain) expect(picks(frame), frame.name).toBe(false)
    for (const flag of [SYN, FIN, RST, RST | ACK])
      for (const options of [[], TIMESTAMPS]) expect(picks(ordinary(flag, { options })), `${flag}`).toBe(true)
  })

  test('leaves out only segments in which the decoder finds none of the flags and nothing to note', () => {
    let left = 0
    for (const frame of frames(30_000)) {
      if (picks(frame)) continue
      left++
      const { found, segment, notes } = decode(frame)
      expect([found, segment.flags & FLAGS, notes], frame.name).toEqual([FOUND_TCP, 0, []])
    }
    expect(left).toBeGreaterThan(5000)
  })
})

describe('reading the few fields that are skimmed', () => {
  const few = ({
    ipVersion,
    hopLimit,
    source,
    destination,
    sourcePort,
    destinationPort,
    seq,
    ack,
    flags,
  }: Segment) => ({
    ipVersion,
    hopLimit,
    source: [...source],
    destination: [...destination],
    sourcePort,
    destinationPort,
    seq,
    ack,
    flags,
  })

  test('gives what the decoder gives, of frames in which that has nothing to note', () => {
    const quick = new Segment()
    const read = new Set<number>()
    for (const frame of frames(30_000)) {
      const { data, start, end, originalLength, linkType, ...more } = asFrame(frame, 1)
      const view = new DataView(data.buffer, data.byteOffset, end)
      if (!readPlain(view, { data, start, end, originalLength, linkType, ...more }, quick)) continue
      const { found, segment, notes } = decode(frame)
      expect([found, notes, few(quick)], frame.name).toEqual([FOUND_TCP, [], few(segment)])
      read.add(linkType)
    }
    expect([...read].toSorted((a, b) => a - b)).toEqual([1, 12, 101, 113, 276])
  })

  test('takes segments with any flags', () => {
    const frame = asFrame(ordinary(SYN | FIN | RST | ACK, { options: TIMESTAMPS }), 1)
    const segment = new Segment()
    expect(readPlain(new DataView(frame.data.buffer), frame, segment)).toBe(true)
    expect(segment.flags).toBe(SYN | FIN | RST | ACK)
  })
})

describe('picking by 4-tuple', () => {
  test('leaves out no segment of a wanted connection, whichever way it goes', () => {
    let left = 0
    for (const frame of frames(10_000)) {
      const { found, segment } = decode(frame)
      if (found !== FOUND_TCP) continue
      const { source, destination, sourcePort, destinationPort } = segment
      const [there, back, other] = [TupleBits.for(1), TupleBits.for(1), TupleBits.for(1)]
      const [from, to] = [wordOf(source), wordOf(destination)]
      there.add(from, to, sourcePort, destinationPort)
      back.add(to, from, destinationPort, sourcePort)
      other.add(from, to, sourcePort ^ 1, destinationPort)
      const taken = [there, back].map(bits => wants(new TuplePicker(bits), frame))
      expect(taken, frame.name).toEqual([true, true])
      if (!wants(new TuplePicker(other), frame)) left++
    }
    expect(left).toBeGreaterThan(2000)
  })

  test('takes few strangers for members', () => {
    const members = 10_000
    const bits = TupleBits.for(members)
    for (let i = 0; i < members; i++) bits.add(0x0a000000 + (i >> 4), 0xc0a80001, 1024 + i, 443)
    let taken = 0
    for (let i = 0; i < 5000; i++) {
      const bytes = eth(ip4(tcp({ flags: ACK })))
      bytes.splice(26, 4, 10, 1 + (i >> 8), i & 255, 7)
      if (wants(new TuplePicker(bits), { name: '', linkType: 1, bytes })) taken++
    }
    expect(taken / 5000).toBeLessThan(1 / 200)
  })
})
