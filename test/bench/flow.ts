/**
 * How fast frames become connections: node --import tsx test/bench/flow.ts FILE
 * Prints processor time in ns per frame (garbage collection included) of reading alone, decoding, skimming (all frames decoded), tracing everything, and of both ways to build a world.
 */
import { openCaptures } from '../../src/capture/index.js'
import { Flow } from '../../src/flow/flow.js'
import { buildWorld } from '../../src/flow/index.js'
import type { Frame } from '../../src/model.js'
import { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { Segment } from '../../src/wire/segment.js'
import { FOUND_TCP } from '../../src/wire/walk.js'

const path = process.argv[2]
if (path === undefined) throw new Error('usage: flow.ts CAPTURE')

async function measure(name: string, run: (count: { frames: number }) => Promise<void>): Promise<void> {
  const count = { frames: 0 }
  const start = process.cpuUsage()
  await run(count)
  const { user, system } = process.cpuUsage(start)
  const ns = (user + system) * 1e3
  const megabytes = Math.round(process.memoryUsage.rss() / 1e6)
  console.log(
    `${name.padEnd(28)} ${(ns / 1e9).toFixed(2)} s  ${(ns / count.frames).toFixed(0)} ns per frame  ${megabytes} MB`,
  )
}

async function feed(
  count: { frames: number },
  use: (flow: Flow, segment: Segment, frame: Frame) => void,
): Promise<void> {
  const set = await openCaptures([path])
  const flow = new Flow({ timebase: set.timebase })
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  await set.read(frame => {
    count.frames++
    if (decoder.decode(frame, segment) === FOUND_TCP) use(flow, segment, frame)
  })
}

async function build(count: { frames: number }, singlePass: boolean): Promise<void> {
  const set = await openCaptures([path])
  await buildWorld(set, createDecoder, { singlePass })
  count.frames = set.infos().reduce((sum, info) => sum + info.frames, 0)
}

await measure('read', async count => (await openCaptures([path])).read(() => count.frames++))
await measure('read, decode', count => feed(count, () => {}))
await measure('read, decode, skim', count =>
  feed(count, (flow, segment, frame) => flow.skimSegment(segment, frame)),
)
await measure('read, decode, trace all', count =>
  feed(count, (flow, segment, frame) => flow.trace(segment, frame)),
)
await measure('world, two passes', count => build(count, false))
await measure('world, one pass', count => build(count, true))
