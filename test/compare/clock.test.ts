/** Relating two clocks by the packets that are in both captures. */
import { expect, test } from 'vitest'
import { relateClocks } from '../../src/compare/clock.js'
import { compareCaptures } from '../../src/compare/index.js'
import type { Link, PacketPair, Vantage } from '../../src/compare/types.js'
import { labelledPairs } from '../accuracy/pairs.js'
import { onOtherClock, readPcap, writePcap } from './rewrite.js'

const MS = 1e6

/** A path of `wayMs` each way and more at times, between a clock and another that is ahead and drifts. */
function pathOf({
  aheadMs,
  ppm = 0,
  seconds,
  wayMs = 10,
}: {
  aheadMs: number
  ppm?: number
  seconds: number
  wayMs?: number
}): Link {
  const packets: PacketPair[] = []
  for (let i = 0; i < 400; i++) {
    const sentNs = (i / 400) * seconds * 1e9
    const queueNs = ((i * 7919) % 97) * 0.1 * MS
    const toward1 = i % 2 === 0
    const onClock1 = (trueNs: number) => trueNs * (1 + ppm / 1e6) + aheadMs * MS
    const [t0, t1] = toward1
      ? [sentNs, onClock1(sentNs + wayMs * MS + queueNs)]
      : [sentNs + wayMs * MS + queueNs, onClock1(sentNs)]
    const records = [
      { timeNs: t0, hopLimit: 64 },
      { timeNs: t1, hopLimit: 61 },
    ] as unknown as PacketPair['records']
    packets.push({ from: toward1 ? 'client' : 'server', records, identified: true })
  }
  return {
    packets,
    resets: [],
    flipped: false,
    shift: { client: 0, server: 0 },
    stamps: { client: 0, server: 0 },
  } as unknown as Link
}

function vantages(seconds: number): [Vantage, Vantage] {
  const one = { world: { timebase: { seconds: 1_700_000_000 }, startTimeNs: 0, endTimeNs: seconds * 1e9 } }
  return [one, one] as unknown as [Vantage, Vantage]
}

test('the offset lies within the stated uncertainty, which is half the way there and back', () => {
  const clocks = relateClocks([pathOf({ aheadMs: 1234.5, seconds: 5 })], vantages(5))
  expect(clocks.offsetMs).toBeCloseTo(1234.5, 0)
  expect(clocks.uncertaintyNs / MS).toBeCloseTo(10, 0)
  expect(clocks.driftPpm).toBeUndefined()
})

test('drift is found in long captures, and times convert both ways', () => {
  const clocks = relateClocks([pathOf({ aheadMs: -60_000, ppm: 80, seconds: 3600 })], vantages(3600))
  expect(clocks.driftPpm).toBeGreaterThan(70)
  expect(clocks.driftPpm).toBeLessThan(90)
  const late = clocks.convert(3500e9, 0)
  expect(Math.abs(late - (3500e9 * (1 + 80e-6) - 60_000 * MS)) / MS).toBeLessThan(11)
  expect(Math.abs(clocks.convert(late, 1) - 3500e9) / MS).toBeLessThan(0.1)
})

test('without a common packet nothing is known', () => {
  const clocks = relateClocks([], vantages(5))
  expect(clocks.known).toBe(false)
  expect(clocks.offsetMs).toBeUndefined()
})

const genuine = labelledPairs().find(p => p.scenario === 'genuine-server-abort')!
const forged = labelledPairs().find(p => p.scenario === 'dpi-perfect-mimic')!

test.each([3_600_000, -420_000, 0.25, 86_400_000 * 365])(
  'clocks %d ms further apart give the same verdicts',
  async ms => {
    for (const pair of [genuine, forged]) {
      const [a, b] = pair.captures.map(c => readPcap(c.path))
      const { report } = await compareCaptures([writePcap(a), writePcap(onOtherClock(b, ms))])
      const found = report.comparison
      expect(Math.abs(found.clockOffsetMs! - pair.clockOffsetMs - ms)).toBeLessThan(found.clockUncertaintyMs!)
      for (const reset of report.resets) expect(reset.origin).toBe(pair === forged ? 'middlebox' : 'endpoint')
    }
  },
)

test('times of the report are on the clock of the first capture', async () => {
  const [a, b] = genuine.captures.map(c => readPcap(c.path))
  const { report } = await compareCaptures([writePcap(a), writePcap(onOtherClock(b, 3_600_000))])
  const [first, last] = [report.captures[0].firstTime!, report.captures[0].lastTime!]
  for (const { time } of report.resets) {
    expect(Date.parse(time)).toBeGreaterThanOrEqual(Date.parse(first) - 100)
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.parse(last) + 100)
  }
})
