/**
 * The pictures of README.md, taken of a real report: npm run picture (needs Chromium)
 *   overview.png   headline, figures, timeline, the worst incident
 *   proof.png      packets and evidence of a forged reset
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { analyzeCaptures } from '../../src/analyze.js'
import { writeHtml } from '../../src/report/html.js'
import { select } from '../../src/report/select.js'
import { launch } from '../browser/chromium.js'
import { palettePng } from './png.js'

export const PICTURES = path.resolve(import.meta.dirname, '../browser/pictures')
const ROOT = path.resolve(import.meta.dirname, '../..')
const CAPTURE = 'fixtures/start/incident.pcap'
const WIDTH = 1080
/** Sharp on screens of today. */
const SCALE = 1.5

interface Clip {
  x: number
  y: number
  width: number
  height: number
}

async function report(): Promise<string> {
  process.chdir(ROOT)
  const analysis = await analyzeCaptures([CAPTURE])
  const rendering = { analysis, selection: select(analysis.report), width: 100, color: false }
  return [...writeHtml({ ...rendering, stories: 'worst' })].join('')
}

/** From the top of one element to the top (or bottom) of another, over the whole width. */
async function between(page: Page, from: string, to: string, edge: 'top' | 'bottom'): Promise<Clip> {
  const scrolled = await page.evaluate<number>('scrollY')
  const edgeOf = async (selector: string, which: 'top' | 'bottom'): Promise<number> => {
    const box = (await page.locator(selector).first().boundingBox())!
    const y = box.y + scrolled
    return which === 'top' ? y : y + box.height
  }
  const y = Math.max(0, (await edgeOf(from, 'top')) - 12)
  return { x: 0, y, width: WIDTH, height: (await edgeOf(to, edge)) + (edge === 'top' ? -4 : 12) - y }
}

interface Decoded {
  /** RGBA in base64. */
  pixels: string
  width: number
  height: number
}

/** Runs in the page: a browser knows how to read what it has drawn. */
const DECODE = `async source => {
  const image = await createImageBitmap(await (await fetch(source)).blob())
  const canvas = new OffscreenCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  const { data, width, height } = context.getImageData(0, 0, image.width, image.height)
  let text = ''
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768))
  return { pixels: btoa(text), width, height }
}`

async function take(page: Page, clip: Clip, name: string): Promise<void> {
  const png = await page.screenshot({ clip, fullPage: true })
  const decoded = await page.evaluate<Decoded>(
    `(${DECODE})('data:image/png;base64,${png.toString('base64')}')`,
  )
  const pixels = Buffer.from(decoded.pixels, 'base64')
  const file = path.join(PICTURES, name)
  fs.writeFileSync(file, palettePng(pixels, decoded.width, decoded.height))
  console.log(
    `${path.relative(ROOT, file)} ${decoded.width} × ${decoded.height}, ${fs.statSync(file).size} bytes`,
  )
}

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-picture-'))
  const file = path.join(folder, 'report.html')
  fs.writeFileSync(file, await report())
  fs.mkdirSync(PICTURES, { recursive: true })
  const browser = await launch()
  try {
    const viewport = { width: WIDTH, height: 900 }
    const look = { viewport, colorScheme: 'light', deviceScaleFactor: SCALE } as const
    const page = await browser.newPage({ ...look, bypassCSP: true })
    await page.goto(`file://${file}`)
    await take(page, await between(page, '.top', '.incident .advice', 'top'), 'overview.png')
    const forged = '.incident:has(.l-step.forged)'
    await page.locator(`${forged} details.case > summary`).first().click()
    await take(page, await between(page, `${forged} .proof`, `${forged} .evidence`, 'bottom'), 'proof.png')
  } finally {
    await browser.close()
    fs.rmSync(folder, { recursive: true })
  }
}

await main()
