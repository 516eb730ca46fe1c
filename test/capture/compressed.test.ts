/** Compressed captures: recognised by their bytes, read to where they are sound. */
import { execFileSync, spawnSync } from 'node:child_process'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CaptureError, openCaptures } from '../../src/capture/index.ts'
import { describeWith } from '../oracle.ts'
import * as b from './build.ts'
import { noteNames, readAll, readBytes, type Seen, tempFile } from './helpers.ts'

const COUNT = 3000
/** Payloads of noise, so that no codec makes the file tiny. */
const noise = (id: number, length: number): Uint8Array => {
  let seed = id + 1
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed >>> 24
  })
}
const capture = b.pcap({
  records: Array.from({ length: COUNT }, (_, i) => ({
    sec: 1_700_000_000 + i,
    data: b.concat(b.tcpFrame(i), noise(i, 40)),
  })),
})
const plain = await readBytes(capture)

const gzip = (bytes: Uint8Array, options: zlib.ZlibOptions = {}): Uint8Array =>
  new Uint8Array(zlib.gzipSync(bytes, options))
const command = (name: string, args: string[], input: Uint8Array): Uint8Array =>
  new Uint8Array(execFileSync(name, args, { input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] }))

function expectSame(seen: Seen, compression: string): void {
  expect(seen.rows).toEqual(plain.rows)
  expect(seen.data).toEqual(plain.data)
  expect(seen.infos[0]).toMatchObject({ compression, complete: true, notes: [] })
}

function expectPart(seen: Seen, note: string, least: number): void {
  expect(seen.rows.length).toBeGreaterThanOrEqual(least)
  expect(seen.rows.length).toBeLessThan(COUNT)
  expect(seen.rows).toEqual(plain.rows.slice(0, seen.rows.length))
  expect(seen.infos[0].complete).toBe(false)
  expect(noteNames(seen)).toContain(note)
}

describe('gzip', () => {
  it('is unpacked, at every chunk size', async () => {
    const file = tempFile(gzip(capture), 'odd-name.txt')
    for (const chunkBytes of [999, 1 << 16, 4 << 20])
      expectSame(await readAll([file], { chunkBytes }), 'gzip')
  })

  it('members one after another are one file', async () => {
    const third = Math.floor(capture.length / 3)
    const parts = [
      capture.slice(0, third),
      capture.slice(third, third),
      capture.slice(third, 2 * third),
      capture.slice(2 * third),
    ]
    expectSame(await readBytes(b.concat(...parts.map(part => gzip(part)))), 'gzip')
    expectSame(await readBytes(b.concat(...parts.map(part => gzip(part, { level: 0 })))), 'gzip')
  })

  it('hundreds of small members, as bgzip writes them', async () => {
    const parts = Array.from({ length: Math.ceil(capture.length / 1000) }, (_, i) =>
      gzip(capture.slice(i * 1000, (i + 1) * 1000)),
    )
    expectSame(await readBytes(b.concat(...parts)), 'gzip')
  })

  it('a header with extra field, name, comment and checksum', async () => {
    const packed = gzip(capture)
    const header = b.concat(packed.slice(0, 3), Uint8Array.of(2 | 4 | 8 | 16), packed.slice(4, 10))
    const fields = b.concat(b.u16(5), b.text('extra'), b.text('name.pcap\0'), b.text('a comment\0'), b.u16(0))
    expectSame(await readBytes(b.concat(header, fields, packed.slice(10))), 'gzip')
  })

  it('zeros behind the end are padding, anything else is noted', async () => {
    expectSame(await readBytes(b.concat(gzip(capture), new Uint8Array(100_000))), 'gzip')
    for (const garbage of ['x', 'garbage that is longer than a header', '\x1f']) {
      const seen = await readBytes(b.concat(gzip(capture), b.text(garbage)))
      expect(seen.rows).toEqual(plain.rows)
      expect(noteNames(seen)).toEqual(['trailing-garbage'])
      expect(seen.infos[0].complete).toBe(true)
    }
  })

  it('cut: what was read counts', async () => {
    const packed = gzip(capture)
    for (const part of [0.3, 0.9])
      expectPart(
        await readBytes(packed.slice(0, packed.length * part)),
        'compression-cut',
        COUNT * (part - 0.1),
      )
    const seen = await readBytes(packed.slice(0, -4))
    expect(seen.rows).toEqual(plain.rows)
    expect(noteNames(seen)).toEqual(['compression-cut'])
  })

  it('damaged: what lies before the damage counts', async () => {
    const packed = gzip(capture)
    const half = packed.length >> 1
    expectPart(
      await readBytes(packed.slice().fill(0xff, half, half + 200)),
      'compression-damaged',
      COUNT * 0.4,
    )
  })

  it('wrong checksum: noted', async () => {
    const packed = gzip(capture)
    packed[packed.length - 8] ^= 1
    const seen = await readBytes(packed)
    expect(seen.rows).toEqual(plain.rows)
    expect(noteNames(seen)).toEqual(['compression-damaged'])
  })

  it('a bomb takes time, not memory', async () => {
    const bomb = b.concat(gzip(capture), ...Array.from({ length: 8 }, () => gzip(new Uint8Array(8 << 20))))
    expect(bomb.length).toBeLessThan(capture.length)
    const set = await openCaptures([tempFile(bomb)])
    const before = process.memoryUsage().rss
    await set.read(() => {})
    expect(set.infos()[0].frames).toBe(COUNT + (64 << 20) / 16)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20)
  })

  it('of something else, or compressed twice, is refused', async () => {
    await expect(readBytes(gzip(b.text('Dear all, hello')))).rejects.toThrow(
      /\(gzip unpacked\) is not a capture: it begins with "Dear all, hello"/,
    )
    await expect(readBytes(gzip(gzip(capture)))).rejects.toThrow(/compressed twice \(gzip inside gzip\)/)
    await expect(readBytes(gzip(new Uint8Array(0)))).rejects.toThrow(/is empty/)
    await expect(readBytes(gzip(capture).slice(0, 12))).rejects.toThrow(/the gzip data ends too early/)
  })
})

/** A zstd frame of stored blocks: it asks for a window of 128 MiB, whatever is in it. */
function stored(blocks: Uint8Array[]): Buffer {
  const head = [b.u32(0xfd2fb528), Uint8Array.of(0, 17 << 3)]
  const parts = blocks.map((bytes, i) =>
    b.concat(b.u32((bytes.length << 3) | (i === blocks.length - 1 ? 1 : 0)).slice(0, 3), bytes),
  )
  return Buffer.concat([...head, ...parts])
}

describe('zstd that asks for much', () => {
  const pieces = Array.from({ length: 40 }, (_, i) =>
    capture.slice((i * capture.length) / 40, ((i + 1) * capture.length) / 40),
  )
  const nothing = new Uint8Array(0)

  it('takes no more memory than it holds', async () => {
    const frames = Array.from({ length: 2000 }, () => stored([nothing]))
    const before = process.memoryUsage().arrayBuffers
    const packed = Buffer.concat([stored(pieces.slice(0, 9)), ...frames, stored(pieces.slice(9))])
    expectSame(await readBytes(new Uint8Array(packed)), 'zstd')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
  })

  it('empty blocks without end cost nothing', async () => {
    const many = Array.from({ length: 100_000 }, () => nothing)
    expectSame(await readBytes(new Uint8Array(stored([...pieces, ...many]))), 'zstd')
  })
})

describeWith(['zstd'], 'zstd', () => {
  const zstd = (bytes: Uint8Array, ...args: string[]): Uint8Array =>
    command('zstd', ['-q', '-c', ...args], bytes)

  it('is unpacked, at every level and chunk size', async () => {
    for (const args of [['-1'], ['-3', '--no-check'], ['-19'], ['--ultra', '-22'], ['--fast=5']])
      expectSame(await readBytes(zstd(capture, ...args)), 'zstd')
    const file = tempFile(zstd(capture))
    for (const chunkBytes of [999, 4 << 20]) expectSame(await readAll([file], { chunkBytes }), 'zstd')
  })

  it('frames one after another, with skippable ones before and between', async () => {
    const skippable = b.concat(b.u32(0x184d2a53), b.u32(5), b.text('hello'))
    const half = capture.length >> 1
    const parts = [
      skippable,
      zstd(capture.slice(0, half)),
      skippable,
      zstd(new Uint8Array(0)),
      zstd(capture.slice(half)),
      skippable,
    ]
    expectSame(await readBytes(b.concat(...parts)), 'zstd')
  })

  it('runs of one byte and stored blocks', async () => {
    const zeros = b.pcap({ records: [{ data: new Uint8Array(262_000) }, { data: noise(1, 200_000) }] })
    expect((await readBytes(zstd(zeros))).data).toEqual((await readBytes(zeros)).data)
  })

  it('cut: what was read counts', async () => {
    const packed = zstd(capture)
    expectPart(await readBytes(packed.slice(0, packed.length * 0.8)), 'compression-cut', COUNT * 0.3)
  })

  it('garbage behind the end is noted', async () => {
    for (const garbage of ['x', 'garbage']) {
      const seen = await readBytes(b.concat(zstd(capture), b.text(garbage)))
      expect(seen.rows).toEqual(plain.rows)
      expect(noteNames(seen)).toHaveLength(1)
    }
  })

  it('a window above 128 MiB is refused before anything is allocated', async () => {
    const header = (descriptor: number, ...more: number[]): Uint8Array =>
      b.concat(b.u32(0xfd2fb528), Uint8Array.of(descriptor, ...more), new Uint8Array(20))
    for (const bytes of [
      header(0, 0xff),
      header(0xe0, 0, 0, 0, 0, 1, 0, 0, 0),
      header(0xa0, 1, 0, 0, 0x10),
    ]) {
      await expect(readBytes(bytes)).rejects.toThrow(
        /needs a zstd window of \d+ MiB, more than 128 MiB: unpack it first/,
      )
    }
  })
})

describeWith(['xz', 'lz4'], 'xz and lz4', () => {
  it('are unpacked by their commands', async () => {
    expectSame(await readBytes(command('xz', ['-c', '-1'], capture)), 'xz')
    expectSame(await readBytes(command('lz4', ['-c', '-q'], capture)), 'lz4')
    expectSame(await readBytes(command('lz4', ['-c', '-q', '-l'], capture)), 'lz4')
  })

  it('cut: what was read counts', async () => {
    const packed = command('xz', ['-c', '-1', '--block-size=65536'], capture)
    expectPart(await readBytes(packed.slice(0, packed.length * 0.8)), 'compression-damaged', COUNT * 0.3)
  })

  it('can be read twice, and merged', async () => {
    const packed = tempFile(command('xz', ['-c'], capture))
    const seen = await readAll([packed, tempFile(gzip(capture))])
    expect(seen.rows).toHaveLength(2 * COUNT)
  })

  it('without the command: says what to install', async () => {
    const file = tempFile(command('xz', ['-c'], capture), 'needs-xz')
    const path = process.env['PATH']
    process.env['PATH'] = '/nowhere'
    try {
      const reading = readAll([file])
      await expect(reading).rejects.toThrow(CaptureError)
      await expect(reading).rejects.toThrow(/needs-xz is xz-compressed and the xz command is not installed/)
    } finally {
      process.env['PATH'] = path
    }
  })

  it('leaves no process behind when the reading stops early', async () => {
    const file = tempFile(
      command('xz', ['-c'], b.concat(capture, capture.slice(24), b.pcap({ records: [] }))),
      'early',
    )
    await readAll([file])
    const children = spawnSync('ps', ['--ppid', String(process.pid), '-o', 'comm='], {
      encoding: 'utf8',
    }).stdout
    expect(children).not.toMatch(/^xz/m)
  })
})
