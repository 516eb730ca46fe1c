/** Captures that overlap in part, were cut short, snapped, or lie in another container: what is not there is no proof. */
import { expect, test } from 'vitest'
import { compareCaptures } from '../../src/compare/index.js'
import { comparisonOf } from '../analyses.js'
import { labelledPairs } from '../accuracy/pairs.js'
import { everyday } from '../sample.js'
import {
  type Capture,
  gzipped,
  onOtherClock,
  part,
  readPcap,
  snapped,
  writePcap,
  writePcapng,
} from './rewrite.js'

const pairs = labelledPairs().filter(p => p.split === 'fit')
const genuine = pairs.filter(
  p => /^(genuine|trap)-/.test(p.scenario) && p.scenario !== 'trap-vip-two-backends',
)

function load(scenario: string): [Capture, Capture] {
  const pair = pairs.find(p => p.scenario === scenario)!
  return [readPcap(pair.captures[0].path), readPcap(pair.captures[1].path)]
}

async function originsOf(a: string, b: string): Promise<string[]> {
  const { report } = await compareCaptures([a, b])
  return report.resets.map(r => r.origin)
}

test('stopping one capture at any moment accuses nobody', { timeout: 120_000 }, async () => {
  for (const [i, { scenario, captures }] of everyday(3, genuine).entries()) {
    const whole = captures.map(c => readPcap(c.path))
    for (const cut of [0, 1] as const) {
      // Every third moment of each, another third in the next.
      for (let length = 1 + (i % 3); length < Math.min(whole[cut].packets.length, 24); length += 3) {
        const files = whole.map((c, i) => writePcap(i === cut ? part(c, 0, length) : c))
        expect(await originsOf(files[0], files[1]), `${scenario} ${cut} ${length}`).not.toContain('middlebox')
      }
    }
  }
})

test('a capture that ended before the reset is named as the reason why nothing is proven', async () => {
  const [client, server] = load('genuine-server-abort')
  const { report } = await compareCaptures([writePcap(client), writePcap(part(server, 0, 5))])
  const [reset] = report.resets
  expect(reset.origin).not.toBe('middlebox')
  expect(reset.vantages[1].seen).toBe(false)
  expect(
    reset.evidence.some(e => /ends|ended|in that very moment/.test(e.statement)) ||
      reset.cannotTell.some(c => /ends|stopped/.test(c)),
  ).toBe(true)
})

test('captures that begin in the middle of a connection still prove a forgery', async () => {
  const [client, server] = load('dpi-gfw-http')
  const { report } = await compareCaptures([writePcap(client), writePcap(part(server, 11))])
  const forged = report.resets.filter(r => r.origin === 'middlebox')
  expect(forged.map(r => r.sender).sort()).toEqual(['client', 'server'])
  expect(forged.find(r => r.sender === 'server')!.originConfidence).toBe(0.99)
})

test.each([
  [54, 262144],
  [68, 80],
  [262144, 60],
])('snap lengths %d and %d, pcap and pcapng', async (short, long) => {
  for (const { scenario, captures } of everyday(3, genuine)) {
    const [a, b] = captures.map(c => readPcap(c.path))
    expect(
      await originsOf(writePcap(snapped(a, short)), writePcapng(snapped(b, long))),
      scenario,
    ).not.toContain('middlebox')
  }
  const [client, server] = load('dpi-perfect-mimic')
  expect(await originsOf(writePcapng(snapped(client, short)), writePcap(snapped(server, long)))).toEqual([
    'middlebox',
  ])
})

test('an empty capture leaves everything to the other one', async () => {
  const [client, server] = load('genuine-server-abort')
  const { report } = await compareCaptures([writePcap(part(server, 0, 0)), writePcap(client)])
  expect(report.comparison.clockOffsetMs).toBeNull()
  expect(report.resets.map(r => [r.capture, r.origin])).toEqual([[1, 'endpoint']])
  expect(Date.parse(report.resets[0].time)).toBeGreaterThan(Date.parse('2020-01-01'))
})

test('compressed pcapng beside a nanosecond pcap of 60 bytes a packet, clocks seven minutes and 180 ppm apart', {
  timeout: 120_000,
}, async () => {
  for (const { scenario, captures } of everyday(3, pairs)) {
    const [a, b] = captures.map(c => readPcap(c.path))
    const plain = (await comparisonOf(captures[0].path, captures[1].path)).report.resets
    const files: [string, string] = [
      gzipped(writePcapng(a)),
      writePcap(onOtherClock(snapped(b, isIpv6(b) ? 80 : 60), 420_000, 180)),
    ]
    const { resets } = (await compareCaptures(files)).report
    const accused = (list: typeof resets) => list.filter(r => r.origin === 'middlebox').length
    expect(accused(resets), scenario).toBeLessThanOrEqual(accused(plain))
    // IPv6 has no IP ID: with its timestamps cut off equal packets cannot be told apart, and more stays open.
    if (isIpv6(b)) continue
    // In the order of frames: two resets of one moment may change places with the clocks.
    const told = (list: typeof resets) =>
      new Map(list.map(r => [JSON.stringify(r.vantages), r.origin] as const))
    const [whole, cut] = [told(plain), told(resets)]
    expect([...cut.keys()].sort(), scenario).toEqual([...whole.keys()].sort())
    for (const [key, origin] of cut)
      expect([whole.get(key), 'unknown'], `${scenario} ${key}`).toContain(origin)
  }
})

function isIpv6({ packets }: Capture): boolean {
  return packets[0]?.data.readUInt16BE(12) === 0x86dd
}
