/**
 * Processor time of each stage of one analysis: node test/bench/stages.ts CAPTURE (run by `npm run bench`). Uses the compiled program: what
 * a loader adds to functions would be measured, too. Prints one line of JSON.
 */
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import type * as analysis from '../../src/analyze.js'
import type * as capture from '../../src/capture/index.js'
import type * as world from '../../src/flow/world.js'
import type * as formats from '../../src/report/formats.js'
import type * as selection from '../../src/report/select.js'
import type * as decoder from '../../src/wire/decoder.js'
import type * as skim from '../../src/wire/skim.js'

type Source = typeof capture &
  typeof world &
  typeof decoder &
  typeof skim &
  typeof analysis &
  typeof formats &
  typeof selection

export interface Stages {
  frames: number
  bytes: number
  resets: number
  /** Nanoseconds of processor time, garbage collection and the reading of bytes included. */
  ns: Record<string, number>
}

const dist = (file: string): Promise<Source> =>
  import(pathToFileURL(path.resolve(import.meta.dirname, '../../dist', file)).href)

async function stages(file: string): Promise<Stages> {
  const { openCaptures } = await dist('capture/index.js')
  const { WorldReader } = await dist('flow/world.js')
  const { createDecoder } = await dist('wire/decoder.js')
  const { pickFlags } = await dist('wire/skim.js')
  const { conclude } = await dist('analyze.js')
  const { FORMATS } = await dist('report/formats.js')
  const { select } = await dist('report/select.js')
  const ns: Record<string, number> = {}
  async function measure<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    const before = process.cpuUsage()
    const result = await run()
    const { user, system } = process.cpuUsage(before)
    ns[name] = (user + system) * 1e3
    return result
  }
  const walked = await openCaptures([file])
  await measure('walk', () => walked.readBatches(() => {}))
  const looked = await openCaptures([file])
  const picked = new Int32Array(4096)
  await measure('walk, look at flags', () =>
    looked.readBatches((batch, from, to) => void pickFlags(batch, from, to, 7, picked)),
  )
  const captures = await openCaptures([file])
  const reader = new WorldReader(captures, createDecoder)
  await measure('first pass', () => reader.skim())
  await measure('second pass', () => reader.trace())
  const analysis = await measure('judgement', () => conclude(reader.world(), captures.infos()))
  const write = await FORMATS.json.load!()
  await measure('report (JSON)', () => {
    const rendering = { analysis, selection: select(analysis.report), width: 100, color: false }
    let length = 0
    for (const piece of write({ ...rendering, stories: 'worst' })) length += piece.length
    return length
  })
  const [{ frames, bytes }] = captures.infos()
  return { frames, bytes, resets: analysis.report.totals.resets, ns }
}

console.log(JSON.stringify(await stages(process.argv[2])))
