/** The two captures → worlds of the connections that matter, marked with the capture's index. */
import { basename } from 'node:path'
import type { AnalyzeOptions } from '../analyze.js'
import { openCaptures } from '../capture/index.js'
import { segmentFilter } from '../filter.js'
import { WorldReader } from '../flow/index.js'
import { NameBook } from '../flow/name-book.js'
import type { Connection, World } from '../model.js'
import { nameTable } from '../names.js'
import { Notes } from '../notes.js'
import { createDecoder } from '../wire/decoder.js'
import { FOUND_DNS } from '../wire/walk.js'
import { type Matching, matchConnections } from './match.js'
import { Openings } from './openings.js'
import { type Census, chooseConnections, type Skimmed } from './select.js'
import { findStrays } from './strays.js'
import type { CaptureIndex, Vantage } from './types.js'

export interface CompareOptions extends AnalyzeOptions {
  /** What sentences call the two captures, instead of their file names. */
  names?: [string, string]
  /** Captures of more connections are not traced whole; for tests. */
  traceUpTo?: number
}

/** Both captures, and which connections of them are the same. */
export interface Read {
  vantages: [Vantage, Vantage]
  matching: Matching
  census: Census
}

/**
 * Reads both in two stages: what each has, then in each what the two together make worth tracing.
 * @throws CaptureError naming the capture that cannot be read
 */
export async function readVantages(paths: [string, string], options: CompareOptions): Promise<Read> {
  const shown = options.names ?? namesOf(paths)
  // Both are opened before either is read: a mistyped second name is told at once.
  const captures = [await openCaptures([paths[0]], options), await openCaptures([paths[1]], options)] as const
  const progress = progressOf(captures, options)
  const half = (i: CaptureIndex) => beginOne(captures[i], options, bytes => progress(i, bytes))
  const halves: [Half, Half] = [half(0), half(1)]
  for (const { reader } of halves) await reader.skim()
  for (const { captures: set } of halves) if (set.rereadable) options.signal?.throwIfAborted()
  const census = chooseConnections(halves, options.traceUpTo)
  const traced = () => traceBoth(halves, shown, options)
  const first = await traced()
  const strays = await findStrays(halves, held(first.vantages), first.matching.links)
  return { ...(strays ? await traced() : first), census }
}

async function traceBoth(
  halves: [Half, Half],
  names: [string, string],
  { signal }: CompareOptions,
): Promise<Omit<Read, 'census'>> {
  const read = async (index: CaptureIndex) => {
    await halves[index].reader.trace()
    if (halves[index].captures.rereadable) signal?.throwIfAborted()
    return vantageOf(halves[index], index, names[index])
  }
  const vantages: [Vantage, Vantage] = [await read(0), await read(1)]
  return { vantages, matching: matchConnections(...vantages) }
}

function held(vantages: [Vantage, Vantage]): [Connection[], Connection[]] {
  return [[...vantages[0].world.connections.values()], [...vantages[1].world.connections.values()]]
}

/** Bytes of both, each once, whatever the number of readings. */
function progressOf(captures: readonly [Captures, Captures], { onProgress }: CompareOptions) {
  const sizes = captures.map(c => c.totalBytes)
  const total = sizes[0] === null || sizes[1] === null ? undefined : sizes[0] + sizes[1]
  const done = [0, 0]
  return (index: CaptureIndex, bytes: number) => {
    done[index] = Math.max(done[index], bytes)
    onProgress?.(done[0] + done[1], total)
  }
}

function namesOf(paths: [string, string]): [string, string] {
  const short = paths.map(p => (p === '-' ? 'standard input' : basename(p)))
  return short[0] === short[1] ? paths : [short[0], short[1]]
}

type Captures = Awaited<ReturnType<typeof openCaptures>>

/** One of the two while it is read. */
interface Half extends Skimmed {
  captures: Captures
  notes: Notes
  book: NameBook
  hostNames: AnalyzeOptions['hostNames']
}

function beginOne(captures: Captures, options: AnalyzeOptions, onBytes: (bytes: number) => void): Half {
  const { signal, memoryBytes } = options
  const filter = segmentFilter(options)
  const notes = new Notes()
  const openings = new Openings()
  const book = new NameBook()
  const reader = new WorldReader(captures, createDecoder, {
    onDatagram: (segment, _frame, found) => {
      if (found === FOUND_DNS) book.note(segment)
    },
    keepAll: true,
    notesOf: () => notes,
    onSkimmed: (segment, frame) => openings.note(segment, frame),
    ...(filter ? { filter } : {}),
    ...(memoryBytes === undefined ? {} : { memoryBytes: Math.floor(memoryBytes / 2) }),
    ...(signal ? { signal } : {}),
    // Progress of a pass counts all passes; the share of this capture is what matters.
    onProgress: (bytes, all) => onBytes(all ? (bytes / all) * (captures.totalBytes ?? 0) : bytes),
  })
  return { captures, notes, openings, reader, book, hostNames: options.hostNames }
}

function vantageOf(
  { captures, reader, notes, book, hostNames }: Half,
  index: CaptureIndex,
  name: string,
): Vantage {
  const own = new Notes()
  const world = reader.world(() => own)
  mark(world, index)
  const info = captures.infos()[0]
  return {
    index,
    name,
    world,
    info: {
      ...info,
      tcpSegments: world.tcpSegmentsByCapture[0] ?? 0,
      notes: [...info.notes, ...notes.list(), ...own.list()],
    },
    names: nameTable([
      ['hosts', hostNames],
      ['capture', captures.names],
      ['dns', book.list()],
    ]),
    incomplete: own.has('connections-evicted'),
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
    c.furtherRsts.move(index)
    for (const r of [...c.icmpErrors, ...c.applicationAtRst]) r.capture = index
  }
}
