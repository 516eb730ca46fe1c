/** What is no capture is refused in one line that names it; what the user hands in several ways reads the same. */
import { spawn, spawnSync } from 'node:child_process'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CaptureError, openCaptures, openStream } from '../../src/capture/index.ts'
import { systemError } from '../../src/capture/error.ts'
import * as b from './build.ts'
import { readAll, tempFile, tempFolder } from './helpers.ts'

const record = (id: number) => ({ sec: 1_700_000_000 + id, data: b.tcpFrame(id) })
const capture = b.pcap({ records: [1, 2, 3].map(record) })

async function refusal(file: string): Promise<string> {
  const error: unknown = await readAll([file]).then(
    () => undefined,
    e => e,
  )
  expect(error).toBeInstanceOf(CaptureError)
  const { message } = error as Error
  expect(message).not.toContain('\n')
  return message.replaceAll(tempFolder(), 'DIR')
}

describe('refused', () => {
  it.each([
    [
      'text',
      'notes.txt',
      b.text('Dear all,\nwe have resets'),
      'DIR/notes.txt is not a capture: it begins with "Dear all,", not with a pcap or pcapng header',
    ],
    [
      'binary',
      'x.bin',
      Uint8Array.of(1, 2, 3, 0xff),
      'DIR/x.bin is not a capture: it begins with the bytes 01 02 03 ff, not with a pcap or pcapng header',
    ],
    [
      'terminal escapes',
      'esc',
      b.text('\x1b[31mred\x1b[0m'),
      'DIR/esc is not a capture: it begins with the bytes 1b 5b 33 31 6d 72 65 64, not with a pcap or pcapng header',
    ],
    [
      'text with a short first line',
      'a.diag',
      b.text('16(\n  [\n    "x"'),
      'DIR/a.diag is not a capture: it begins with "16(", not with a pcap or pcapng header',
    ],
    [
      'ERF',
      'a.erf',
      b.concat(new Uint8Array(8), Uint8Array.of(2, 4, 0, 0x54, 0, 0, 0, 0x40, 0, 0)),
      'DIR/a.erf is not a capture: it begins with the bytes 00 00 00 00 00 00 00 00, not with a pcap or pcapng header (perhaps Endace ERF: convert it with editcap -F pcapng IN OUT)',
    ],
    [
      'three bytes',
      'tiny',
      Uint8Array.of(0xd4, 0xc3, 0xb2),
      'DIR/tiny is not a capture: it begins with the bytes d4 c3 b2, not with a pcap or pcapng header',
    ],
    [
      'empty',
      'empty.pcap',
      new Uint8Array(0),
      'DIR/empty.pcap is empty (0 bytes): nothing was captured into it',
    ],
    [
      'ZIP',
      'a.zip',
      b.text('PK\x03\x04....'),
      'DIR/a.zip is not a capture: it is a ZIP archive: unpack it first',
    ],
    [
      'snoop',
      'a.snoop',
      b.text('snoop\0\0\0'),
      'DIR/a.snoop is a snoop capture (Solaris), which is not read: convert it with editcap -F pcapng IN OUT',
    ],
  ])('%s', async (_, name, bytes, message) => {
    expect(await refusal(tempFile(bytes, name))).toBe(message)
  })

  it('a missing file', async () => {
    expect(await refusal(path.join(tempFolder(), 'gone.pcap'))).toBe('no such file: DIR/gone.pcap')
  })

  it('a directory', async () => {
    expect(await refusal(tempFolder())).toBe('DIR is a directory: name the capture files in it')
  })

  it('a name that would write to the terminal is shown escaped', async () => {
    expect(await refusal('/no/such\u001b[2J\nfile')).toBe('no such file: /no/such\\u001b[2J\\u000afile')
  })

  it.each([
    ['EACCES', /^cannot read a\.pcap: permission denied \(try sudo/],
    ['EMFILE', /^cannot open a\.pcap: too many open files/],
    ['EXYZ', /^cannot read a\.pcap: EXYZ$/],
  ])('what the system refuses with %s', (code, message) => {
    expect(systemError('a.pcap', { code }).message).toMatch(message)
  })

  it('no file at all', async () => {
    await expect(openCaptures([])).rejects.toThrow(CaptureError)
  })
})

describe('several files, one bad', () => {
  it('are not analysed without it', async () => {
    await expect(
      openCaptures([tempFile(capture), tempFile(b.text('hello there'), 'bad.txt')]),
    ).rejects.toThrow(/bad\.txt is not a capture/)
  })

  it('unless asked to keep going', async () => {
    const warnings: string[] = []
    const seen = await readAll([tempFile(b.text('hello there'), 'bad.txt'), tempFile(capture)], {
      keepGoing: true,
      onWarning: w => warnings.push(w),
    })
    expect(seen.rows).toHaveLength(3)
    expect(seen.infos).toHaveLength(1)
    expect(warnings).toEqual([expect.stringMatching(/bad\.txt is not a capture.*\(left out\)$/)])
  })

  it('and keeping going with nothing left is an error', async () => {
    await expect(openCaptures([tempFile(b.text('hello there'))], { keepGoing: true })).rejects.toThrow(
      CaptureError,
    )
  })
})

describe('reading again', () => {
  it('gives exactly the same, counts included', async () => {
    const set = await openCaptures([tempFile(b.concat(capture, new Uint8Array(5)))])
    expect(set.rereadable).toBe(true)
    const passes: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const frames: number[] = []
      await set.read(frame => frames.push(frame.number, frame.timeNs))
      passes.push([frames, set.infos()])
    }
    expect(passes[1]).toEqual(passes[0])
    expect(passes[2]).toEqual(passes[0])
    expect(set.infos()[0].notes).toMatchObject([{ name: 'record-cut', count: 1 }])
  })

  it('is refused for a stream', async () => {
    const set = await openStream(Readable.from([capture]), 'pipe')
    expect(set.rereadable).toBe(false)
    await set.read(() => {})
    await expect(set.read(() => {})).rejects.toThrow(/only once/)
  })
})

describe('a stream', () => {
  it('reads as the file does, however its bytes come', async () => {
    for (const size of [1, 3, 17, 1000]) {
      const parts = Array.from({ length: Math.ceil(capture.length / size) }, (_, i) =>
        capture.slice(i * size, (i + 1) * size),
      )
      const set = await openStream(Readable.from(parts), 'pipe')
      const numbers: number[] = []
      await set.read(frame => numbers.push(frame.number))
      expect(numbers).toEqual([1, 2, 3])
      expect(set.infos()[0]).toMatchObject({ path: 'pipe', frames: 3, complete: true })
    }
  })

  it('hands over a record as soon as its last byte has come', async () => {
    const stream = new PassThrough()
    stream.write(capture.slice(0, 24 + 70))
    const set = await openStream(stream, 'live')
    let seen = 0
    const reading = set.read(() => seen++)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(seen).toBe(1)
    stream.write(capture.slice(24 + 70, 24 + 139))
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(seen).toBe(1)
    stream.end(capture.slice(24 + 139))
    await reading
    expect(seen).toBe(3)
  })

  it('can be stopped while it waits', async () => {
    const stream = new PassThrough()
    stream.write(capture.slice(0, 100))
    const set = await openStream(stream, 'live')
    const stop = new AbortController()
    let seen = 0
    const reading = set.read(() => seen++, { signal: stop.signal })
    setTimeout(() => stop.abort(), 30)
    await reading
    expect(seen).toBe(1)
    expect(set.infos()[0].notes).toEqual([])
    expect(stream.destroyed).toBe(true)
  })

  it('that breaks off with an error is a capture error', async () => {
    const stream = new PassThrough()
    stream.write(capture)
    const set = await openStream(stream, 'eth0')
    setTimeout(() => stream.destroy(new Error('device went down')), 20)
    await expect(set.read(() => {})).rejects.toThrow(/cannot read eth0: device went down/)
  })

  it('that ends at once is refused', async () => {
    await expect(openStream(Readable.from([]), 'standard input')).rejects.toThrow(
      'standard input is empty: no capture came through',
    )
  })
})

describe('a named pipe', () => {
  it('is read once, like a stream', async () => {
    const fifo = path.join(tempFolder(), 'fifo')
    spawnSync('mkfifo', [fifo])
    const file = tempFile(capture)
    const writer = spawn('sh', ['-c', `cat '${file}' > '${fifo}'`])
    const set = await openCaptures([fifo])
    expect(set.rereadable).toBe(false)
    let seen = 0
    await set.read(() => seen++)
    expect(seen).toBe(3)
    writer.kill()
  })
})

describe('stopping and progress', () => {
  it('stops after the chunk in which it was asked to', async () => {
    const many = b.pcap({ records: Array.from({ length: 20 }, (_, i) => record(i)) })
    const set = await openCaptures([tempFile(many)], { chunkBytes: 10 })
    const stop = new AbortController()
    let seen = 0
    await set.read(
      () => {
        seen++
        stop.abort()
      },
      { signal: stop.signal },
    )
    // The first three come together: the layout of record headers is told by them.
    expect(seen).toBe(3)
    expect(set.infos()[0]).toMatchObject({ notes: [], frames: 3 })
    await set.read(() => seen++)
    expect(seen).toBe(23)
  })

  it('tells how far it is', async () => {
    const file = tempFile(capture)
    const set = await openCaptures([file, file], { chunkBytes: 10 })
    const steps: number[] = []
    await set.read(() => {}, {
      onProgress: (bytes, total) => {
        steps.push(bytes)
        expect(total).toBe(2 * capture.length)
      },
    })
    expect(steps).toEqual(steps.toSorted((x, y) => x - y))
    expect(steps.at(-1)).toBe(2 * capture.length)
  })
})
