/**
 * Before any test runs: one temporary folder for all of them, and a word on which oracles are missing and what is
 * skipped for it. Afterwards the folder goes.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ORACLE_CACHE } from './oracle.js'

/** Program → what cannot be checked without it. */
const ORACLES: Record<string, string> = {
  tshark: 'comparison with Wireshark',
  tcpdump: 'comparison with tcpdump',
  capinfos: 'comparison with capinfos',
  xz: 'xz-compressed captures',
  lz4: 'lz4-compressed captures',
  zstd: 'zstd-compressed captures',
}

const MONTH_MS = 30 * 86_400e3

const FOLDER = 'rst-analyze-test-'

export default function setup(): (() => void) | undefined {
  // Both projects of vitest.config.ts call it, in one process.
  if (basename(tmpdir()).startsWith(FOLDER)) return undefined
  nameMissing()
  forgetOldAnswers()
  const outer = process.env['TMPDIR']
  const folder = mkdtempSync(join(tmpdir(), FOLDER))
  // Some tests give up their privileges and read on.
  chmodSync(folder, 0o755)
  process.env['TMPDIR'] = folder
  return () => {
    if (outer === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = outer
    rmSync(folder, { recursive: true, force: true })
  }
}

function nameMissing(): void {
  const missing = Object.keys(ORACLES).filter(
    name => spawnSync(name, ['--version'], { stdio: 'ignore' }).error,
  )
  if (missing.length === 0) return
  const required = process.env['RST_ANALYZE_REQUIRE'] === '1'
  for (const name of missing) {
    process.stderr.write(
      `${required ? 'required' : 'skipped'}: ${ORACLES[name]}, for ${name} is not installed\n`,
    )
  }
  if (required) throw new Error(`RST_ANALYZE_REQUIRE=1, but not installed: ${missing.join(', ')}`)
}

function forgetOldAnswers(): void {
  if (!existsSync(ORACLE_CACHE)) return
  for (const name of readdirSync(ORACLE_CACHE)) {
    const file = join(ORACLE_CACHE, name)
    if (Date.now() - statSync(file).mtimeMs > MONTH_MS) rmSync(file, { force: true })
  }
}
