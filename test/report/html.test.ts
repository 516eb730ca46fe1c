import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/model.js'
import type { Rendering } from '../../src/report/formats.js'
import { writeHtml } from '../../src/report/html.js'
import { escapeHtml, html, inert, jsonData } from '../../src/report/html/markup.js'
import { COLORS } from '../../src/report/html/style.js'
import { shellWord } from '../../src/report/html/words.js'
import { select } from '../../src/report/select.js'
import { parseZone } from '../../src/report/zone.js'
import { crowd } from './crowd.js'
import { analysis, incident, packet, report, reset } from './sample.js'
import { SCENES } from './scenes.js'
import { expectGolden } from './snapshot.js'

function page(of: Analysis, over: Partial<Rendering> = {}): string {
  const rendering: Rendering = {
    analysis: of,
    selection: select(of.report),
    width: 100,
    color: false,
    stories: 'worst',
    ...over,
  }
  return [...writeHtml(rendering)].join('')
}

/** Without style and script, an element a line: what a person can compare. */
function readable(text: string): string {
  return text
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<script>.*?<\/script>/s, '')
    .replace(/sha256-[^']+/g, 'sha256')
    .replace(/></g, '>\n<')
}

const ELEMENTS =
  /^(html|head|meta|title|style|script|body|a|header|main|footer|section|article|details|summary|noscript|h[1-4]|p|b|div|span|ul|li|dl|dt|dd|code|abbr|button|label|input|select|option|table|caption|thead|tbody|tr|th|td|svg|g|path|rect|circle|text|tspan)$/

/** Every start tag as the tokenizer of a browser would see it. */
function tags(text: string): { name: string; attributes: string }[] {
  const found = text
    .replace(/<script[^>]*>.*?<\/script>/gs, open => /<script[^>]*>/.exec(open)?.[0] ?? '')
    .replace(/<style>.*?<\/style>/s, '<style>')
  return [...found.matchAll(/<([a-zA-Z][^\s/>]*)((?:[^"'>]|"[^"]*"|'[^']*')*)>/g)].map(
    ([, name, attributes]) => ({
      name,
      attributes,
    }),
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/

const policyOf = (text: string): string => /Content-Security-Policy" content="([^"]+)"/.exec(text)?.[1] ?? ''
const sha = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe.each(Object.entries(SCENES))('HTML report: %s', (name, scene) => {
  const of = scene()
  const variants = (['worst', 'all', ['r1']] as const).map(stories =>
    page(of, { stories: stories as Rendering['stories'] }),
  )

  it('looks as it did', () => {
    if (['forged', 'unknown', 'no-resets-but'].includes(name))
      expectGolden(`${name}.html.txt`, readable(variants[0]))
  })

  it('is one closed file: its own style and script by hash, nothing loaded, nothing sent', () => {
    for (const text of variants) {
      const policy = policyOf(text)
      expect(policy).toMatch(/^default-src 'none'; /)
      const styles = [...text.matchAll(/<style>(.*?)<\/style>/gs)]
      const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)]
      expect([styles.length, scripts.length]).toEqual([1, 1])
      expect(policy).toContain(`style-src ${sha(styles[0][1])}`)
      expect(policy).toContain(`script-src ${sha(scripts[0][1])}`)
      for (const { name: element, attributes } of tags(text)) {
        expect(element).toMatch(ELEMENTS)
        expect(attributes).not.toMatch(/\s(on\w+|style|src|srcset|action|xlink:href)=/)
        expect(attributes.replace(/="[^"]*"/g, '')).not.toContain('=')
        for (const [, target] of attributes.matchAll(/\shref="([^"]*)"/g)) expect(target).toMatch(/^#[\w-]+$/)
      }
    }
  })

  it('holds nothing a terminal or an editor obeys', () => {
    for (const text of variants) expect(text).not.toMatch(OBEYED)
  })

  it('has unique ids and labels that exist', () => {
    const all = tags(variants[0]).flatMap(({ attributes }) => /\sid="([^"]*)"/.exec(attributes)?.[1] ?? [])
    expect(new Set(all).size).toBe(all.length)
    const labels = tags(variants[0]).flatMap(
      ({ attributes }) => /aria-labelledby="([^"]*)"/.exec(attributes)?.[1] ?? [],
    )
    for (const label of labels) expect(all).toContain(label)
  })
})

describe('hostile content', () => {
  const ATTACKS = [
    '<script>alert(1)</script>',
    '</script><img src=x onerror=alert(1)>',
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '<!--<script>',
    ']]>',
    '</template></table><h1>',
    '¶ &lt;b&gt; `x` ${alert(1)}',
    '\u202egpj.exe\u0007\u001b[2J\u2028',
    '=cmd|calc',
  ]

  function poisoned(words: string): Analysis {
    const one = reset({
      cause: 'middlebox-injection',
      origin: 'middlebox',
      summary: words,
      remedies: [words],
      nextChecks: ['`run this`', words],
      cannotTell: [words],
      wiresharkFilter: words,
      connection: { ...reset().connection, application: words, encapsulation: [words], history: words },
      evidence: [{ statement: words, value: null, unit: null, frames: [1], supports: true }],
      symptom: { client: { error: words, linux: 1, windows: 2, logs: [words] }, server: null },
    })
    const of = report([one], [incident('i1', one.cause, [one], { title: words, summary: words })])
    const capture = {
      ...of.captures[0],
      path: words,
      linkTypes: [words],
      notes: [{ name: words, count: 1, firstFrame: 1, message: words }],
    }
    const story = [
      packet(0, 'client', 1, 'P.', 'data', 5, { label: words }),
      packet(1, 'server', 2, 'R', 'rst', 0, { resetText: words, reset: 'r1', forged: true }),
    ]
    return analysis({ ...of, captures: [capture] }, { stories: new Map([['r1', story]]) })
  }

  const shape = (text: string): string[] => tags(text).map(tag => tag.name)
  const plain = shape(page(poisoned('word word'), { names: new Map([['10.0.0.5', 'word']]) }))

  it.each(ATTACKS)('%j changes no element of the page', attack => {
    const text = page(poisoned(attack), { names: new Map([['10.0.0.5', attack]]) })
    expect(
      shape(text).filter(element => element !== 'tspan' && element !== 'text' && element !== 'code'),
    ).toEqual(plain.filter(element => element !== 'tspan' && element !== 'text' && element !== 'code'))
    expect(text).not.toContain('<script>alert')
    expect(text).not.toMatch(/<img|<svg onload|<h1>\s*</)
    expect(text.match(/<script/g)).toHaveLength(text.match(/<\/script>/g)?.length ?? 0)
  })

  it('whatever the words are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), words => {
        const escaped = escapeHtml(words)
        expect(escaped).not.toMatch(/[<>"'`]/)
        expect(escaped).not.toMatch(OBEYED)
        const data = jsonData('x', { words }).text
        expect(data.slice(data.indexOf('>') + 1, data.lastIndexOf('<'))).not.toMatch(/[<>&\u2028\u2029]/)
        expect(JSON.parse(data.slice(data.indexOf('>') + 1, data.lastIndexOf('<')))).toEqual({ words })
      }),
      { seed: 2026 },
    )
  })

  it('inert markup cannot end early', () => {
    expect(inert('r1', html`<p>${'</script><!--'}</p>`).text).toContain('&lt;/script&gt;&lt;!--')
    expect(() => inert('r1', html`<script></script>`)).toThrow(/end early/)
  })

  it.each([
    ['a.pcap', 'a.pcap'],
    ['my file.pcap', "'my file.pcap'"],
    ["it's; rm -rf $(HOME)", `'it'\\''s; rm -rf $(HOME)'`],
    ['-rf', "'-rf'"],
  ])('a command is safe to paste: %s', (word, quoted) => expect(shellWord(word)).toBe(quoted))
})

describe('many resets', () => {
  it('hundreds have their story, thousands a row, more a sum', () => {
    const text = page(crowd(1000))
    expect(text.match(/<script type="text\/html" data-for="/g)).toHaveLength(300)
    expect(text.match(/<tr class="row">/g)).toHaveLength(200)
    const data = JSON.parse(/id="data">(.*?)<\/script>/s.exec(text)?.[1] ?? '')
    expect(data.rows).toHaveLength(1000)
    expect(Buffer.byteLength(text)).toBeLessThan(5_000_000)
  })

  it('are bounded', () => {
    const text = page(crowd(10_200))
    expect(JSON.parse(/id="data">(.*?)<\/script>/s.exec(text)?.[1] ?? '').rows).toHaveLength(10_000)
    expect(text).toContain('200 more resets are summarised')
    expect(Buffer.byteLength(text)).toBeLessThan(7_000_000)
  })

  it('every incident has an example among the stories', () => {
    const of = crowd(1000)
    const text = page(of)
    for (const { resets } of of.report.incidents)
      expect(resets.some(id => text.includes(`data-for="${id}"`))).toBe(true)
  })
})

describe('what stands in it', () => {
  const forged = SCENES['forged']()

  it('the ladder: sides, silence, marks, forged packets with a legend, evidence', () => {
    const text = page(SCENES['checkout']())
    for (const words of ['5.0 s of silence', '53.9 s of silence', 'orderly close (FIN)', 'GET /cart, 517 B'])
      expect(text).toContain(words)
    expect(text).toMatch(/class="l-step s-reset own"[^>]*data-frames="4711"/)
    expect(page(forged)).toContain('forged: made by a device between the two')
    expect(page(forged)).toMatch(/class="l-step s-reset forged own"[^>]*data-frames="13 14"/)
    expect(page(forged)).toMatch(/frame 13 · RST, ACK · seq 71 · ack 408 · window 512 · TTL 61/)
  })

  it('marks of the sender where its origin is in question, and only there', () => {
    expect(page(forged)).toContain('Who sent it?')
    expect(page(SCENES['loss']())).not.toContain('Who sent it?')
  })

  it('what would tell the alternatives apart', () => {
    expect(page(SCENES['checkout']())).toMatch(/idle-timeout <b>4 %<\/b>: /)
  })

  it('names and clock of the reader', () => {
    const text = page(SCENES['checkout'](), {
      names: new Map([['10.0.1.9', 'cart-db']]),
      zone: parseZone('+02:00') as NonNullable<ReturnType<typeof parseZone>>,
    })
    expect(text).toContain('10.0.1.9:8080 (cart-db)')
    expect(text).toContain('10:48:02.041')
    expect(text).toContain('Time (UTC+02:00)')
    expect(text).not.toMatch(/>08:48/)
  })

  it('only what was selected, with whole totals', () => {
    const of = SCENES['checkout']()
    const text = page(of, { selection: select(of.report, { hideBenign: true }) })
    expect(text).toContain('11 hidden by the options given')
    expect(text).not.toContain('>r27<')
  })
})

describe('colours', () => {
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map(at => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a: string, b: string): number => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
    return (high + 0.05) / (low + 0.05)
  }
  const texts = ['ink', 'dim', 'accent', 'harm', 'doubt', 'calm', 'forged']
  const pairs = texts.flatMap(text => ['paper', 'panel', 'soft'].map(ground => [text, ground]))

  it.each([...pairs, ['onfill', 'harm']])('%s on %s reads well in both schemes', (text, ground) => {
    for (const scheme of [0, 1])
      expect(contrast(COLORS[text][scheme], COLORS[ground][scheme])).toBeGreaterThan(4.5)
  })
})
