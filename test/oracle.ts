/**
 * Programs that serve as oracles in tests (tshark and others of Debian's packages). Tests that need one are skipped, by name, where it is
 * missing; with RST_ANALYZE_REQUIRE=1 a missing one is a failure.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

/** Answers of oracles, kept between runs; test/setup.ts throws out those that nobody asked for in a month. */
export const ORACLE_CACHE = join(import.meta.dirname, '../.cache/oracle')

/** Program → what it says of its version; undefined where it is not installed. */
const versions = new Map<string, string | undefined>()

function versionOf(name: string): string | undefined {
  if (!versions.has(name)) {
    const { error, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' })
    versions.set(name, error ? undefined : stdout)
  }
  return versions.get(name)
}

export function haveProgram(name: string): boolean {
  return versionOf(name) !== undefined
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
  const args = ['-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=,']
  for (const field of fields) args.push('-e', field)
  if (filter) args.push('-Y', filter)
  const lines = tshark(file, args).split('\n')
  lines.pop()
  return lines.map(line => line.split('\t').map(cell => (cell === '' ? [] : cell.split(','))))
}

/** Numbers of the frames that match a display filter, with default preferences. */
export function tsharkFrames(file: string, filter: string): number[] {
  return tsharkFields(file, ['frame.number'], filter).map(row => Number(row[0][0]))
}

/**
 * What tshark prints. A fifth of a second goes by before it reads a packet, so its answers are kept between runs: the same
 * version says the same of the same bytes. Where everything is required it is asked anew.
 */
function tshark(file: string, args: string[]): string {
  if (process.env['RST_ANALYZE_REQUIRE'] === '1') return askTshark(file, args)
  const question = createHash('sha256').update(JSON.stringify([versionOf('tshark'), args]))
  const kept = join(ORACLE_CACHE, question.update(readFileSync(file)).digest('hex'))
  try {
    const answer = readFileSync(kept, 'utf8')
    utimesSync(kept, new Date(), new Date())
    return answer
  } catch {
    const answer = askTshark(file, args)
    mkdirSync(ORACLE_CACHE, { recursive: true })
    // Renamed into place: the other worker may be reading.
    writeFileSync(`${kept}.${process.pid}`, answer)
    renameSync(`${kept}.${process.pid}`, kept)
    return answer
  }
}

function askTshark(file: string, args: string[]): string {
  emptyHome ??= mkdtempSync(join(tmpdir(), 'rst-analyze-home-'))
  // tshark exits with 2 where the file goes bad; what it had read until then counts.
  const run = spawnSync('tshark', ['-n', '-r', file, ...args], {
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, HOME: emptyHome, XDG_CONFIG_HOME: emptyHome, WIRESHARK_CONFIG_DIR: emptyHome },
  })
  if (run.error) throw run.error
  return run.stdout.toString()
}
