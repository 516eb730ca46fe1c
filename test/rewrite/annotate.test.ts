/** `--annotate`: the same frames, the same blocks, and comments. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.ts'
import { aliasesFor } from '../../src/redact/index.ts'
import { annotateCapture } from '../../src/rewrite/index.ts'
import * as build from '../capture/build.ts'
import { readAll, tempFile } from '../capture/helpers.ts'
import { describeWith, tsharkFields, tsharkFrames } from '../oracle.ts'
import { analysisOf, blocksOf, namedFrames, newFolder } from './helpers.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures')
const PUBLIC = fs
  .readdirSync(path.join(FIXTURES, 'public'))
  .filter(name => /\.pcap(ng)?$/.test(name) && !/invalid/.test(name))
  .map(name => path.join(FIXTURES, 'public', name))
const FILES = [...PUBLIC, path.join(FIXTURES, 'start/incident.pcap')]

const output = (): string => path.join(newFolder(), 'out.pcapng')

async function annotated(file: string, chunkBytes?: number): Promise<string> {
  const analysis = await analyzeCaptures([file])
  const out = output()
  await annotateCapture(analysis, out, chunkBytes === undefined ? {} : { chunkBytes })
  return out
}

/** Everything but what a container says of itself. */
async function frames(file: string): Promise<unknown> {
  const { rows, data, names, infos } = await readAll([file])
  return { rows, data, names, linkTypes: infos[0].linkTypes }
}

describe('an annotated capture', () => {
  it.each(FILES)('%s: the same frames', async file => {
    expect(await frames(await annotated(file))).toEqual(await frames(file))
  })

  it('comes out the same whatever the chunk size', async () => {
    const file = path.join(FIXTURES, 'start/incident.pcap')
    const whole = fs.readFileSync(await annotated(file))
    for (const chunk of [1000, 4096])
      expect(fs.readFileSync(await annotated(file, chunk)).equals(whole)).toBe(true)
  })

  it('of a compressed capture is the same as of the plain one', async () => {
    const plain = path.join(FIXTURES, 'start/incident.pcap')
    const packed = tempFile(zlib.gzipSync(fs.readFileSync(plain)))
    expect(fs.readFileSync(await annotated(packed)).equals(fs.readFileSync(await annotated(plain)))).toBe(
      true,
    )
  })

  it.each([
    [
      'nanoseconds',
      build.pcap({
        magic: build.MAGIC_NANO,
        records: [{ sec: 4_294_967_295, frac: 999_999_999, data: build.tcpFrame(1, 4) }],
      }),
    ],
    [
      'big-endian',
      build.pcap({
        big: true,
        records: [{ sec: 3, frac: 999_999, data: build.tcpFrame(1, 4), origlen: 1500 }],
      }),
    ],
    [
      'modified',
      build.pcap({
        magic: build.MAGIC_MODIFIED,
        extraRecordHeader: new Uint8Array(8),
        records: [1, 2, 3].map(id => ({ data: build.tcpFrame(id, 4) })),
      }),
    ],
    [
      'frame check sequences',
      build.pcap({
        network: 0x24000001,
        records: [{ data: build.concat(build.tcpFrame(1, 4), build.u32(7)) }],
      }),
    ],
  ])('%s', async (_name, bytes) => {
    const file = tempFile(bytes)
    expect(await frames(await annotated(file))).toEqual(await frames(file))
  })

  it('tells the length of frame check sequences', async () => {
    const file = tempFile(
      build.pcap({
        network: 0x24000001,
        records: [{ data: build.concat(build.tcpFrame(1, 0x10), build.u32(7)) }],
      }),
    )
    const packet = blocksOf(await annotated(file)).find(block => block.type === 6)
    expect(packet?.body.subarray(-12).toString('hex')).toBe('020004008000000000000000')
  })

  it('of a cut capture ends where the reading ended', async () => {
    const bytes = build.pcap({ records: [1, 2, 3].map(id => ({ data: build.tcpFrame(id, 4) })) })
    const analysis = await analysisOf(bytes.subarray(0, bytes.length - 5))
    const out = output()
    expect(await annotateCapture(analysis, out)).toMatchObject({ complete: false })
    expect((await readAll([out])).rows).toHaveLength(2)
  })
})

const comment = build.concat(build.option(1, build.text('theirs')), build.endOfOptions)

function sections(big: boolean): Uint8Array {
  const rst = build.tcpFrame(2, 4, 3)
  return build.concat(
    build.shb({ big, sectionLength: 4096n }),
    build.idb({ big, tsresol: 9, options: build.option(2, build.text('eth0'), big) }),
    build.nrb([[Uint8Array.of(10, 0, 0, 1), 'one.example']], { big }),
    build.epb({ big, data: build.tcpFrame(1, 2) }),
    build.epb({ big, data: rst, ...(big ? {} : { options: comment }) }),
    build.block(0xbad, build.concat(build.u32(32473, big), build.text('custom')), { big }),
    build.block(0x7777, build.text('secretive'), { big }),
    build.pb({ big, data: build.tcpFrame(3, 4), drops: 5 }),
    build.spb({ big, data: build.tcpFrame(4, 4) }),
    build.isb({ big, drops: 3n }),
  )
}

describe('pcapng in, pcapng out', () => {
  it.each([false, true])(
    'every block but the commented ones stays byte for byte (big-endian: %s)',
    async big => {
      const bytes = build.concat(sections(big), sections(!big))
      const analysis = await analysisOf(bytes)
      const out = output()
      await annotateCapture(analysis, out)
      const before = blocksOf(tempFile(bytes))
      const after = blocksOf(out)
      expect(after).toHaveLength(before.length)
      const named = new Set(namedFrames(analysis.report.resets))
      let frame = 0
      for (const [i, block] of before.entries()) {
        if ([2, 3, 6, 0xbad].includes(block.type)) frame++
        if (block.type === 0x0a0d0d0a)
          expect(after[i].body.subarray(8, 16).every(byte => byte === 255)).toBe(true)
        else if (named.has(frame) && [2, 3, 6].includes(block.type)) expect(after[i].type).toBe(6)
        else expect(after[i].bytes.equals(block.bytes), `block ${i}`).toBe(true)
      }
      expect(await frames(out)).toEqual(await frames(tempFile(bytes)))
    },
  )

  it('keeps the comments that were there', async () => {
    const out = output()
    await annotateCapture(await analysisOf(sections(false)), out)
    const packet = blocksOf(out).filter(block => block.type === 6)[1]
    expect(packet.bytes.includes('theirs')).toBe(true)
    expect(packet.bytes.includes('rst-analyze r1: ')).toBe(true)
  })

  it('keeps the drop count of obsolete packet blocks', async () => {
    const out = output()
    await annotateCapture(await analysisOf(sections(false)), out)
    const packet = blocksOf(out).filter(block => block.type === 6)[2]
    expect(packet.bytes.toString('hex')).toContain('040008000500000000000000')
  })

  it.each([false, true])('redacted, holds no word of any block (big-endian: %s)', async big => {
    const bytes = sections(big)
    const analysis = await analysisOf(bytes)
    const out = output()
    await annotateCapture(analysis, out, { aliases: aliasesFor(analysis) })
    const text = fs.readFileSync(out, 'latin1')
    for (const word of ['one.example', 'eth0', 'custom', 'secretive', 'theirs', '10.0.0.1'])
      expect(text).not.toContain(word)
    expect(text).toContain('rst-analyze r1: ')
    const sizes = async (file: string) => (await readAll([file])).rows
    expect(await sizes(out)).toEqual(await sizes(tempFile(bytes)))
  })

  it('leaves out what is damaged, so that others can read on', async () => {
    const damaged = build.epb({ data: build.tcpFrame(9), caplen: 9999 })
    const bytes = build.concat(build.shb(), build.idb(), damaged, build.epb({ data: build.tcpFrame(1, 4) }))
    const out = output()
    await annotateCapture(await analysisOf(bytes), out)
    expect(blocksOf(out).map(block => block.type)).toEqual([0x0a0d0d0a, 1, 6])
  })

  it('passes on blocks too long to be held', async () => {
    const bytes = build.concat(
      build.shb(),
      build.idb(),
      build.block(10, new Uint8Array(3 << 20).fill(7)),
      build.epb({ data: build.tcpFrame(1, 0x10) }),
    )
    const out = output()
    await annotateCapture(await analysisOf(bytes), out)
    expect(
      blocksOf(out)
        .slice(1)
        .map(block => block.bytes.length),
    ).toEqual(
      blocksOf(tempFile(bytes))
        .slice(1)
        .map(block => block.bytes.length),
    )
    expect(
      fs
        .readFileSync(out)
        .subarray(28)
        .equals(Buffer.from(bytes.subarray(28))),
    ).toBe(true)
  })

  it('makes hostile words harmless', async () => {
    const bytes = build.pcap({ records: [{ data: build.tcpFrame(1, 4) }] })
    const analysis = await analysisOf(bytes, report => {
      report.resets[0].summary = `\x1b[31m\u202eevil\0\n\ud800 ${'x'.repeat(70_000)}`
    })
    const out = output()
    await annotateCapture(analysis, out)
    const packet = blocksOf(out).find(block => block.type === 6)!
    const text = new TextDecoder('utf8', { fatal: true }).decode(
      packet.body.subarray(20 + 56 + 4, 20 + 56 + 300),
    )
    expect(text).toContain('\\x1b[31m\\u202eevil\\x00\\n\\ud800')
    expect(packet.body.length).toBeLessThan(10_000)
  })
})

describe('the output file', () => {
  const capture = build.pcap({ records: [{ data: build.tcpFrame(1, 4) }] })

  it('is never an input, nor a link to it', async () => {
    const analysis = await analysisOf(capture)
    const input = analysis.report.captures[0].path
    const link = path.join(newFolder(), 'link')
    fs.symlinkSync(input, link)
    await expect(annotateCapture(analysis, input)).rejects.toThrow(/is an input/)
    await expect(annotateCapture(analysis, link)).rejects.toThrow(/is an input/)
    expect(fs.readFileSync(input).equals(Buffer.from(capture))).toBe(true)
  })

  it('appears whole or not at all', async () => {
    const analysis = await analysisOf(capture)
    const out = output()
    fs.writeFileSync(out, 'old')
    await expect(annotateCapture(analysis, out, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
    expect(fs.readFileSync(out, 'utf8')).toBe('old')
    expect(fs.readdirSync(path.dirname(out))).toEqual(['out.pcapng'])
  })

  it('cannot be in a folder that is not there', async () => {
    await expect(annotateCapture(await analysisOf(capture), '/nowhere/out.pcapng')).rejects.toThrow(
      /no such folder/,
    )
  })
})

const FIELDS = ['frame.number', 'frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.comment']

describeWith(['tshark', 'capinfos'], 'Wireshark and annotated captures', () => {
  it.each(FILES)('%s: numbers, times and comments', async file => {
    const analysis = await analyzeCaptures([file])
    const out = output()
    await annotateCapture(analysis, out)
    const { resets } = analysis.report
    const before = tsharkFields(file, FIELDS)
    const after = tsharkFields(out, FIELDS)
    expect(after.map(row => row.slice(0, 4))).toEqual(before.map(row => row.slice(0, 4)))
    const theirs = before.flatMap((row, i) => (row[4].length > 0 ? [i + 1] : []))
    const commented = after.flatMap((row, i) => (row[4].length > 0 ? [i + 1] : []))
    expect(commented).toEqual([...new Set([...namedFrames(resets), ...theirs])].sort((a, b) => a - b))
    const judged = after.flatMap((row, i) =>
      /rst-analyze r\d+: [a-z-]+ \d+ %/.test(row[4].join()) ? [i + 1] : [],
    )
    expect(judged).toEqual([...new Set(resets.flatMap(reset => reset.frames))].sort((a, b) => a - b))
    const info = spawnSync('capinfos', ['-c', '-M', out], { encoding: 'utf8' })
    expect(info.status).toBe(0)
    expect(info.stdout).toMatch(new RegExp(`Number of packets: +${analysis.report.captures[0].frames}$`, 'm'))
  })

  it('several comments on one frame, each of them found', async () => {
    const file = path.join(FIXTURES, 'start/incident.pcap')
    const out = await annotated(file)
    const rows = tsharkFields(out, ['frame.comment'], 'frame.number == 29')
    expect(rows[0][0].join()).toMatch(/rst-analyze r1: keep-alive-race .*rst-analyze r1: evidence/)
    expect(tsharkFrames(out, 'frame.comment contains "r1: keep-alive-race"')).toEqual([29])
  })
})
