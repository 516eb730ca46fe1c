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

/** Medians of five runs: wall clock until all is painted, processor time of the page until then, one search, one story opened. */
async function open(file: string): Promise<string> {
  if (!browser) return 'no Chromium'
  const runs: number[][] = []
  for (let run = 0; run < 5; run++) {
    const page = await browser.newPage()
    await page.goto('about:blank')
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    await page.goto(`file://${file}`)
    const times = await page.evaluate<number[]>(MEASURE)
    const { metrics } = await session.send('Performance.getMetrics')
    runs.push([...times, (metrics.find(metric => metric.name === 'TaskDuration')?.value ?? 0) * 1000])
    await page.close()
  }
  const [wall, search, story, cpu] = [0, 1, 2, 3].map(at => median(runs.map(times => times[at])).toFixed(0))
  return `open ${wall} ms (processor ${cpu} ms with the two that follow), search ${search} ms, story ${story} ms`
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
