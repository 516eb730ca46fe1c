/** A headless Chromium with nothing in it: a new profile, no services of its own, no network. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { describe } from 'vitest'

const PATHS = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

function executable(): string | undefined {
  return PATHS.find(path => path !== undefined && existsSync(path))
}

export function haveChromium(): boolean {
  return executable() !== undefined
}

/** Playwright gives every browser a new, empty profile and removes it on close. */
export async function launch(): Promise<Browser> {
  const path = executable()
  if (path === undefined) throw new Error('no Chromium here')
  return chromium.launch({
    executablePath: path,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** `describe` for tests that need a browser; says so where there is none. */
export function describeInBrowser(title: string, body: () => void): void {
  if (haveChromium()) describe(title, body)
  else if (process.env['RST_ANALYZE_REQUIRE'] === '1') {
    describe(title, () => {
      throw new Error('RST_ANALYZE_REQUIRE=1, but Chromium is not installed')
    })
  } else describe.skip(`${title} (skipped: Chromium not installed)`, body)
}
