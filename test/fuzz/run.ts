/** One execution: an input through the whole pipeline, and everything that must hold of the outcome. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { conclude } from '../../src/analyze.js'
import { CaptureError, openCaptures } from '../../src/capture/index.js'
import { segmentFilter } from '../../src/filter.js'
import { buildWorld } from '../../src/flow/index.js'
import type { Analysis } from '../../src/model.js'
import { Notes } from '../../src/notes.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { RST, Segment } from '../../src/wire/segment.js'
import { FOUND_TCP } from '../../src/wire/walk.js'
import { demand } from './demand.js'
import type { Input } from './mutate.js'
import { checkReports } from './reports.js'

/** Processor time one input may take, all readings together; inputs stay below 400 kB. */
const LONGEST_MS = 4000
/** Memory of the whole process: nothing may allocate what a length field asks for. */
const MOST_BYTES = 1.5e9

let folder: string | undefined

/** Where inputs are written; in memory where the system has such a place. */
function place(name: string): string {
  if (folder === undefined) {
    const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
    folder = fs.mkdtempSync(path.join(base, 'rst-analyze-fuzz-'))
    const made = folder
    process.on('exit', () => fs.rmSync(made, { recursive: true, force: true }))
  }
  return path.join(folder, name)
}

/** What an execution was: for statistics. */
export interface Outcome {
  /** False when the input was refused by a CaptureError. */
  analysed: boolean
  resets: number
}

/** @throws Broken, or whatever the code under test threw */
export async function execute(input: Input): Promise<Outcome> {
  const paths = input.files.map((bytes, i) => {
    const file = place(`${i}.cap`)
    fs.writeFileSync(file, bytes)
    return file
  })
  const before = process.cpuUsage()
  const outcome = await examine(paths, input)
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1000
  demand(ms < LONGEST_MS, `took ${ms.toFixed(0)} ms`)
  const { rss } = process.memoryUsage()
  demand(rss < MOST_BYTES, `the process holds ${Math.round(rss / 1e6)} MB`)
  return outcome
}

async function examine(paths: string[], input: Input): Promise<Outcome> {
  const twice = await analyse(paths, input, false)
  const once = await analyse(paths, input, true)
  if (typeof twice === 'string' || typeof once === 'string') {
    demand(twice === once, `refused differently: ${message(twice)} / ${message(once)}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    demand(!/[\u0000-\u001f\u007f-\u009f]/.test(message(twice)), 'the refusal is not one plain line')
    return { analysed: false, resets: 0 }
  }
  await checkResets(paths, input, twice)
  await checkReports(twice, once, input)
  return { analysed: true, resets: twice.report.resets.length }
}

function message(of: Analysis | string): string {
  return typeof of === 'string' ? of : 'analysed'
}

/** As `analyzeCaptures` does it, with the number of passes chosen. A refusal comes as its message. */
async function analyse(
  paths: string[],
  { chunkBytes, host }: Input,
  singlePass: boolean,
): Promise<Analysis | string> {
  try {
    const captures = await openCaptures(paths, singlePass ? { chunkBytes } : {})
    const filter = segmentFilter(host ? { hosts: [host] } : {})
    const notes = captures.infos().map(() => new Notes())
    const world = await buildWorld(captures, createDecoder, {
      singlePass,
      notesOf: capture => notes[capture],
      ...(filter ? { filter } : {}),
    })
    const infos = captures.infos().map((info, i) => ({
      ...info,
      tcpSegments: world.tcpSegmentsByCapture[i] ?? 0,
      notes: [...info.notes, ...notes[i].list()],
    }))
    return conclude(world, infos)
  } catch (error) {
    if (error instanceof CaptureError) return error.message
    throw error
  }
}

/** Every frame that the decoder takes for a RST stands in exactly one reset, and nothing else does. */
async function checkResets(paths: string[], { host }: Input, { report }: Analysis): Promise<void> {
  const wanted = new Set<string>()
  const segment = new Segment()
  const captures = await openCaptures(paths)
  const filter = segmentFilter(host ? { hosts: [host] } : {})
  const decoders = paths.map(() => createDecoder(new Notes()))
  await captures.read(frame => {
    const found = decoders[frame.capture].decode(frame, segment)
    if (found !== FOUND_TCP || (segment.flags & RST) === 0 || (filter && !filter(segment))) return
    wanted.add(`${frame.capture}/${frame.number}`)
  })
  let listed = 0
  for (const { capture, frames, moreFrames = [] } of report.resets) {
    for (const part of [{ capture, frames }, ...moreFrames]) {
      for (const frame of part.frames) {
        listed++
        demand(
          wanted.delete(`${part.capture}/${frame}`),
          `frame ${part.capture}/${frame} is listed twice or is no RST`,
        )
      }
    }
  }
  demand(wanted.size === 0, `RST frames in no reset: ${[...wanted].slice(0, 5).join(', ')}`)
  demand(report.totals.rstFrames === listed, `rstFrames is ${report.totals.rstFrames}, listed are ${listed}`)
}
