/**
 * What a large capture costs, counted instead of timed: readings of the file, frames that are decoded in each, allocations of the walk. A
 * machine may be slow; these are the same everywhere.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type CaptureSet, openCaptures } from '../../src/capture/index.js'
import { buildWorld, type FrameSource } from '../../src/flow/index.js'
import type { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { ACK, FIN, RST, SYN } from '../../src/wire/segment.js'
import { pcapFrom, pcapngFrom, type Packet } from '../bench/synthetic.js'

const CONNECTIONS = 400
const RESETS = 4
const EXCHANGES = 40
/** SYN, SYN-ACK, ACK, then data and an acknowledgement for each exchange, then both FINs and the last ACK or a RST. */
const FLAGGED = RESETS * 3 + (CONNECTIONS - RESETS) * 4

/** An ordinary capture: many connections at once to a few servers, a hundredth of them reset. */
function* packets(): Generator<Packet> {
  for (let i = 0; i < CONNECTIONS; i++) {
    const server = { address: 0x0a000001 + (i % 3), port: 443 }
    const client = { address: 0x0a100000 + i, port: 1024 + i }
    let us = i * 1000
    const send = (toServer: boolean, flags: number, payload = 0): Packet => {
      const [from, to] = toServer ? [client, server] : [server, client]
      us += 700
      return {
        source: from.address,
        destination: to.address,
        sourcePort: from.port,
        destinationPort: to.port,
        flags,
        seq: us,
        ack: us,
        us,
        payload,
      }
    }
    yield send(true, SYN)
    yield send(false, SYN | ACK)
    yield send(true, ACK)
    for (let k = 0; k < EXCHANGES; k++) {
      yield send(k % 4 === 0, ACK, 100)
      yield send(k % 4 !== 0, ACK)
    }
    if (i % (CONNECTIONS / RESETS) === 50) yield send(false, RST)
    else {
      yield send(true, FIN | ACK)
      yield send(false, FIN | ACK)
      yield send(true, ACK)
    }
  }
}

const bytes = pcapFrom(packets())
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-counts-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

function open(content: Uint8Array): Promise<CaptureSet> {
  const file = path.join(folder, 'counts.cap')
  fs.writeFileSync(file, content)
  return openCaptures([file])
}

interface Counts {
  /** Readings of the file. */
  passes: number
  /** Frames picked in each, and those of them that took the full walk. */
  picked: number[]
  decoded: number[]
  resets: number
  segments: number
}

async function count(content: Uint8Array): Promise<Counts> {
  const captures = await open(content)
  const decoded: number[] = []
  const picked: number[] = []
  const source: FrameSource = {
    timebase: captures.timebase,
    rereadable: captures.rereadable,
    readBatches: (onBatch, options) => captures.readBatches(onBatch, options),
    readPicked(picker, onRun, options) {
      const pass = decoded.push(0) - 1
      picked[pass] = 0
      const counted: typeof onRun = run => {
        picked[pass] += run.picked
        onRun(run)
      }
      return captures.readPicked(picker, counted, options)
    },
  }
  const counting = (notes: Notes) => {
    const decoder = createDecoder(notes)
    return {
      decode: (...args: Parameters<typeof decoder.decode>) => {
        decoded[decoded.length - 1]++
        return decoder.decode(...args)
      },
    }
  }
  const { totals } = await buildWorld(source, counting)
  return { passes: decoded.length, picked, decoded, resets: totals.rstFrames, segments: totals.tcpSegments }
}

/** Segments of the connections that were reset, and of the 32 of each of the three listeners that they are compared with. */
const TRACED = (RESETS + 3 * 32) * (3 + 2 * EXCHANGES + 3)

describe('an ordinary capture', () => {
  for (const [kind, content] of [
    ['pcap', bytes],
    ['pcapng', pcapngFrom(1, packets())],
  ] as const)
    it(`of kind ${kind} is read twice; looked at are its SYN, FIN and RST, then the connections that matter`, async () => {
      const { passes, picked, decoded, resets, segments } = await count(content)
      expect({ passes, resets }).toEqual({ passes: 2, resets: RESETS })
      expect(segments).toBe(CONNECTIONS * (3 + 2 * EXCHANGES + 3) - 2 * RESETS)
      expect(picked[0]).toBe(FLAGGED)
      expect(decoded[0]).toBe(0)
      expect(decoded[1]).toBeLessThanOrEqual(TRACED * 1.05)
      expect(decoded[1]).toBeGreaterThan(RESETS * 2 * EXCHANGES)
    })

  it('is walked without an allocation per frame', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const walk = async (): Promise<number> => {
      let frames = 0
      const captures = await open(bytes)
      await captures.readBatches((_batch, from, to) => {
        frames += to - from
      })
      return frames
    }
    const perFrame = async (): Promise<number> => {
      collect()
      const before = process.memoryUsage().heapUsed
      let frames = 0
      for (let i = 0; i < 5; i++) frames += await walk()
      return (process.memoryUsage().heapUsed - before) / frames
    }
    for (let i = 0; i < 30; i++) await walk()
    // Code that is not compiled yet allocates for every number it stores; when the compiler comes is its own affair.
    let least = await perFrame()
    for (let i = 0; i < 10 && least >= 8; i++) least = Math.min(least, await perFrame())
    expect(least).toBeLessThan(8)
  })
})
