import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headline } from '../../src/report/headline.js'
import { columns } from '../../src/report/layout.js'
import { select } from '../../src/report/select.js'
import { writeText } from '../../src/report/text.js'
import { CAUSE_IDS, type Analysis, type Impact } from '../../src/model.js'
import type { Rendering } from '../../src/report/formats.js'
import { analysis, incident, report, series } from './sample.js'
import { SCENES } from './scenes.js'
import { expectGolden } from './snapshot.js'

function text(of: Analysis, over: Partial<Rendering> = {}): string {
  return [
    ...writeText({
      analysis: of,
      selection: select(of.report),
      width: 80,
      color: false,
      stories: 'worst',
      ...over,
    }),
  ].join('')
}

const scenes = Object.entries(SCENES)
// Control characters other than the newline between lines; everything a terminal would obey.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/

/** Stories begin with the reset's id at the start of a line. */
function linesBeforeStories(report: string): number {
  const lines = report.split('\n')
  const first = lines.findIndex(line => /^r\d+ +\S/.test(line))
  return first < 0 ? lines.length : first
}

describe.each(scenes)('text report: %s', (name, scene) => {
  const of = scene()

  it('looks as it did at 80 and 110 columns', () => {
    expectGolden(`${name}.80.txt`, text(of))
    expectGolden(`${name}.110.txt`, text(of, { width: 110 }))
  })

  it('keeps within its width, coloured or not, and says the same in colour', () => {
    for (const width of [60, 80, 100, 160]) {
      for (const stories of ['worst', 'all'] as const) {
        const plain = text(of, { width, stories })
        const widest = Math.max(...plain.split('\n').map(columns))
        expect(widest).toBeLessThanOrEqual(width)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes
        expect(text(of, { width, stories, color: true }).replace(/\u001b\[\d+m/g, '')).toBe(plain)
      }
    }
  })

  it('has at most 40 lines before the first story at 80 columns', () => {
    expect(linesBeforeStories(text(of))).toBeLessThanOrEqual(40)
  })

  it('shows nothing a terminal obeys', () => {
    for (const stories of ['worst', 'all', ['r1']] as const) {
      expect(text(of, { stories: stories as Rendering['stories'] })).not.toMatch(OBEYED)
    }
  })

  it('has a headline of at most 120 safe characters', () => {
    const line = headline(of.report)
    expect(line.length).toBeLessThanOrEqual(120)
    expect(line).not.toMatch(OBEYED)
  })
})

const impacts = fc.constantFrom<Impact>(
  'ignored',
  'none',
  'connect-failed',
  'transfer-cut',
  'request-lost',
  'unknown',
)
const words = fc.string({ unit: 'grapheme', maxLength: 300 })

/** Incidents of any shape: what a page must survive. */
const anyAnalysis = fc
  .array(
    fc.record({
      n: fc.integer({ min: 1, max: 12 }),
      cause: fc.constantFrom(...CAUSE_IDS),
      impact: impacts,
      title: words,
      summary: words,
      listener: fc.option(words),
      source: fc.option(words),
      remedies: fc.array(words, { maxLength: 5 }),
      origin: fc.constantFrom('endpoint', 'middlebox', 'unknown'),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map(groups => {
    let id = 1
    const made = groups.map(
      ({ n, cause, impact, title, summary, listener, source, remedies, origin }, index) => {
        const resets = series(n, id, index * 50_000, {
          cause,
          impact,
          remedies,
          summary,
          incident: `i${index}`,
          origin: origin as 'endpoint',
        })
        id += n
        return {
          resets,
          incident: incident(`i${index}`, cause, resets, { title, summary, listener, source }),
        }
      },
    )
    return analysis(
      report(
        made.flatMap(one => one.resets),
        made.map(one => one.incident),
      ),
    )
  })

describe('any report', () => {
  it('fits the page and the width, and its headline fits a title', () => {
    fc.assert(
      fc.property(anyAnalysis, fc.integer({ min: 60, max: 160 }), (of, width) => {
        const narrow = text(of)
        expect(linesBeforeStories(narrow)).toBeLessThanOrEqual(40)
        const lines = text(of, { width }).split('\n')
        expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(width)
        expect(headline(of.report).length).toBeLessThanOrEqual(120)
        expect(narrow).not.toMatch(OBEYED)
      }),
      { seed: 2026, numRuns: 25 },
    )
  })
})
