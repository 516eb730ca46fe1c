/** Connections held open, and what they really take: the heap and what lies beside it, after a collection. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openCaptures } from '../../src/capture/index.js'
import { Flow } from '../../src/flow/flow.js'
import { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { Segment } from '../../src/wire/segment.js'
import { FOUND_TCP } from '../../src/wire/walk.js'
import { reset } from './scenarios.js'
import { type Packet, pcapFrom } from './synthetic.js'

/** How far each connection comes, in packets of `reset`: SYN, SYN-ACK, ACK, request, answer, RST. */
export const STAGES = { 'half open': 1, open: 3, 'with a request': 4, reset: 6 } as const

export interface Held {
  flow: Flow
  /** Bytes that stay of the connections. */
  bytes: number
}

function retained(): number {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** @param packets of each connection */
export async function hold(connections: number, packets: number): Promise<Held> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-held-'))
  const file = path.join(folder, 'held.pcap')
  fs.writeFileSync(file, pcapFrom(all(connections, packets)))
  const captures = await openCaptures([file])
  const [decoder, segment] = [createDecoder(new Notes()), new Segment()]
  const flow = new Flow({ timebase: captures.timebase, memoryBytes: 2 ** 40 })
  const before = retained()
  await captures.read(frame => {
    if (decoder.decode(frame, segment) !== FOUND_TCP) return
    flow.skimSegment(segment, frame)
    flow.trace(segment, frame)
  })
  const bytes = retained() - before
  captures.close()
  fs.rmSync(folder, { recursive: true })
  return { flow, bytes }
}

function* all(connections: number, packets: number): Generator<Packet> {
  for (let i = 0; i < connections; i++)
    yield* [...reset(0x0a100000 + (i % 60_000), 1024 + Math.floor(i / 60_000), 443, i * 20)].slice(0, packets)
}
