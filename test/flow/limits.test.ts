/** What has no room in a table is unknown, not absent. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { expect, test } from 'vitest'
import { openCaptures } from '../../src/capture/index.js'
import { gatherCases } from '../../src/evidence/index.js'
import { buildWorld } from '../../src/flow/index.js'
import { limitsOf } from '../../src/flow/limits.js'
import { NameBook } from '../../src/flow/name-book.js'
import { Notes } from '../../src/notes.js'
import { judgeImpact } from '../../src/verdict/impact.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { STREAMS } from '../bench/streams.js'
import { type Packet, pcapFrom } from '../bench/synthetic.js'

/** Tables of 1,024 entries. */
const MEMORY = 2 ** 22
const [SYN, SYN_ACK, RST_ACK] = [0x02, 0x12, 0x14]

/** A SYN and its answer, a millisecond apart. */
function attempt(source: number, destination: number, ms: number, flags: number): Packet[] {
  const there = { source, sourcePort: 40_000, destination, destinationPort: 443 }
  const back = { source: destination, sourcePort: 443, destination: source, destinationPort: 40_000 }
  return [
    { ...there, flags: SYN, seq: 99, ack: 0, us: ms * 1000 },
    { ...back, flags, seq: flags === SYN_ACK ? 499 : 0, ack: 100, us: ms * 1000 + 500 },
  ]
}

async function worldOf(packets: Packet[], memoryBytes = MEMORY) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-limits-'))
  fs.writeFileSync(path.join(folder, 'a.pcap'), pcapFrom(packets))
  const captures = await openCaptures([path.join(folder, 'a.pcap')])
  const notes = new Notes()
  const world = await buildWorld(captures, createDecoder, { memoryBytes, notesOf: () => notes })
  captures.close()
  fs.rmSync(folder, { recursive: true })
  return { world, notes: notes.list().map(note => note.name) }
}

test('a client of listeners without room was not refused by them', async () => {
  const crowd = Array.from({ length: 1100 }, (_, i) => attempt(1, 1000 + i, i, SYN_ACK)).flat()
  const late = Array.from({ length: 60 }, (_, i) => attempt(2, 9000 + i, 2000 + i, SYN_ACK)).flat()
  const { world, notes } = await worldOf([...crowd, ...late])
  expect(world.source('0.0.0.2')).toMatchObject({ listeners: 60, refused: 0 })
  expect(world.overflow).toEqual({ listeners: true, sources: false })
  expect(notes).toContain('tables-full')
})

test('of a listener and a source without room it is not known what came before and after', async () => {
  const crowd = Array.from({ length: 1100 }, (_, i) => attempt(10_000 + i, 30_000 + i, i, SYN_ACK)).flat()
  const refused = attempt(2, 9000, 2000, RST_ACK)
  const [full] = gatherCases((await worldOf([...crowd, ...refused])).world)
  expect(full.facts).toMatchObject({
    refusalsAfter: undefined,
    portRefuses: undefined,
    acceptedBefore: undefined,
    sourceSyns: undefined,
    retrySucceeded: undefined,
  })
  expect(judgeImpact(full.facts, 'port-closed')).toBe('unknown')
  const [roomy] = gatherCases((await worldOf([...crowd, ...refused], 2 ** 30)).world)
  expect(roomy.facts).toMatchObject({
    refusalsAfter: 0,
    portRefuses: false,
    acceptedBefore: false,
    sourceSyns: 1,
    retrySucceeded: false,
  })
  expect(judgeImpact(roomy.facts, 'port-closed')).toBe('connect-failed')
})

test('an attempt that is no longer known is counted as forgotten', async () => {
  const { notes } = await worldOf(
    Array.from({ length: 3000 }, (_, i) => attempt(1 + i, 9, i, SYN_ACK)).flat(),
  )
  expect(notes).toContain('tables-full')
})

test('names take a share of the memory', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-limits-'))
  const answers = STREAMS.find(stream => stream.name === 'DNS answers')!
  fs.writeFileSync(path.join(folder, 'a.pcap'), Buffer.concat([...answers.pieces(2000)]))
  const told = []
  for (const memoryBytes of [undefined, 64 * 100 * 'h0000000.example'.length]) {
    const captures = await openCaptures([path.join(folder, 'a.pcap')])
    const book = new NameBook(memoryBytes)
    await buildWorld(captures, createDecoder, { onDatagram: segment => book.note(segment) })
    captures.close()
    told.push(book.list().size)
  }
  fs.rmSync(folder, { recursive: true })
  expect(told).toEqual([2000, 100])
})

test('tables shrink with the memory and never grow beyond the default', () => {
  const [tiny, half, full, large] = [2 ** 24, 2 ** 29, undefined, 2 ** 34].map(bytes => limitsOf(bytes))
  for (const name of ['attempts', 'listeners', 'sources', 'hosts', 'pairs', 'times', 'accepts'] as const) {
    expect(half[name], name).toBe(full[name] / 2)
    expect(large[name], name).toBe(full[name])
    expect(tiny[name], name).toBeLessThan(half[name])
  }
  // As many as the heap can hold, a million at most unless more is allowed.
  const heap = Math.floor(getHeapStatistics().heap_size_limit / 4096)
  expect(full.resets).toBe(Math.min(2 ** 20, heap))
  expect(large.resets).toBe(Math.min(Math.floor(2 ** 34 / 4096), heap))
})
