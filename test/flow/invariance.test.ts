/** What must not matter: how a capture is read, where sequence numbers and clocks begin, the IP version, which address is the higher. */
import { describe, expect, test } from 'vitest'
import type { BuiltWorld } from '../../src/flow/index.js'
import { Notes } from '../../src/notes.js'
import { parse, rstFrames, type Telling, worldOf } from './notation.js'
import { randomStory } from './story.js'

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)

/** Everything but the functions. */
function plain(world: BuiltWorld): unknown {
  const { listener: _listener, source, host, timebase: _timebase, connections, ...rest } = world
  const addresses = ['10.0.0.5', '10.0.0.9', '2001:db8::5', '2001:db8::9'].filter(a => host(a) !== undefined)
  const sources = addresses.map(address => ({ address, source: source(address), host: host(address) }))
  return { ...rest, connections: [...connections.values()], sources }
}

/** The same world with everything undone that the telling changed. */
function normalised(world: BuiltWorld, telling: Telling): unknown {
  const { clientShift = 0, serverShift = 0, timeShiftNs = 0, ipVersion = 4, swapped = false } = telling
  const shift = (side: string) => (side === 'client' ? clientShift : serverShift)
  const other = (side: string) => (side === 'client' ? serverShift : clientShift)
  const undone = JSON.parse(
    JSON.stringify(plain(world), (key, value) => {
      if (/TimeNs$|^timeNs$|DataNs$|StartNs$|EndNs$/.test(key) && typeof value === 'number')
        return value - timeShiftNs
      if (key.endsWith('TimesNs')) return value.map((t: number) => t - timeShiftNs)
      if (key === 'sides' && value.client) {
        for (const side of ['client', 'server'])
          if (value[side].isn !== undefined) value[side].isn = (value[side].isn - shift(side)) >>> 0
      }
      if (value && typeof value === 'object' && 'seq' in value) {
        const zero = value.seq === 0 && value.flags & 4
        const seq = zero ? 0 : (value.seq - shift(value.from)) >>> 0
        const ack = value.flags & 0x10 ? (value.ack - other(value.from)) >>> 0 : value.ack
        return { ...value, seq, ack, dontFragment: 0, ipId: 0, flowLabel: 0 }
      }
      // The peek's working fields, which mean nothing between pieces.
      if (key === 'nowNs' || key === 'unitNs') return undefined
      if (key === 'ipVersion') return 4
      if (key === 'address' || key === 'listener') {
        const v4 = ipVersion === 6 ? value.replace('2001:db8::', '10.0.0.').replace(/[[\]]/g, '') : value
        return swapped
          ? v4.replace(/10\.0\.0\.([59])/, (_: string, d: string) => `10.0.0.${d === '5' ? 9 : 5}`)
          : v4
      }
      return value
    }),
  )
  undone.sources.sort((a: { address: string }, b: { address: string }) => (a.address < b.address ? -1 : 1))
  return undone
}

/** Comparing text is ten times as fast; the difference is only worked out where there is one. */
function expectSame(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
}

describe('every RST frame stands in exactly one place', () => {
  test.each(SEEDS)('story %i', async seed => {
    const text = randomStory(seed)
    const expected = parse(text)
      .filter(l => l.segment.flags & 4)
      .map(l => l.frame.number)
    for (const singlePass of [false, true]) {
      const world = await worldOf(text, { singlePass })
      expect(rstFrames(world)).toEqual(expected)
      expect(world.totals.rstFrames).toBe(expected.length)
    }
  })
})

describe('one pass gives what two passes give', () => {
  test.each(SEEDS)('story %i', async seed => {
    const worlds: unknown[] = []
    for (const singlePass of [false, true]) {
      const notes = new Notes()
      const world = await worldOf(randomStory(seed, 800), { singlePass }, { notesOf: () => notes })
      worlds.push(plain(world), notes.list())
    }
    expectSame(worlds[2], worlds[0])
    expectSame(worlds[3], worlds[1])
  })
})

describe('the same story told otherwise', () => {
  const tellings: [string, Telling][] = [
    ['sequence numbers that wrap', { clientShift: 0xfffff000, serverShift: 0x7ffffff0 }],
    ['another clock', { timeShiftNs: 86_400e9 }],
    ['swapped addresses', { swapped: true }],
  ]
  test.each(tellings)('%s', async (_, telling) => {
    for (const seed of SEEDS) {
      const text = randomStory(seed)
      expectSame(normalised(await worldOf(text, telling), telling), normalised(await worldOf(text), {}))
    }
  })

  test('IPv6', async () => {
    for (const seed of SEEDS) {
      // Without identifications, which IPv6 has not.
      const text = randomStory(seed).replace(/ id \d+/g, '')
      const telling: Telling = { ipVersion: 6 }
      expectSame(normalised(await worldOf(text, telling), telling), normalised(await worldOf(text), {}))
    }
  })
})
