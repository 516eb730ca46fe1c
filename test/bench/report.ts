/**
 * Size and speed of the HTML and Markdown reports at 10, 1,000 and 10,000 resets: node --import tsx test/bench/report.ts
 * Rendering is measured here, opening in headless Chromium (until the table is filled and can be searched).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rendering, Writer } from '../../src/report/formats.js'
import { writeHtml } from '../../src/report/html.js'
import { writeMarkdown } from '../../src/report/markdown.js'
import { select } from '../../src/report/select.js'
import { haveChromium, launch } from '../browser/chromium.js'
import { crowd } from '../report/crowd.js'

const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-bench-'))
const browser = haveChromium() ? await launch() : undefined

function render(writer: Writer, rendering: Rendering): { text: string; ms: number } {
  const start = performance.now()
  const text = [...writer(rendering)].join('')
  return { text, ms: performance.now() - start }
}

/** Milliseconds from navigation to the end of loading, when script and table are done and painted; of one search; of one story. */
async function open(file: string): Promise<string> {
  if (!browser) return 'no Chromium'
  const runs: number[][] = []
  for (let run = 0; run < 5; run++) {
    const page = await browser.newPage()
    await page.goto(`file://${file}`)
    runs.push((await page.evaluate(MEASURE)) as number[])
    await page.close()
  }
  const [loaded, search, story] = [0, 1, 2].map(index => median(runs.map(times => times[index])).toFixed(0))
  return `open ${loaded} ms, search ${search} ms, story ${story} ms`
}

const MEASURE = `(async () => {
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)))
  const loaded = performance.now()
  const took = work => { const start = performance.now(); work(); document.body.offsetHeight; return performance.now() - start }
  return [loaded, took(() => { document.querySelector('#q').value = '10.1.3 shop'; update() }),
    took(() => { clear(); update(); document.querySelector('[data-open]').click() })]
})()`

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

for (const n of [10, 1000, 10_000]) {
  const analysis = crowd(n)
  const rendering: Rendering = {
    analysis,
    selection: select(analysis.report),
    width: 100,
    color: false,
    stories: 'worst',
  }
  render(writeHtml, rendering)
  const html = render(writeHtml, rendering)
  const markdown = render(writeMarkdown, rendering)
  const file = join(folder, `${n}.html`)
  writeFileSync(file, html.text)
  const size = (text: string): string => `${(Buffer.byteLength(text) / 1000).toFixed(0)} kB`
  console.log(
    `${String(n).padStart(6)} resets: HTML ${size(html.text)} in ${html.ms.toFixed(0)} ms, ${await open(file)}; Markdown ${size(markdown.text)} in ${markdown.ms.toFixed(0)} ms`,
  )
}
await browser?.close()
rmSync(folder, { recursive: true })
