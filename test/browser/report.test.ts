/** The HTML report in a real browser, opened from a file: nothing complains, nothing is loaded, mouse and keyboard work. */
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Analysis } from '../../src/model.js'
import { writeHtml } from '../../src/report/html.js'
import { select } from '../../src/report/select.js'
import { crowd } from '../report/crowd.js'
import { SCENES } from '../report/scenes.js'
import { describeInBrowser, launch } from './chromium.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let browser: Browser
let folder: string
let page: Page
/** What the page complained of or asked for. */
let trouble: string[]

interface Look {
  scheme?: 'light' | 'dark'
  width?: number
}

async function show(of: Analysis, { scheme = 'light', width = 1200 }: Look = {}): Promise<void> {
  const file = join(folder, 'report.html')
  const rendering = {
    analysis: of,
    selection: select(of.report),
    width: 100,
    color: false,
    stories: 'worst' as const,
  }
  writeFileSync(file, [...writeHtml(rendering)].join(''))
  page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
  })
  trouble = []
  page.on('console', message => trouble.push(`console: ${message.text()}`))
  page.on('pageerror', error => trouble.push(`error: ${error.message}`))
  page.on('request', request => trouble.push(`request: ${request.url()}`))
  await page.goto(`file://${file}`)
  expect(trouble).toEqual([`request: file://${file}`])
  trouble.length = 0
}

const text = (selector: string): Promise<string> => page.locator(selector).first().innerText()
const ids = (): Promise<string[]> => page.locator('#rows [data-open]').allInnerTexts()

interface Violation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

async function violations(): Promise<string[]> {
  // evaluate() works through the debugger: the page's own policy stays in force for the page.
  await page.evaluate(AXE)
  const found = await page.evaluate<{ violations: Violation[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  )
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0].failureSummary} ${nodes[0].html.slice(0, 200)}`,
  )
}

describeInBrowser('HTML report in Chromium', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rst-analyze-browser-'))
    browser = await launch()
  }, 60_000)

  afterEach(async () => {
    expect(trouble).toEqual([])
    await page.close()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(Object.keys(SCENES))(
    'opens without a complaint or a request: %s',
    async name => {
      await show(SCENES[name]())
      expect(await page.locator('h1').innerText()).not.toBe('')
      for (const row of (await page.locator('#rows [data-open]').all()).slice(0, 2)) await row.click()
    },
    60_000,
  )

  it.each([
    ['forged', 'light', 1200],
    ['forged', 'dark', 1200],
    ['checkout', 'dark', 400],
    ['unknown', 'light', 400],
    ['no-resets-but', 'light', 1200],
    ['many', 'dark', 1200],
  ] as const)(
    'accessible by the rules of axe: %s, %s, %i wide',
    async (name, scheme, width) => {
      await show(SCENES[name](), { scheme, width })
      for (const item of await page.locator('details > summary').all()) await item.click()
      for (const item of await page.locator('details:not([open]) > summary').all()) await item.click()
      if ((await page.locator('#rows [data-open]').count()) > 0)
        await page.locator('#rows [data-open]').last().click()
      const step = page.locator('.l-step').first()
      if ((await step.count()) > 0) await step.hover()
      expect(await violations()).toEqual([])
      const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(wide, 'the page itself does not scroll sideways').toBeLessThanOrEqual(0)
    },
    90_000,
  )

  it('ladder by mouse: fields of the packet under the pointer', async () => {
    await show(SCENES['forged']())
    await page.locator('.l-step.forged').first().hover()
    expect(await text('.fields')).toContain('frame 13 · RST, ACK · seq 71 · ack 408 · window 512 · TTL 61')
    expect(await text('.fields')).toContain('frame 14 · RST, ACK · seq 1531')
  })

  it('ladder by keyboard: one tab stop, arrow keys, Home and End', async () => {
    await show(SCENES['forged']())
    const steps = page.locator('.case').first().locator('.l-step')
    await steps.first().focus()
    expect(await text('.fields')).toContain('frame 10 · SYN')
    await page.keyboard.press('ArrowDown')
    expect(await text('.fields')).toContain('frame 11 · SYN, ACK')
    await page.keyboard.press('End')
    expect(await text('.fields')).toContain('frame 16 · RST')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Home')
    expect(await text('.fields')).toContain('frame 10 · SYN')
    expect(
      await steps.evaluateAll(all => all.filter(step => step.getAttribute('tabindex') === '0').length),
    ).toBe(1)
    expect(await steps.first().getAttribute('aria-selected')).toBe('true')
  })

  it('evidence leads to the ladder', async () => {
    await show(SCENES['checkout']())
    const link = page.locator('.evidence button.fr', { hasText: '4702' }).first()
    await link.focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.dataset.frames')).toBe('4702')
    expect(await text('.fields')).toContain('frame 4702 · FIN')
  })

  it('search and filters by mouse and keyboard', async () => {
    await show(crowd(400))
    expect(await text('#found')).toBe('400 of 400 resets, the first 200 shown')
    await page.locator('#more').click()
    expect(await ids()).toHaveLength(400)
    await page.locator('#q').focus()
    await page.keyboard.type('shop-3.example 10.1.3.12')
    await expect.poll(ids).toHaveLength(10)
    await page.locator('#q').fill('r17')
    await expect.poll(ids).toEqual(['r17'])
    await page.locator('#q').fill('nothing like this')
    await expect.poll(() => text('#found')).toBe('No reset matches.')
    await page.locator('#clear').click()
    await page.locator('#cause').selectOption('idle-timeout')
    await expect.poll(() => text('#found')).toBe('120 of 400 resets')
    await page.locator('#origin').selectOption('endpoint')
    await expect.poll(() => text('#found')).toBe('No reset matches.')
    await page.locator('#clear').click()
    await page.locator('#order').selectOption('worst')
    await expect.poll(async () => (await ids())[0]).toBe('r1')
    await expect.poll(() => page.locator('#rows tbody tr').nth(40).innerText()).toContain('r121')
  }, 60_000)

  it('stories open in place, close again, and by link', async () => {
    await show(crowd(400))
    const button = page.locator('[data-open="r2"]')
    await button.focus()
    await page.keyboard.press('Enter')
    expect(await button.getAttribute('aria-expanded')).toBe('true')
    expect(await page.locator('[data-story="r2"] .ladder').first().isVisible()).toBe(true)
    await page.locator('[data-story="r2"] .l-step').last().hover()
    expect(await text('[data-story="r2"] .fields')).toContain('frame 4723')
    await page.keyboard.press('Enter')
    expect(await page.locator('[data-story="r2"]').count()).toBe(0)
    await page.locator('#cause').selectOption('unknown')
    await expect.poll(() => text('#found')).toContain('of 400')
    await page.evaluate('location.hash = "r399"')
    await expect.poll(() => page.locator('[data-open="r399"][aria-expanded=true]').count()).toBe(1)
    await page.locator('[data-incident]').first().click()
    await expect.poll(() => text('#found')).toBe('40 of 400 resets (incident i1)')
  }, 60_000)

  it('a reset without a kept story says how to get it', async () => {
    await show(crowd(1000))
    await page.evaluate('location.hash = "r1000"')
    await expect
      .poll(() => page.locator('.opened code').allInnerTexts())
      .toEqual(['rst-analyze --reset r1000 -o r1000.html checkout-api.pcap'])
  }, 60_000)

  it('a mark in the timeline opens its reset', async () => {
    await show(crowd(20))
    await page.locator('.t-mark[data-reset="r5"]').click()
    await expect.poll(() => page.locator('[data-open="r5"][aria-expanded=true]').count()).toBe(1)
  })

  it('the Wireshark filter is copied', async () => {
    await show(SCENES['checkout']())
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const button = page.getByRole('button', { name: 'Copy Wireshark filter' }).first()
    await button.click()
    await expect.poll(() => button.innerText()).toBe('Copied')
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'tcp.port == 41234 && ip.addr == 10.0.1.9',
    )
  })

  it('hostile content does nothing', async () => {
    await show(SCENES['hostile']())
    expect(await page.locator('script:not([type])').count()).toBe(1)
    for (const row of (await page.locator('#rows [data-open]').all()).slice(0, 3)) await row.click()
    expect(await page.locator('script:not([type])').count()).toBe(1)
    expect(await text('#rows tbody')).toContain('<script>alert(1)</script>')
  })

  it('injected markup could not run, load or send: the policy holds', async () => {
    await show(SCENES['unknown']())
    const failures: (string | undefined)[] = []
    page.on('requestfailed', request => failures.push(request.failure()?.errorText))
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src="https://example.invalid/x" onerror="document.title=1">');
      const script = document.createElement('script'); script.textContent = 'document.title = "owned"'; document.body.append(script)`)
    await page.waitForTimeout(200)
    expect(await page.title()).not.toMatch(/owned|1$/)
    expect(failures).toEqual(['csp'])
    expect(trouble.filter(line => !/Content Security Policy/.test(line))).toEqual([
      'request: https://example.invalid/x',
    ])
    trouble.length = 0
  })

  it('prints light, whole, without controls', async () => {
    await show(SCENES['many'](), { scheme: 'dark' })
    const closed = await page.locator('details.case:not([open])').count()
    expect(closed).toBeGreaterThan(0)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    await page.evaluate('dispatchEvent(new Event("beforeprint"))')
    expect(await page.locator('details.case:not([open])').count()).toBe(0)
    expect(await page.locator('.tools').isVisible()).toBe(false)
    expect(await page.locator('[data-copy]').first().isVisible()).toBe(false)
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000)
    await page.evaluate('dispatchEvent(new Event("afterprint"))')
    expect(await page.locator('details.case:not([open])').count()).toBe(closed)
  }, 60_000)

  it('opens 1,000 resets in under a second', async () => {
    await show(crowd(1000))
    // Processor time of the page's main thread: what a machine with other things to do would measure as well.
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const spent = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(metric => metric.name === 'TaskDuration')?.value ?? Number.NaN
    }
    const before = await spent()
    await page.reload()
    await page.evaluate('new Promise(done => requestAnimationFrame(() => setTimeout(done)))')
    expect((await spent()) - before).toBeLessThan(1)
    trouble.length = 0
  }, 60_000)
})
