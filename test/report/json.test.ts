import { describe, expect, it } from 'vitest'
import type { Rendering } from '../../src/report/formats.js'
import { writeJson, writeNdjson } from '../../src/report/json.js'
import { select } from '../../src/report/select.js'
import { capture, checkout } from './sample.js'
import { SCENES } from './scenes.js'

const rendering = (of = checkout()): Rendering => ({
  analysis: of,
  selection: select(of.report),
  width: 100,
  color: false,
  stories: 'worst',
})
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/

describe('json', () => {
  it.each(Object.entries(SCENES))('%s: one object, the report as it is', (_, scene) => {
    const of = scene()
    const text = [...writeJson(rendering(of))].join('')
    const { hidden, ...rest } = JSON.parse(text)
    expect(rest).toEqual(of.report)
    expect(hidden).toEqual({ resets: 0, incidents: 0 })
    expect(text).not.toMatch(OBEYED)
    // Pretty-printed as JSON.stringify would.
    expect(text).toBe(
      `${JSON.stringify(JSON.parse(text), null, 2)}\n`.replace(
        /[\u007f-\u009f\u200b\u202e]/g,
        c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    )
  })

  it('the same bytes each time', () => {
    expect([...writeJson(rendering())].join('')).toBe([...writeJson(rendering())].join(''))
  })
})

describe('ndjson', () => {
  it('one object a line: resets, incidents, notes, the summary last', () => {
    const of = checkout()
    const notes = [{ name: 'record-cut', count: 1, firstFrame: 9, message: 'cut' }]
    of.report.captures = [capture({ notes })]
    const lines = [...writeNdjson(rendering(of))]
      .join('')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const types = lines.map(line => line.type)
    expect(types).toEqual([...Array(37).fill('reset'), 'incident', 'incident', 'note', 'summary'])
    expect(lines[39]).toEqual({ type: 'note', capture: 0, ...notes[0] })
    expect(lines[40]).toMatchObject({
      schema: 'rst-analyze/report/1',
      totals: { resets: 37 },
      captures: [{ path: 'checkout-api.pcap' }],
    })
    expect(lines.slice(0, 37).map(({ type: _type, ...reset }) => reset)).toEqual(of.report.resets)
  })

  it('hostile text cannot break a line', () => {
    const text = [...writeNdjson(rendering(SCENES['hostile']()))].join('')
    expect(text).not.toMatch(OBEYED)
    for (const line of text.trimEnd().split('\n')) JSON.parse(line)
  })
})
