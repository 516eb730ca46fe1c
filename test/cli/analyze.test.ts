import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/model.js'
import { analysis, report } from '../report/sample.js'
import { rst } from './fake.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rst-analyze-cli-'))
})

const json = async (line: string): Promise<Report & { hidden: { resets: number } }> => {
  const { code, out, err } = await rst(`--format json ${line} a.pcap`)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

describe('what is shown', () => {
  it.each([
    ['', 37],
    ['--cause keep-alive-race', 26],
    ['--cause keep-alive-race,benign-teardown', 37],
    ['--cause keep-alive-race --cause benign-teardown', 37],
    ['--cause port-scan', 0],
    ['--origin endpoint', 37],
    ['--origin middlebox', 0],
    ['--impact none', 11],
    ['--impact request-lost,none', 37],
    ['--min-confidence 0.95', 11],
    ['--hide-benign', 26],
    ['--since +60s', 35],
    ['--since +60s --until +65s', 5],
    ['--since 2026-11-22T08:48:10Z', 29],
    ['--since 2026-11-22T09:48:10+01:00', 29],
    ['--since 08:48:10', 29],
    ['--until 2026-11-22T08:48:10Z', 8],
    ['--reset r3', 1],
    ['--reset r3,r5 --reset r5', 2],
    ['--reset r3 --cause port-scan', 1],
    ['--at 08:48:02', 4],
    ['--at 2026-11-22T08:00:00', 1],
    ['--all', 37],
  ])('%s', async (line, shown) => {
    const { resets, hidden, totals, incidents } = await json(line)
    expect(resets).toHaveLength(shown)
    expect(hidden.resets).toBe(37 - shown)
    expect(totals.resets).toBe(37)
    const ids = resets.map(reset => reset.id)
    expect(incidents.flatMap(incident => incident.resets).every(id => ids.includes(id))).toBe(true)
  })

  it('an unknown reset is a usage error that says which there are', async () => {
    const { code, out, err } = await rst('--reset r99 a.pcap')
    expect({ code, out, err }).toEqual({
      code: 2,
      out: '',
      err: 'rst-analyze: no reset r99 here; there are r1 to r37\n',
    })
  })

  it('--reset and --at tell the full story', async () => {
    const { out } = await rst('--reset r1 a.pcap')
    expect(out).toContain('frame 4711')
    expect(out).toContain('Could also be')
    expect(out).not.toContain('r2 ')
  })

  it('--all leaves nothing out', async () => {
    const { out } = await rst('--all a.pcap')
    for (let n = 1; n <= 37; n++) expect(out).toMatch(new RegExp(`^r${n} `, 'm'))
    expect(out).not.toContain('--all, or')
  })
})

describe('exit codes', () => {
  it.each([
    ['', 0],
    ['--fail-on any', 3],
    ['--fail-on keep-alive-race', 3],
    ['--fail-on port-scan,benign-teardown', 3],
    ['--fail-on port-scan', 0],
    ['--fail-on any --impact none', 0],
    ['--fail-on any --cause benign-teardown', 0],
    ['--fail-on any -q', 3],
  ])('%s → %d', async (line, expected) => expect((await rst(`${line} a.pcap`)).code).toBe(expected))

  it('no resets → 0', async () => {
    const { code } = await rst('--fail-on any a.pcap', { analysis: analysis(report([], [])) })
    expect(code).toBe(0)
  })

  it('a bad capture → 1, its line, nothing on standard output', async () => {
    const analyze = () =>
      Promise.reject(
        Object.assign(new Error('x.txt is not a capture: it begins with "Dear\u001b[2J"'), {
          name: 'CaptureError',
        }),
      )
    const { code, out, err } = await rst('x.txt', { analyze })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe('rst-analyze: x.txt is not a capture: it begins with "Dear\\x1b[2J"\n')
  })

  it('a bug → 1 without a stack trace', async () => {
    const { code, err } = await rst('a.pcap', {
      analyze: () => Promise.reject(new TypeError('x is not a function')),
    })
    expect(code).toBe(1)
    expect(err).toMatch(/^rst-analyze: internal error: x is not a function \(.*\)\n$/)
  })

  it('interrupted → 130', async () => {
    const analyze = () => Promise.reject(new DOMException('stop', 'AbortError'))
    expect(await rst('a.pcap', { analyze })).toMatchObject({ code: 130, out: '' })
  })

  it('Ctrl-C aborts a file analysis at once, and lets a stream drain', async () => {
    let signal: AbortSignal | undefined
    const world = {
      onInterrupt: (callback: () => void) => {
        queueMicrotask(callback)
        return () => {}
      },
      analyze: async (_: string[], options?: { signal?: AbortSignal }) => {
        signal = options?.signal
        await new Promise(resolve => setTimeout(resolve, 20))
        return analysis(report([], []))
      },
    }
    expect(await rst('a.pcap', world)).toMatchObject({ code: 130, out: '' })
    expect(signal?.aborted).toBe(true)
    expect((await rst('-', world)).code).toBe(0)
    expect(signal?.aborted).toBe(false)
  })
})

describe('where it goes', () => {
  it('warnings go to standard error', async () => {
    const analyze = async (_: string[], options?: { onWarning?: (line: string) => void }) => {
      options?.onWarning?.('a.pcap ends inside frame 3')
      return analysis(report([], []))
    }
    const { out, err } = await rst('a.pcap', { analyze })
    expect(err).toBe('rst-analyze: warning: a.pcap ends inside frame 3\n')
    expect(out).not.toContain('warning')
  })

  it('-o writes by extension, text still goes to standard output', async () => {
    const { out } = await rst([
      'a.pcap',
      '-o',
      join(folder, 'r.json'),
      '--output',
      join(folder, 'r.ndjson'),
      '-o',
      join(folder, 'r.TXT'),
    ])
    expect(out).toContain('26 requests lost')
    expect(JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')).resets).toHaveLength(37)
    const lines = readFileSync(join(folder, 'r.ndjson'), 'utf8').trim().split('\n')
    expect(JSON.parse(lines[lines.length - 1]).type).toBe('summary')
    expect(readFileSync(join(folder, 'r.TXT'), 'utf8')).toContain('26 requests lost')
    expect(readdirSync(folder).sort()).toEqual(['r.TXT', 'r.json', 'r.ndjson'])
  })

  it('-q: nothing on standard output', async () => {
    const { code, out } = await rst(['-qo', join(folder, 'r.json'), 'a.pcap'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(readdirSync(folder)).toEqual(['r.json'])
  })

  it('files hold no colour and do not depend on the terminal', async () => {
    await rst(['a.pcap', '-o', join(folder, 'a.txt')], { tty: true, columns: 70 })
    await rst(['a.pcap', '-o', join(folder, 'b.txt')])
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe(readFileSync(join(folder, 'b.txt'), 'utf8'))
  })

  it('an input is never overwritten, by whatever name', async () => {
    const input = join(folder, 'in.json')
    writeFileSync(input, 'packets')
    symlinkSync(input, join(folder, 'alias.json'))
    linkSync(input, join(folder, 'twin.json'))
    for (const name of ['in.json', 'alias.json', 'twin.json', '../' + folder.split('/').pop() + '/in.json']) {
      const { code, err, paths } = await rst([input, '-o', join(folder, name)])
      expect({ code, paths }).toEqual({ code: 2, paths: undefined })
      expect(err).toContain('never overwritten')
    }
    expect(readFileSync(input, 'utf8')).toBe('packets')
  })

  it('neither is the file of names', async () => {
    const hosts = join(folder, 'hosts.txt')
    writeFileSync(hosts, '10.0.0.1 db')
    for (const output of [
      ['-o', hosts],
      ['--annotate', hosts],
    ]) {
      const { code, err } = await rst(['a.pcap', '--hosts', hosts, ...output])
      expect(code).toBe(2)
      expect(err).toContain('never overwritten')
    }
    expect(readFileSync(hosts, 'utf8')).toBe('10.0.0.1 db')
  })

  it('a file that cannot be written is found out before the analysis', async () => {
    mkdirSync(join(folder, 'dir.json'))
    for (const name of ['missing/r.json', 'dir.json']) {
      const { code, out, err, paths } = await rst(['a.pcap', '-o', join(folder, name)])
      expect({ code, out, paths }).toEqual({ code: 1, out: '', paths: undefined })
      expect(err).toMatch(/^rst-analyze: .* cannot be written: .*\n$/)
    }
  })

  it('an existing report is replaced, keeping its mode; a link stays a link', async () => {
    const real = join(folder, 'real.json')
    writeFileSync(real, 'old', { mode: 0o600 })
    symlinkSync(real, join(folder, 'link.json'))
    await rst(['a.pcap', '-o', join(folder, 'link.json')])
    expect(JSON.parse(readFileSync(real, 'utf8')).schema).toBe('rst-analyze/report/1')
    expect(statSync(real).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['link.json', 'real.json'])
  })

  it('a closed pipe ends quietly, the file is written all the same', async () => {
    const { code, err } = await rst(['--format', 'json', 'a.pcap', '-o', join(folder, 'r.json')], {
      closesAfter: 0,
    })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(readdirSync(folder)).toEqual(['r.json'])
  })

  it('a full disk under standard output is an error', async () => {
    const { code, err } = await rst('a.pcap', { broken: new Error('ENOSPC: no space left on device, write') })
    expect(code).toBe(1)
    expect(err).toMatch(/^rst-analyze: standard output: cannot be written: ENOSPC.*\n$/)
  })
})

describe('the terminal', () => {
  const escape = '\u001b['

  it('colours only on a terminal', async () => {
    expect((await rst('a.pcap', { tty: true })).out).toContain(escape)
    expect((await rst('a.pcap')).out).not.toContain(escape)
    expect((await rst('a.pcap --no-color', { tty: true })).out).not.toContain(escape)
    expect((await rst('a.pcap', { tty: true, env: { NO_COLOR: '1' } })).out).not.toContain(escape)
    expect((await rst('a.pcap', { tty: true, env: { NO_COLOR: '' } })).out).toContain(escape)
  })

  it('no bar for quick work, none with --no-progress', async () => {
    expect((await rst('a.pcap', { tty: true })).err).toBe('')
    expect((await rst('a.pcap --no-progress', { tty: true })).err).toBe('')
  })

  it('the width of the terminal, within reason', async () => {
    const widest = async (columns: number) => {
      const { out } = await rst('a.pcap', { columns })
      return Math.max(...out.split('\n').map(line => line.length))
    }
    expect(await widest(80)).toBeLessThanOrEqual(80)
    expect(await widest(120)).toBeGreaterThan(100)
    expect(await widest(1000)).toBeLessThanOrEqual(160)
  })
})
