/** A capture read with threads gives the records that one reader gives, whatever is in it and however it is cut into stretches. */
import fs from 'node:fs'
import path from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { openCaptures, type ThreadOptions } from '../../src/capture/index.ts'
import { serveScans } from '../../src/capture/scan/serve.ts'
import type { Scanned, ScanSetup } from '../../src/capture/scan/stretch.ts'
import type { Scanner } from '../../src/capture/scan/threads.ts'
import type { CaptureInfo, Picker } from '../../src/model.ts'
import { scanThreads } from '../../src/threads/index.ts'
import { flagPicker, pickerOf, tuplePicker } from '../../src/wire/picker.ts'
import { TupleBits } from '../../src/wire/skim.ts'
import * as build from './build.ts'
import { tempFile } from './helpers.ts'

/** In this thread: the same messages, no start of a thread for each of hundreds of captures. */
function startHere(seen: Scanned[]): (setup: ScanSetup) => Scanner {
  return setup => {
    const { port1, port2 } = new MessageChannel()
    serveScans(port2, setup, pickerOf)
    port1.on('message', (scanned: Scanned) => seen.push(scanned))
    return Object.assign(port1, { terminate: () => port1.close() })
  }
}

interface Handed {
  rows: string[]
  records: number
  span: [number, number]
  infos: CaptureInfo[]
}

async function handedOver(file: string, picker: Picker, threads?: ThreadOptions): Promise<Handed[]> {
  const onWarning = (line: string): void => expect.fail(line)
  const set = await openCaptures([file], threads ? { threads, onWarning } : {})
  const passes: Handed[] = []
  try {
    for (let pass = 0; pass < 2; pass++) {
      const handed: Handed = { rows: [], records: 0, span: [Infinity, -Infinity], infos: [] }
      await set.readPicked(picker, ({ batch, rows, picked, records, earliestNs, latestNs }) => {
        handed.records += records
        handed.span = [Math.min(handed.span[0], earliestNs), Math.max(handed.span[1], latestNs)]
        for (const row of rows.subarray(0, picked)) {
          const bytes = Buffer.from(batch.data.subarray(batch.start[row], batch.end[row])).toString('hex')
          const { number, timeNs, originalLength, linkType } = batch
          handed.rows.push(`${number[row]} ${timeNs[row]} ${originalLength[row]} ${linkType[row]} ${bytes}`)
        }
      })
      handed.infos = set.infos()
      passes.push(handed)
    }
  } finally {
    set.close()
  }
  return passes
}

/** Every third record, and whatever is odd. */
const RSTS = flagPicker(0x04)

function tuples(): Picker {
  const bits = TupleBits.for(4)
  bits.add(0x0a000001, 0x0a000002, 40_000, 80)
  return tuplePicker(bits)
}

async function compare(bytes: Uint8Array, stretches: number[]): Promise<Scanned[]> {
  const file = tempFile(bytes)
  const seen: Scanned[] = []
  for (const picker of [RSTS, tuples()]) {
    const alone = await handedOver(file, picker)
    for (const stretchBytes of stretches) {
      const threads = { count: 2, leastBytes: 0, stretchBytes, start: startHere(seen) }
      expect(await handedOver(file, picker, threads), `stretches of ${stretchBytes} bytes`).toEqual(alone)
    }
  }
  fs.rmSync(file)
  return seen
}

/** A generator that gives the same numbers everywhere. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function records(count: number, seed = 1, more: Partial<build.RecordSpec> = {}): build.RecordSpec[] {
  const roll = dice(seed)
  return Array.from({ length: count }, (_, i) => ({
    sec: 1_700_000_000 + Math.floor(i / 100),
    frac: (i % 100) * 1000,
    data: build.tcpFrame(i & 0xffff, i % 3 === 0 ? 0x14 : 0x10, roll(4) === 0 ? roll(1400) : roll(60)),
    ...more,
  }))
}

const time = (i: number): bigint => 1_700_000_000_000_000n + BigInt(i) * 700n

function packets(count: number, more: (i: number) => Partial<build.PacketSpec> = () => ({})): Uint8Array[] {
  return records(count).map(({ data }, i) => build.epb({ data, time: time(i), ...more(i) }))
}

const STRETCHES = [700, 4096, 30_000]
const usable = (seen: Scanned[]): number => seen.filter(({ found }) => found !== undefined).length

describe('a pcap', () => {
  it('is looked through by threads from the second stretch on', async () => {
    const seen = await compare(build.pcap({ records: records(3000) }), [4096, 30_000])
    expect(usable(seen)).toBeGreaterThan(seen.length * 0.9)
  })

  for (const [name, spec] of Object.entries({
    'big-endian': { big: true },
    'of nanoseconds': { magic: build.MAGIC_NANO },
    'of the patched libpcaps': {
      magic: build.MAGIC_MODIFIED,
      extraRecordHeader: Uint8Array.of(0, 0, 0, 0, 8, 0, 0, 0),
    },
    'of version 2.2, lengths the other way round': { minor: 2 },
  }))
    it(name, () => compare(build.pcap({ ...spec, records: records(1200) }), STRETCHES))

  it('whose clock steps back, within stretches and between them', async () => {
    const all = records(2000)
    for (const i of [40, 333, 334, 900, 1500, 1501]) all[i].sec! -= 60 + (i % 7)
    await compare(build.pcap({ records: all }), [700, 1500, 4096])
  })

  it('of captures: what looks like records in payloads misleads, and is found out', async () => {
    const inner = build.pcap({ records: records(12, 5) }).subarray(24)
    const all = records(900).map((record, i) => {
      if (i % 4 !== 0) return record
      const data = build.concat(build.tcpFrame(i), inner)
      return { ...record, data, caplen: data.length, origlen: data.length }
    })
    const seen = await compare(build.pcap({ records: all }), [1000, 5000])
    expect(usable(seen)).toBeGreaterThan(0)
  })

  it('with a record too long to be held, over several stretches', async () => {
    const all = records(600)
    all[300] = { ...all[300], data: new Uint8Array((1 << 20) + 500).fill(0x61) }
    await compare(build.pcap({ records: all }), [4096, 100_000])
  })

  it('with a damaged record, and cut in the middle of one', async () => {
    const all = records(900)
    const sound = build.pcap({ records: all })
    all[500] = { ...all[500], caplen: 0x7fffffff }
    await compare(build.pcap({ records: all }), STRETCHES)
    for (const less of [1, 10, 60, 75]) await compare(sound.subarray(0, sound.length - less), [700, 4096])
  })

  it('of records so small that not all fit into a slot', async () => {
    const tiny = Array.from({ length: 9500 }, (_, i) => ({ frac: i, data: new Uint8Array(6) }))
    const seen = await compare(
      build.concat(build.pcap({ records: tiny }), build.pcap({ records: tiny }).subarray(24)),
      [200_000],
    )
    expect(seen.some(({ found }) => found && found.records === 8192)).toBe(true)
  })

  it('put together of any of these', async () => {
    const roll = dice(99)
    for (let i = 0; i < 25; i++) {
      const all = records(200 + roll(400), i)
      for (let change = roll(4); change > 0; change--) {
        const at = roll(all.length)
        if (roll(3) === 0) all[at].sec! -= 100
        else if (roll(2) === 0) all[at] = { ...all[at], data: new Uint8Array(roll(3000)) }
        else all[at] = { ...all[at], data: build.concat(all[at].data, build.pcap({ records: records(8) })) }
      }
      const bytes = build.pcap({ records: all, big: roll(2) === 0 })
      await compare(bytes.subarray(0, bytes.length - roll(2) * roll(100)), [500 + roll(20_000)])
    }
  })
})

describe('a pcapng', () => {
  const begin = build.concat(build.shb(), build.idb({ tsresol: 6 }), build.idb({ tsresol: 9 }))

  it('is looked through by threads, packets of a second interface and with comments among them', async () => {
    const comment = build.concat(build.option(1, build.text('look here')), build.endOfOptions)
    const all = packets(2500, i => ({
      ...(i % 50 === 0 ? { options: comment } : {}),
      ...(i % 9 === 0 ? { interfaceId: 1, time: time(i) * 1000n } : {}),
    }))
    const seen = await compare(build.concat(begin, ...all), [4096, 30_000])
    expect(usable(seen)).toBeGreaterThan(seen.length * 0.9)
  })

  it('with drop counts, statistics, names, simple packets and blocks of unknown types in its midst', async () => {
    const all = packets(1800, i =>
      i % 400 === 7
        ? { options: build.concat(build.option(4, build.u64(3n)), build.endOfOptions) }
        : i % 300 === 9
          ? { interfaceId: 5 }
          : {},
    )
    all.splice(300, 0, build.isb({ drops: 7n }))
    all.splice(700, 0, build.nrb([[Uint8Array.of(10, 0, 0, 1), 'client.example']]))
    all.splice(900, 0, build.spb({ data: build.tcpFrame(7, 0x14) }))
    all.splice(1200, 0, build.block(0x7777, new Uint8Array(40)))
    all.splice(1300, 0, build.block(0xbad, new Uint8Array(40)))
    await compare(build.concat(begin, ...all, build.isb({ drops: 9n })), STRETCHES)
  })

  it('whose packets have to be read differently from some place on', async () => {
    const [first, second] = [packets(700), packets(700, () => ({ big: true, interfaceId: 0 }))]
    const other = build.concat(build.shb({ big: true }), build.idb({ big: true, linkType: 101, tsresol: 9 }))
    await compare(build.concat(begin, ...first, build.idb({ tsresol: 3 }), ...first), STRETCHES)
    await compare(build.concat(begin, ...first, other, ...second), STRETCHES)
  })

  it('that is damaged or cut', async () => {
    const all = packets(900)
    const sound = build.concat(begin, ...all)
    for (const less of [2, 30, 90]) await compare(sound.subarray(0, sound.length - less), [700, 4096])
    all[450] = build.epb({ data: build.tcpFrame(1), time: time(450), trailer: 99 })
    await compare(build.concat(begin, ...all), STRETCHES)
  })
})

describe('real threads', () => {
  const bytes = build.pcap({ records: records(4000) })
  const options = { leastBytes: 0, stretchBytes: 20_000 }

  it('find the same', async () => {
    const file = tempFile(bytes)
    const threads = { ...scanThreads(3), ...options }
    expect(await handedOver(file, RSTS, threads)).toEqual(await handedOver(file, RSTS))
  })

  it('that fail are done without, and one line says so', async () => {
    const file = tempFile(bytes)
    const warnings: string[] = []
    // It has nobody to talk to where it expects its setup.
    const start: ThreadOptions['start'] = setup => scanThreads(2).start({ ...setup, path: `${file}.gone` })
    const set = await openCaptures([file], {
      threads: { count: 2, start, ...options },
      onWarning: line => warnings.push(line),
    })
    let picked = 0
    await set.readPicked(RSTS, run => {
      picked += run.picked
    })
    set.close()
    expect(picked).toBe((await handedOver(file, RSTS))[0].rows.length)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/is read by one thread, another failed: ENOENT/)
  })

  it('end when the reading is aborted, and when the captures are closed', async () => {
    const file = tempFile(bytes)
    const ended: Promise<void>[] = []
    const start: ThreadOptions['start'] = setup => {
      const scanner = scanThreads(2).start(setup)
      ended.push(new Promise(resolve => scanner.on('exit', resolve)))
      return scanner
    }
    const set = await openCaptures([file], { threads: { count: 2, start, ...options } })
    const abort = new AbortController()
    let records = 0
    const reading = set.readPicked(
      RSTS,
      run => {
        records += run.records
        abort.abort()
      },
      { signal: abort.signal },
    )
    await reading
    await Promise.all(ended)
    expect(ended).toHaveLength(2)
    expect(records).toBeLessThan(4000)
    set.close()
  })

  it('are not started for small captures, several ones, or one job', async () => {
    const file = tempFile(bytes)
    const start = (): Scanner => {
      throw new Error('started')
    }
    for (const [paths, threads] of [
      [[file], { count: 1, start, ...options }],
      [[file], { count: 4, start }],
      [[file, file], { count: 4, start, ...options }],
    ] as const) {
      const set = await openCaptures(paths, { threads })
      set.close()
    }
    await expect(openCaptures([file], { threads: { count: 2, start, ...options } })).rejects.toThrow(
      'started',
    )
  })
})

describe('the fixtures', () => {
  it('are read the same', async () => {
    const root = path.resolve(import.meta.dirname, '../../fixtures')
    const files = fs
      .readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter(name => /\.(pcap|pcapng|cap)$/.test(name))
      .filter(name => fs.statSync(path.join(root, name)).size > 20_000)
    expect(files.length).toBeGreaterThan(10)
    for (const [i, name] of files.entries())
      if (i % 3 === 0) await compare(fs.readFileSync(path.join(root, name)), [6000])
  }, 60_000)
})
