/** One of the two captures → a world of all its connections, marked with the capture's index. */
import { basename } from 'node:path'
import type { AnalyzeOptions } from '../analyze.js'
import { openCaptures } from '../capture/index.js'
import { segmentFilter } from '../filter.js'
import { buildWorld } from '../flow/index.js'
import type { World } from '../model.js'
import { Notes } from '../notes.js'
import { createDecoder } from '../wire/decoder.js'
import type { CaptureIndex, Vantage } from './types.js'

export interface CompareOptions extends AnalyzeOptions {
  /** What sentences call the two captures, instead of their file names. */
  names?: [string, string]
}

/** @throws CaptureError naming the capture that cannot be read */
export async function readVantages(
  paths: [string, string],
  options: CompareOptions,
): Promise<[Vantage, Vantage]> {
  const shown = options.names ?? namesOf(paths)
  // Both are opened before either is read: a mistyped second name is told at once.
  const captures = [await openCaptures([paths[0]], options), await openCaptures([paths[1]], options)] as const
  const sizes = captures.map(c => c.totalBytes)
  const total = sizes[0] === null || sizes[1] === null ? undefined : sizes[0] + sizes[1]
  let done = 0
  const read = async (index: CaptureIndex) => {
    const vantage = await readOne(captures[index], index, shown[index], options, bytes =>
      options.onProgress?.(done + bytes, total),
    )
    done += sizes[index] ?? 0
    return vantage
  }
  return [await read(0), await read(1)]
}

function namesOf(paths: [string, string]): [string, string] {
  const short = paths.map(p => (p === '-' ? 'standard input' : basename(p)))
  return short[0] === short[1] ? paths : [short[0], short[1]]
}

type Captures = Awaited<ReturnType<typeof openCaptures>>

async function readOne(
  captures: Captures,
  index: CaptureIndex,
  name: string,
  options: AnalyzeOptions,
  onBytes: (bytes: number) => void,
): Promise<Vantage> {
  const { signal, memoryBytes } = options
  const filter = segmentFilter(options)
  const notes = new Notes()
  const world = await buildWorld(captures, createDecoder, {
    keepAll: true,
    notesOf: () => notes,
    ...(filter ? { filter } : {}),
    ...(memoryBytes === undefined ? {} : { memoryBytes: Math.floor(memoryBytes / 2) }),
    ...(signal ? { signal } : {}),
    // Progress of a pass counts all passes; the share of this capture is what matters.
    onProgress: (bytes, all) => onBytes(all ? (bytes / all) * (captures.totalBytes ?? 0) : bytes),
  })
  if (captures.rereadable) signal?.throwIfAborted()
  const info = captures.infos()[0]
  mark(world, index)
  return {
    index,
    name,
    world,
    info: {
      ...info,
      tcpSegments: world.tcpSegmentsByCapture[0] ?? 0,
      notes: [...info.notes, ...notes.list()],
    },
    incomplete: notes.has('connections-evicted'),
  }
}

function mark(world: World, index: CaptureIndex): void {
  if (index === 0) return
  for (const c of world.connections.values()) {
    c.capture = index
    for (const r of c.segments) {
      r.capture = index
      for (const copy of r.copies) copy.capture = index
    }
    for (const r of [...c.furtherRsts, ...c.icmpErrors, ...c.applicationAtRst]) r.capture = index
  }
}
