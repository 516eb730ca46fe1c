/** A flood of resets in one report: nothing on the way spreads them over a stack. */
import { describe, expect, it } from 'vitest'
import { findIncidents } from '../../src/incidents/index.js'
import { FORMATS } from '../../src/report/formats.js'
import { select } from '../../src/report/select.js'
import { analysis, report, reset } from '../report/sample.js'

const RESETS = 150_000

function flood() {
  const one = reset()
  const resets = Array.from({ length: RESETS }, (_, i) => ({
    ...one,
    id: `r${i + 1}`,
    incident: null,
    consequenceOf: null,
  }))
  return analysis(report(resets, findIncidents(resets)))
}

describe('150,000 resets', () => {
  const of = flood()

  it('are one incident', () => {
    expect(of.report.incidents.map(incident => incident.resets.length)).toEqual([RESETS])
  })

  it.each(['text', 'html'] as const)('are written as %s', async format => {
    const write = await FORMATS[format].load!()
    const rendering = {
      analysis: of,
      selection: select(of.report),
      width: 100,
      color: false,
      stories: 'worst' as const,
    }
    let length = 0
    for (const piece of write(rendering)) length += piece.length
    expect(length).toBeGreaterThan(1000)
  })
})
