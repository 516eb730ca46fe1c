/** The command as a process: pipes, signals, exit codes. Few and quick; everything else calls functions. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { writeCapture } from '../bench/capture.js'

const BIN = fileURLToPath(new URL('../../bin/rst-analyze.js', import.meta.url))
const CAPTURE = fileURLToPath(new URL('../../fixtures/start/incident.pcap', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-process-'))

interface Ended {
  code: number | null
  out: string
  err: string
}

function ended(child: ChildProcess): Promise<Ended> {
  let out = ''
  let err = ''
  child.stdout?.on('data', data => {
    out += data
  })
  child.stderr?.on('data', data => {
    err += data
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, out, err })))
}

function run(words: string[], input?: Buffer): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...words], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return ended(child)
}

/** A capture of n copies of the packets of another: large enough to interrupt. */
function enlarged(times: number): string {
  const bytes = readFileSync(CAPTURE)
  const path = join(folder, `large-${times}.pcap`)
  if (!existsSync(path))
    writeFileSync(path, Buffer.concat([bytes, ...Array.from({ length: times }, () => bytes.subarray(24))]))
  return path
}

describe('the command', () => {
  it('analyses a file and a stream alike', async () => {
    const file = await run(['--format', 'json', CAPTURE])
    const stream = await run(['-', '--format', 'json'], readFileSync(CAPTURE))
    expect([file.code, file.err, stream.code, stream.err]).toEqual([0, '', 0, ''])
    const [a, b] = [file, stream].map(({ out }) => JSON.parse(out))
    expect(b.resets).toEqual(a.resets)
  })

  it('knows its exit codes', async () => {
    const cause = JSON.parse((await run(['--format', 'json', CAPTURE])).out).resets[0].cause
    const [none, wrong, version, missing, matched] = await Promise.all([
      run([]),
      run(['--nonsense']),
      run(['--version']),
      run([join(folder, 'missing.pcap')]),
      run(['--fail-on', cause, '-q', CAPTURE]),
    ])
    expect([none.code, wrong.code, version.code, missing.code, matched.code]).toEqual([2, 2, 0, 1, 3])
    expect([none.out, wrong.out, missing.out, matched.out]).toEqual(['', '', '', ''])
    expect(missing.err).toMatch(/^rst-analyze: .*missing\.pcap[^\n]*\n$/)
  })

  it('ends quietly when its reader leaves', async () => {
    const child = spawn(process.execPath, [BIN, '--all', '--format', 'json', CAPTURE], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    const { code, err } = await ended(child)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it.runIf(existsSync('/dev/full'))('says that standard output is full', async () => {
    const full = openSync('/dev/full', 'w')
    const { code, err } = await ended(
      spawn(process.execPath, [BIN, CAPTURE], { stdio: ['ignore', full, 'pipe'] }),
    )
    closeSync(full)
    expect(code).toBe(1)
    expect(err).toMatch(/^rst-analyze: standard output: cannot be written: .*\n$/)
  })

  it('ends with 130 when interrupted, leaving no half-written report', async () => {
    let last: Ended = { code: null, out: '', err: '' }
    // Before the program listens for it, the signal simply kills: wait longer until it is met at work.
    for (let delay = 200; last.code === null && delay < 8000; delay *= 2) {
      const words = [BIN, enlarged(2000), '-o', join(folder, 'r.json')]
      const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      setTimeout(() => child.kill('SIGINT'), delay)
      last = await ended(child)
    }
    const { code, out, err } = last
    expect(code).toBe(130)
    expect(out).toBe('')
    expect(err).not.toMatch(/^ +at /m)
    expect(readdirSync(folder).filter(name => name.includes('json'))).toEqual([])
  })

  it('reads a large capture with threads: the same report, and no thread outlives an interrupt', async () => {
    const large = join(folder, 'threads.pcap')
    writeCapture(large, { frames: 190_000, connections: 400, snapLength: 65_535, resets: 0.1 })
    expect(statSync(large).size).toBeGreaterThan(128 << 20)
    const [one, three] = [
      await run(['--format', 'json', '--jobs', '1', large]),
      await run(['--format', 'json', '--jobs', '3', large]),
    ]
    expect([one.code, one.err, three.err]).toEqual([0, '', ''])
    expect(JSON.parse(one.out).totals.resets).toBeGreaterThan(50)
    expect(three.out === one.out).toBe(true)
    const child = spawn(process.execPath, [BIN, '--jobs', '3', large], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    setTimeout(() => child.kill('SIGINT'), 300)
    // It may have been too early to be met at work, or too late.
    const { code, err } = await ended(child)
    expect([null, 0, 130]).toContain(code)
    expect(err).not.toMatch(/^ +at /m)
    rmSync(large)
  }, 60_000)

  it('starts fast: nothing that is not needed is loaded', () => {
    const { stderr: loaded } = spawnSync(process.execPath, ['--input-type=module', '-e', PROBE], {
      encoding: 'utf8',
    })
    const modules = modulesIn(loaded, 24)
    expect(modules).toContain('cli/main.js')
    const needless = modules.filter(name =>
      /cli-table3|cli-progress|zstd|^(analyze|capture|flow|report\/text|cli\/(live|compare|explain))/.test(
        name,
      ),
    )
    expect(needless).toEqual([])
  })

  it('starts an analysis without the writers and commands that nobody asked for', () => {
    const probe = PROBE.replace("'--version'", JSON.stringify(CAPTURE))
    const { stderr: loaded } = spawnSync(process.execPath, ['--input-type=module', '-e', probe], {
      encoding: 'utf8',
    })
    const modules = modulesIn(loaded, 48)
    expect(modules).toContain('analyze.js')
    expect(modules).toContain('report/text.js')
    const needless = modules.filter(name =>
      /d3-|cli-progress|^(live\/(run|session)|compare\/|rewrite\/|report\/html)/.test(name),
    )
    expect(needless).toEqual([])
  })
})

/** Modules in the files of the bundle that were loaded; the bundler names each before its text. */
function modulesIn(loaded: string, mostFiles: number): string[] {
  const files = loaded.split('\n').filter(url => url.includes('/dist/'))
  expect(files.some(url => url.endsWith('/dist/command.js'))).toBe(true)
  expect(files.length).toBeLessThan(mostFiles)
  return files.flatMap(url =>
    [...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\/\/ (\S+\.m?js)$/gm)].map(([, name]) => name),
  )
}

/** Prints every module that `--version` loads. */
const PROBE = `
import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent("export async function load(url, context, next) { if (url.startsWith('file:')) process._rawDebug(url); return next(url, context) }"))
process.argv = [process.argv[0], 'rst-analyze', '--version']
await import(${JSON.stringify(new URL('../../bin/rst-analyze.js', import.meta.url).href)})
`
