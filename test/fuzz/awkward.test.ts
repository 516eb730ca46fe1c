/** Captures cut at every length, empty sections, files that are none: an answer or one clear line, never a stack trace. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.js'
import { CaptureError } from '../../src/capture/index.js'
import { epb, idb, pcap, shb, tcpFrame } from '../capture/build.js'
import { rst } from '../cli/fake.js'
import { fixtureFile } from './corpus.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-awkward-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const BIN = path.resolve(import.meta.dirname, '../../bin/rst-analyze.js')
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

const small: [string, Uint8Array][] = [
  ['single-rst.pcap', new Uint8Array(fs.readFileSync(fixtureFile('public/single-rst.pcap')))],
  [
    'two sections.pcapng',
    new Uint8Array(
      Buffer.concat([
        shb(),
        idb(),
        epb({ data: tcpFrame(1, 0x14) }),
        shb({ big: true }),
        idb({ big: true }),
        epb({ big: true, data: tcpFrame(2, 0x04) }),
      ]),
    ),
  ],
]

const odd: Record<string, Uint8Array | string> = {
  'empty.pcap': '',
  'one byte.pcap': '\u00d4',
  'text.pcap': 'frame 1: 60 bytes on wire\n',
  'header only.pcap': pcap({ records: [] }),
  'section only.pcapng': shb(),
  'three empty sections.pcapng': new Uint8Array(Buffer.concat([shb(), shb({ big: true }), shb()])),
  'interface only.pcapng': new Uint8Array(Buffer.concat([shb(), idb()])),
  'zeros.pcap': new Uint8Array(4096),
  'empty records.pcap': pcap({ records: [{ data: new Uint8Array(0) }, { data: new Uint8Array(0) }] }),
}

function write(name: string, content: Uint8Array | string): string {
  const file = path.join(folder, name)
  fs.writeFileSync(file, content)
  return file
}

async function outcome(file: string): Promise<string> {
  try {
    return `${(await analyzeCaptures([file])).report.totals.rstFrames} RST frames`
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    expect(error.message).not.toContain('\n')
    expect(error.message).toContain(path.basename(file))
    return error.message
  }
}

describe.each(small)('%s', (name, bytes) => {
  it('cut at every length is analysed as far as it goes', async () => {
    const whole = await outcome(write(name, bytes))
    expect(whole).toMatch(/^[1-9]\d* RST/)
    for (let length = 0; length < bytes.length; length++) {
      const cut = await outcome(write(`cut ${name}`, bytes.subarray(0, length)))
      if (cut.endsWith('RST frames'))
        expect(Number.parseInt(cut, 10)).toBeLessThanOrEqual(Number.parseInt(whole, 10))
    }
  })
})

describe('odd files', () => {
  it.each(Object.entries(odd))('%s: an answer, or one line and exit 1', async (name, content) => {
    const file = write(name, content)
    const { code, out, err } = await rst([file], { analyze: analyzeCaptures })
    expectPlain({ code, out, err }, name)
  })

  it.each(['empty.pcap', 'text.pcap', 'three empty sections.pcapng', 'no such file'])(
    '%s, by the built command',
    name => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, path.join(folder, name)], {
        encoding: 'utf8',
      })
      expectPlain({ code: status ?? -1, out: stdout, err: stderr }, name)
    },
  )

  it('a file name that terminals would obey', () => {
    const file = write('\u001b[31mred\u202e\n.pcap', pcap({ records: [{ data: tcpFrame(1, 0x14) }] }))
    for (const format of ['text', 'json', 'ndjson', 'markdown', 'html']) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, '--format', format, file], {
        encoding: 'utf8',
      })
      expect(stderr + stdout, format).not.toMatch(OBEYED)
      expect(status, format).toBe(0)
      expect(stdout, format).toContain('red')
    }
    const missing = spawnSync(process.execPath, [BIN, `${file}x`], { encoding: 'utf8' })
    expect(missing.stderr).not.toMatch(OBEYED)
    expectPlain({ code: missing.status ?? -1, out: missing.stdout, err: missing.stderr }, 'red')
  })
})

/** An answer, or one line that names the file. */
function expectPlain({ code, out, err }: { code: number; out: string; err: string }, name: string): void {
  expect(err + out).not.toMatch(/\n\s+at /)
  if (code === 0) expect(out).not.toBe('')
  else {
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).toContain(name)
  }
}
