/** A compressed capture that a thread unpacks gives what it gives without, sound or damaged. */
import { spawnSync } from 'node:child_process'
import { MessageChannel } from 'node:worker_threads'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openCaptures, type OpenOptions, type ThreadOptions } from '../../src/capture/index.ts'
import { serveUnpacking, type UnpackSetup, type Unpacker } from '../../src/capture/unpack.ts'
import { scanThreads } from '../../src/threads/index.ts'
import * as build from './build.ts'
import { readAll, type Seen, tempFile } from './helpers.ts'

const capture = build.pcap({
  records: Array.from({ length: 5000 }, (_, i) => ({
    sec: 1_700_000_000 + i,
    data: build.tcpFrame(i & 0xffff, i % 7 === 0 ? 0x14 : 0x10, 100 + ((i * 37) % 900)),
  })),
})
const gzip = (bytes: Uint8Array): Uint8Array => new Uint8Array(zlib.gzipSync(bytes, { level: 1 }))
const packed = gzip(capture)
const halves = [capture.subarray(0, 1_000_000), capture.subarray(1_000_000)]

/** In this thread, by the same messages. */
function unpackHere(setup: UnpackSetup): Unpacker {
  const { port1, port2 } = new MessageChannel()
  void serveUnpacking(port2, setup)
  return Object.assign(port1, { terminate: () => port1.close() })
}

const none = (): never => {
  throw new Error('nothing to look through')
}
const here: ThreadOptions = { count: 2, leastBytes: 0, start: none, startUnpacker: unpackHere }
const real: ThreadOptions = { ...scanThreads(2), leastBytes: 0 }

async function twice(file: string, options: OpenOptions): Promise<Seen> {
  const seen = await readAll([file], options)
  const set = await openCaptures([file], options)
  let frames = 0
  for (let pass = 0; pass < 2; pass++) await set.read(() => frames++)
  set.close()
  expect(frames).toBe(seen.rows.length * 2)
  return seen
}

const damaged = packed.slice()
damaged.fill(0x55, packed.length / 2, packed.length / 2 + 40)

describe('a thread', () => {
  for (const [name, bytes] of Object.entries({
    'one member': packed,
    'two members': build.concat(...halves.map(gzip)),
    'cut in its data': packed.subarray(0, packed.length - 5000),
    'cut in its trailer': packed.subarray(0, packed.length - 3),
    damaged,
    'followed by other bytes': build.concat(packed, build.text('not gzip at all')),
  }))
    it(`unpacks gzip: ${name}`, async () => {
      const file = tempFile(bytes)
      expect(await twice(file, { threads: here })).toEqual(await readAll([file]))
    })

  it.runIf(spawnSync('zstd', ['--version']).status === 0)('unpacks zstd, sound and cut', async () => {
    const { stdout } = spawnSync('zstd', ['-1', '-c'], { input: capture, maxBuffer: 1 << 28 })
    for (const bytes of [stdout, stdout.subarray(0, stdout.length - 777)]) {
      const file = tempFile(new Uint8Array(bytes))
      expect(await twice(file, { threads: here })).toEqual(await readAll([file]))
    }
  })

  it('of its own does the same', async () => {
    const file = tempFile(packed)
    expect(await twice(file, { threads: real })).toEqual(await readAll([file]))
  })

  it('that fails ends the analysis in one line that names the way out', async () => {
    const startUnpacker = (setup: UnpackSetup): Unpacker =>
      real.startUnpacker!({ ...setup, slots: undefined as unknown as SharedArrayBuffer[] })
    const set = await openCaptures([tempFile(packed)], { threads: { ...here, startUnpacker } })
    await expect(set.read(() => {})).rejects.toThrow(
      /^cannot read .*: the thread that unpacks it failed \(.*\); --jobs 1 does without$/,
    )
  })

  it('ends when the reading is aborted', async () => {
    const ended: Promise<void>[] = []
    const startUnpacker = (setup: UnpackSetup): Unpacker => {
      const thread = real.startUnpacker!(setup)
      ended.push(new Promise(resolve => thread.on('exit', resolve)))
      return thread
    }
    const set = await openCaptures([tempFile(packed)], { threads: { ...here, startUnpacker } })
    const abort = new AbortController()
    let frames = 0
    await set.read(
      () => {
        frames++
        abort.abort()
      },
      { signal: abort.signal },
    )
    await Promise.all(ended)
    expect(ended).toHaveLength(1)
    expect(frames).toBeLessThan(5000)
  })

  it('is not started where a capture is only looked into', async () => {
    const startUnpacker = (): never => {
      throw new Error('started')
    }
    const set = await openCaptures([tempFile(packed)], { threads: { ...here, startUnpacker } })
    expect(set.infos()[0].compression).toBe('gzip')
    set.close()
  })
})
