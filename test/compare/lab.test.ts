/** All pairs of the lab that rules may look at: verdicts against labels, and what must not change them. */
import { expect, test } from 'vitest'
import { compareCaptures, type ComparedReport } from '../../src/compare/index.js'
import { analysisOf, comparisonOf } from '../analyses.js'
import { labelledPairs, type PairOutcome, scorePair } from '../accuracy/pairs.js'

const pairs = labelledPairs().filter(p => p.split === 'fit')

test('origin and cause against the labels', { timeout: 120_000 }, async () => {
  const outcomes: PairOutcome[] = []
  for (const pair of pairs) outcomes.push(...(await scorePair(pair)))
  const share = (right: (o: PairOutcome) => boolean) => outcomes.filter(right).length / outcomes.length
  expect(outcomes.length).toBeGreaterThan(100)
  expect(outcomes.filter(o => o.falseAccusation)).toEqual([])
  expect(share(o => o.originRight)).toBeGreaterThanOrEqual(0.98)
  expect(share(o => o.causeRight)).toBeGreaterThanOrEqual(0.95)
})

/** What a verdict says, whatever the capture is called and whatever its clock shows. */
function verdicts({ resets }: ComparedReport, swapped = false): string[] {
  return resets
    .map(r => {
      const [a, b] = swapped ? [r.vantages[1], r.vantages[0]] : r.vantages
      return [r.sender, r.origin, r.cause, r.impact, r.connection.server.port, a.frames, b.frames].join(' ')
    })
    .sort()
}

test('the order of the captures does not matter', { timeout: 120_000 }, async () => {
  for (const {
    captures: [a, b],
  } of pairs) {
    const straight = await comparisonOf(a.path, b.path)
    const turned = await compareCaptures([b.path, a.path])
    expect(verdicts(turned.report, true), a.scenario).toEqual(verdicts(straight.report))
    expect(turned.report.totals).toEqual(straight.report.totals)
  }
})

test('every RST frame of both captures is in exactly one reset', { timeout: 120_000 }, async () => {
  for (const { captures } of pairs) {
    const { report } = await comparisonOf(captures[0].path, captures[1].path)
    for (const index of [0, 1] as const) {
      const alone = await analysisOf(captures[index].path)
      const listed = report.resets.flatMap(r => r.vantages[index].frames)
      const wanted = alone.report.resets.flatMap(r => r.frames)
      expect(
        listed.sort((x, y) => x - y),
        captures[index].path,
      ).toEqual(wanted.sort((x, y) => x - y))
    }
    for (const r of report.resets)
      expect(r.vantages[r.capture].frames).toEqual(expect.arrayContaining(r.frames))
    for (const r of report.resets)
      if (r.consequenceOf) expect(report.resets.map(x => x.id)).toContain(r.consequenceOf)
  }
})

test('a capture compared with itself proves nothing and contradicts nothing', {
  timeout: 120_000,
}, async () => {
  for (const {
    captures: [a],
  } of pairs.slice(0, 30)) {
    const alone = await analysisOf(a.path)
    const { report } = await compareCaptures([a.path, a.path])
    expect(report.comparison.clockOffsetMs).toBe(report.captures[0].frames > 0 ? 0 : null)
    expect(report.totals.rstFrames).toBe(alone.report.totals.rstFrames)
    expect(report.totals.connections).toBe(alone.report.totals.connections)
    expect(report.resets.map(r => r.origin)).toEqual(alone.report.resets.map(r => r.origin))
  }
})
