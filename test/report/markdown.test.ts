import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/model.js'
import type { Rendering } from '../../src/report/formats.js'
import { writeMarkdown } from '../../src/report/markdown.js'
import { block, code, text } from '../../src/report/markdown/escape.js'
import { select } from '../../src/report/select.js'
import { parseZone } from '../../src/report/zone.js'
import { crowd } from './crowd.js'
import { SCENES } from './scenes.js'
import { expectGolden } from './snapshot.js'

function markdown(of: Analysis, over: Partial<Rendering> = {}): string {
  const rendering: Rendering = {
    analysis: of,
    selection: select(of.report),
    width: 100,
    color: false,
    stories: 'worst',
    ...over,
  }
  return [...writeMarkdown(rendering)].join('')
}

/** What a renderer reads as markup: fenced blocks and code spans taken out. */
function outsideCode(report: string): string {
  return report.replace(/^(`{3,})\w*\n.*?\n\1$/gms, '').replace(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g, 'x')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/

describe.each(Object.entries(SCENES))('Markdown report: %s', (name, scene) => {
  const of = scene()
  const report = markdown(of)

  it('looks as it did', () => expectGolden(`${name}.md.txt`, report))

  it('has tables whose rows have as many cells as their head', () => {
    const tables = outsideCode(report).match(/(?:^\|.*\n)+/gm) ?? []
    for (const rows of tables.map(table => table.trim().split('\n'))) {
      const cells = rows.map(row => row.replace(/\\\|/g, '').split('|').length)
      expect(new Set(cells).size).toBe(1)
    }
  })

  it('holds no markup that came from a packet, and nothing a terminal obeys', () => {
    expect(report).not.toMatch(OBEYED)
    expect(outsideCode(report)).not.toMatch(/[<>]|\]\(|!\[|@\w|https?:/)
  })

  it('fits into what it is given, and says what is missing', () => {
    for (const maxBytes of [1000, 2500, 6000, 60_000]) {
      const short = markdown(of, { maxBytes, stories: 'all' })
      expect(Buffer.byteLength(short)).toBeLessThanOrEqual(maxBytes)
      if (short.length < report.length - 500 && maxBytes > 2000)
        expect(short).toContain('Left out to stay within')
    }
  })

  it('has a bounded diagram and the same as text', () => {
    const diagrams = [...report.matchAll(/```mermaid\n(.*?)\n```/gs)].map(match => match[1].split('\n'))
    expect(diagrams.length).toBeLessThanOrEqual(3)
    expect(report.match(/```text\n/g) ?? []).toHaveLength(diagrams.length)
    for (const [first, ...lines] of diagrams) {
      expect(first).toBe('sequenceDiagram')
      expect(lines.length).toBeLessThanOrEqual(30)
      for (const line of lines)
        expect(line).toMatch(
          /^ {2}(participant [CDS] as |Note over C,S: |[CDS](->>|-->>|-x|--x)[CS]: )(#\d+;|[^#;<>`"'{}[\]|\\]|'s name)+$/,
        )
    }
  })
})

describe('words', () => {
  it.each([
    [
      'The server closed after 5.0 s; nothing listened (RST).',
      'The server closed after 5.0 s; nothing listened (RST).',
    ],
    ['50 % of 12 (3.1 %): none', '50 % of 12 (3.1 %): none'],
    ['10.0.1.9:8080 resets', '10.0.1.9:8080 resets'],
    ['run `rst-analyze compare a b` now', 'run `rst-analyze compare a b` now'],
    ['from 08:48:02–08:48:27 on', 'from 08:48:02–08:48:27 on'],
    ['client < server', 'client &lt; server'],
    ['<script>alert(1)</script> x', '`<script>alert(1)</script>` x'],
    ['see [here](http://evil)', 'see `[here](http://evil)`'],
    ['ping @everyone #12 !3', 'ping `@everyone #12 !3`'],
    ['a|b', '`a|b`'],
    ['*bold* _it_ ~no~', '`*bold* _it_ ~no~`'],
    ['www.example.org', '`www.example.org`'],
    ['https://example.org/x', '`https://example.org/x`'],
    ['=cmd|calc', '`=cmd|calc`'],
    ['1. item', '`1`. item'],
    ['(71 B), 19.8 s.', '(71 B), 19.8 s.'],
    ['nginx a_b, `c d`, e', 'nginx `a_b`, `c d`, e'],
    ['# title', '`#` title'],
    ['- item', '`-` item'],
    ['\u001b[31mred', '`\\x1b[31mred`'],
    ['a `` b', 'a ``` `` ``` b'],
    ['keepalive_timeout', '`keepalive_timeout`'],
  ])('%j', (words, expected) => expect(text(words)).toBe(expected))

  it('in cells pipes are escaped, in code too', () => {
    expect(text('a|b', true)).toBe('`a\\|b`')
    expect(code('a|b', true)).toBe('`a\\|b`')
  })

  it('whatever they are, nothing is obeyed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), words => {
        const left = outsideCode(text(words))
        expect(left.replace(/&(lt|gt|amp);/g, '')).not.toMatch(/[<>[\]*_#@~`|\\!{}^$&]/)
        const fenced = block([words]).split('\n')
        const fence = fenced[0]
        expect(fenced.slice(1, -1).some(line => line.startsWith(fence))).toBe(false)
      }),
      { seed: 2026 },
    )
  })
})

describe('size', () => {
  it('a crowd fits a ticket, the table takes what is left', () => {
    const report = markdown(crowd(1000))
    expect(Buffer.byteLength(report)).toBeLessThanOrEqual(60_000)
    expect(report.match(/^\| r\d+ /gm)?.length ?? 0).toBeGreaterThanOrEqual(10)
    expect(report).toMatch(/and \d+ more resets: the HTML and JSON reports list them/)
  })

  it('the worst stays longest', () => {
    const report = markdown(crowd(1000), { maxBytes: 5000 })
    expect(report).toContain('### 1. keep-alive-race')
    expect(report).not.toContain('mermaid')
    expect(report).toMatch(/Left out to stay within 5000 bytes: .* The HTML report has everything/)
  })
})

it('names and clock of the reader', () => {
  const zone = parseZone('Europe/Berlin')
  const report = markdown(SCENES['checkout'](), {
    names: new Map([['10.0.1.9', 'cart-db']]),
    ...(zone && { zone }),
  })
  expect(report).toContain('10.0.1.9:8080 (cart-db)')
  expect(report).toContain('09:48:02.041')
  expect(report).toContain('times are Europe/Berlin')
})
