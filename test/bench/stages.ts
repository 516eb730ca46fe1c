/**
 * How long each stage of one analysis takes: node test/bench/stages.ts CAPTURE [JOBS] (run by `npm run bench`). Uses the compiled program:
 * what a loader adds to functions would be measured, too. Prints one line of JSON.
 */
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import type * as analysis from '../../src/analyze.js'
import type * as capture from '../../src/capture/index.js'
import type * as world from '../../src/flow/world.js'
import type * as formats from '../../src/report/formats.js'
import type * as selection from '../../src/report/select.js'
import type * as decoder from '../../src/wire/decoder.js'
import type * as scan from '../../src/threads/index.js'
import type * as picker from '../../src/wire/picker.js'

type Source = typeof capture &
  typeof world &
  typeof decoder &
  typeof picker &
  typeof scan &
  typeof analysis &
  typeof formats &
  typeof selection

/** The flag. */
const RST = 0x04

export interface Stages {
  frames: number
  bytes: number
  resets: number
  /** Nanoseconds by the clock. */
  stages: Record<string, { ns: number }>
}

const dist = (file: string): Promise<Source> =>
  import(pathToFileURL(path.resolve(import.meta.dirname, '../../dist', file)).href)

async function stages(file: string, jobs?: number): Promise<Stages> {
  const { openCaptures } = await dist('capture/index.js')
  const { WorldReader } = await dist('flow/world.js')
  const { createDecoder } = await dist('wire/decoder.js')
  const { flagPicker } = await dist('wire/picker.js')
  const { scanThreads } = await dist('threads/index.js')
  const { conclude } = await dist('analyze.js')
  const { FORMATS } = await dist('report/formats.js')
  const { select } = await dist('report/select.js')
  const took: Stages['stages'] = {}
  async function measure<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    const before = performance.now()
    const result = await run()
    took[name] = { ns: (performance.now() - before) * 1e6 }
    return result
  }
  const captures = await openCaptures([file], { threads: scanThreads(jobs) })
  // Once for nothing: threads start, and what runs often is compiled.
  await captures.readPicked(flagPicker(RST), () => {})
  await measure('find the resets', () => captures.readPicked(flagPicker(RST), () => {}))
  const reader = new WorldReader(captures, createDecoder)
  await measure('first pass', () => reader.skim())
  await measure('second pass', () => reader.trace())
  captures.close()
  const analysis = await measure('judgement', () => conclude(reader.world(), captures.infos()))
  const write = await FORMATS.json.load!()
  await measure('report (JSON)', () => {
    const rendering = { analysis, selection: select(analysis.report), width: 100, color: false }
    let length = 0
    for (const piece of write({ ...rendering, stories: 'worst' })) length += piece.length
    return length
  })
  const [{ frames, bytes }] = captures.infos()
  return { frames, bytes, resets: analysis.report.totals.resets, stages: took }
}

const [, , file, jobs] = process.argv
console.log(JSON.stringify(await stages(file, jobs ? Number(jobs) : undefined)))
