/** `rst-analyze compare` as users call it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../../src/cli/main.js'
import { processIo } from '../../src/cli/io.js'
import { labelledPairs } from '../accuracy/pairs.js'

async function call(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const output = (to: 'out' | 'err') => ({
    isTTY: false,
    columns: 100,
    hasColors: false,
    write: async (text: string) => {
      said[to] += text
      return true
    },
  })
  const code = await main(argv, { ...processIo(), stdout: output('out'), stderr: output('err'), env: {} })
  return { code, ...said }
}

const [a, b] = labelledPairs()
  .find(p => p.scenario === 'dpi-perfect-mimic')!
  .captures.map(c => c.path)

test('text: the paragraph of the comparison, then the report', async () => {
  const { code, out } = await call('compare', a, b)
  expect(code).toBe(0)
  const flat = out.replaceAll(/\s+/g, ' ')
  expect(flat).toMatch(/ Compared The clock of server\.pcap is [^.]*\.\d ms ahead of that of client\.pcap/)
  expect(flat).toContain('left neither end')
  expect(out).toContain('middlebox-injection')
  expect(flat).toMatch(/ seen in client\.pcap \(frames? [\d–]+\), not in server\.pcap /)
  // Whose file it is stands in the sentence or behind the frames, not both.
  expect(out).not.toContain(`of ${b}`)
})

test('files: the same paragraph and the same proof', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-compare-'))
  const files = ['r.txt', 'r.md', 'r.html'].map(name => join(folder, name))
  const { code } = await call('compare', a, b, '-q', ...files.flatMap(file => ['-o', file]))
  expect(code).toBe(0)
  for (const file of files) {
    const text = readFileSync(file, 'utf8').replaceAll(/[`\\]/g, '').replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/The clock of server\.pcap is [^.]*\.\d ms ahead of that of client\.pcap/)
    expect(text).toMatch(/[Ss]een in client\.pcap \(frames? [\d–]+\), not in server\.pcap/)
  }
  rmSync(folder, { recursive: true })
})

test('json and ndjson carry comparison and vantages', async () => {
  const json = JSON.parse((await call('compare', '--format', 'json', a, b)).out)
  expect(json.comparison).toMatchObject({ matchedConnections: 2, translated: [] })
  expect(json.resets[0].vantages).toEqual([
    { capture: 0, seen: true, frames: json.resets[0].frames },
    { capture: 1, seen: false, frames: [] },
  ])
  const lines = (await call('compare', '--format', 'ndjson', a, b)).out.trim().split('\n')
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ type: 'summary', comparison: { matchedConnections: 2 } })
})

test('bad input: one line on standard error, nothing on standard output', async () => {
  expect(await call('compare', a, '/nowhere.pcap')).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/^rst-analyze: .*nowhere\.pcap.*\n$/),
  })
  expect(await call('compare', a)).toMatchObject({ code: 2, out: '' })
  expect(await call('compare', '-', '-')).toMatchObject({ code: 2, out: '' })
  expect(await call('compare', '--fail-on', 'middlebox-injection', '-q', a, b)).toMatchObject({
    code: 3,
    out: '',
  })
})

test('redacted: neither addresses nor file names', async () => {
  for (const format of ['text', 'json']) {
    const { code, out } = await call('compare', '--redact', '--format', format, a, b)
    expect(code).toBe(0)
    expect(out).toContain('capture 1')
    expect(out).not.toMatch(/10\.8[1-4]\.|client\.pcap/)
  }
})
