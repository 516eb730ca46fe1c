/**
 * Programs that serve as oracles in tests (tshark and others of Debian's packages). Tests that need one are skipped, by name, where it is
 * missing; with RST_ANALYZE_REQUIRE=1 a missing one is a failure.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

const known = new Map<string, boolean>()

export function haveProgram(name: string): boolean {
  let have = known.get(name)
  if (have === undefined) {
    have = !spawnSync(name, ['--version'], { stdio: 'ignore' }).error
    known.set(name, have)
  }
  return have
}

/** `describe` for tests that need the programs; says which one is missing. */
export function describeWith(programs: string[], title: string, body: () => void): void {
  const missing = programs.filter(name => !haveProgram(name))
  if (missing.length === 0) describe(title, body)
  else if (process.env['RST_ANALYZE_REQUIRE'] === '1') {
    describe(title, () => {
      throw new Error(`RST_ANALYZE_REQUIRE=1, but not installed: ${missing.join(', ')}`)
    })
  } else describe.skip(`${title} (skipped: ${missing.join(', ')} not installed)`, body)
}

let emptyHome: string | undefined

/** Runs tshark with default preferences, whatever the user's are. Rows of the fields, each a list of all its occurrences. */
export function tsharkFields(file: string, fields: string[], filter?: string): string[][][] {
  emptyHome ??= mkdtempSync(join(tmpdir(), 'rst-analyze-home-'))
  const args = ['-r', file, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=,']
  for (const field of fields) args.push('-e', field)
  if (filter) args.push('-Y', filter)
  // tshark exits with 2 where the file goes bad; what it had read until then counts.
  const run = spawnSync('tshark', args, {
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, HOME: emptyHome, XDG_CONFIG_HOME: emptyHome, WIRESHARK_CONFIG_DIR: emptyHome },
  })
  if (run.error) throw run.error
  const lines = run.stdout.toString().split('\n')
  lines.pop()
  return lines.map(line => line.split('\t').map(cell => (cell === '' ? [] : cell.split(','))))
}

/** Numbers of the frames that match a display filter, with default preferences. */
export function tsharkFrames(file: string, filter: string): number[] {
  return tsharkFields(file, ['frame.number'], filter).map(row => Number(row[0][0]))
}
