/** The pipeline on one page: captures → world → cases → verdicts → incidents → report. */
import { openCaptures } from './capture/index.js'
import { buildWorld } from './flow/index.js'
import { NameBook } from './flow/name-book.js'
import { segmentFilter } from './filter.js'
import { findIncidents } from './incidents/index.js'
import type { About } from './incidents/words.js'
import type { Analysis, CauseId, Listener, Report, Reset, Totals, World } from './model.js'
import { type NameTable, nameTable, namesUsed, plainNames } from './names.js'
import { type NoteName, Notes } from './notes.js'
import { scanThreads } from './threads/index.js'
import { Verdicts } from './verdict/verdicts.js'
import { VERSION } from './version.js'
import { createDecoder } from './wire/decoder.js'
import { FOUND_DNS } from './wire/walk.js'

export interface AnalyzeOptions {
  /** Only connections of these addresses, ports, networks (CIDR); they see inside tunnels. */
  hosts?: string[]
  ports?: number[]
  nets?: string[]
  /** Analyse the good captures when some are bad, instead of failing. */
  keepGoing?: boolean
  /** Upper bound for the memory of tracked connections, in bytes. */
  memoryBytes?: number
  /** Names for addresses (IPv6 as in RFC 5952): they go before those found in the capture. */
  hostNames?: ReadonlyMap<string, string>
  /** Every reset will be told in words (JSON, HTML): what that needs is kept instead of made again. The report is the same. */
  tellAll?: boolean
  signal?: AbortSignal
  onProgress?: (done: number, total: number | undefined) => void
  onWarning?: (line: string) => void
  chunkBytes?: number
  /** Threads that look through a large capture; 1 = none. Left out: one per core, four at most, none on two. The result is the same. */
  jobs?: number
}

/**
 * Analyses captures of one vantage point (several = rotated pieces, merged by time).
 * @param paths files, or "-" for a pcap or pcapng stream on standard input
 * @throws CaptureError when nothing could be analysed; its message is one line naming file, reason and way out
 * @throws the reason of `signal` when a file's analysis was aborted; a stream is judged as far as it came
 */
export async function analyzeCaptures(paths: string[], options: AnalyzeOptions = {}): Promise<Analysis> {
  const { onProgress, signal } = options
  const captures = await openCaptures(paths, { ...options, threads: scanThreads(options.jobs) })
  const filter = segmentFilter(options)
  const notes = captures.infos().map(() => new Notes())
  const book = new NameBook(options.memoryBytes)
  const world = await buildWorld(captures, createDecoder, {
    notesOf: capture => notes[capture],
    onDatagram: (segment, _frame, found) => {
      if (found === FOUND_DNS) book.note(segment)
    },
    ...(filter ? { filter } : {}),
    ...(options.memoryBytes === undefined ? {} : { memoryBytes: options.memoryBytes }),
    ...(signal ? { signal } : {}),
    ...(onProgress ? { onProgress: (done, total) => onProgress(done, total ?? undefined) } : {}),
  }).finally(captures.close)
  // Half a file is no answer; half a stream is one, it has no end of its own.
  if (captures.rereadable) signal?.throwIfAborted()
  const infos = captures.infos().map((info, i) => ({
    ...info,
    tcpSegments: world.tcpSegmentsByCapture[i] ?? 0,
    notes: [...info.notes, ...notes[i].list()],
  }))
  const names = nameTable([
    ['hosts', options.hostNames],
    ['capture', captures.names],
    ['dns', book.list()],
  ])
  return conclude(world, infos, names, options.tellAll)
}

/** Everything right of the tracker: rare, plain and clear. */
export function conclude(
  of: World,
  captures: Report['captures'],
  names: NameTable = new Map(),
  tellAll = false,
): Analysis {
  // What the capturing program says it lost counts as much as bytes that were acknowledged and never seen.
  const noted = (name: NoteName) => captures.some(({ notes }) => notes.some(note => note.name === name))
  const clockStepped = noted('clock-stepped-back')
  const world: World = { ...of, captureLoss: of.captureLoss || noted('capture-drops'), clockStepped }
  const verdicts = new Verdicts(world, captures, tellAll)
  const { resets } = verdicts
  const about = verdicts.about()
  const incidents = findIncidents(resets, about)
  const listeners = listenersOf(world, resets, about)
  const ends = names.size > 0 ? resets.map(reset => ({ connection: about.ends(reset) })) : []
  const used = namesUsed(names, { resets: ends, listeners, incidents })
  verdicts.close()
  return {
    report: {
      schema: 'rst-analyze/report/1',
      generator: { name: 'rst-analyze', version: VERSION },
      captures,
      totals: totalsOf(world, resets),
      resets,
      listeners,
      incidents,
      names: used,
    },
    stories: verdicts,
    health: world.health,
    timebase: world.timebase,
    names: plainNames(names),
  }
}

function totalsOf(world: World, resets: Reset[]): Totals {
  const totals: Totals = { ...pick(world), resets: resets.length, byCause: {}, byOrigin: {} }
  for (const r of resets) {
    totals.byCause[r.cause] = (totals.byCause[r.cause] ?? 0) + 1
    totals.byOrigin[r.origin] = (totals.byOrigin[r.origin] ?? 0) + 1
  }
  return totals
}

function pick({ totals }: World): Pick<Totals, 'connections' | 'resetConnections' | 'rstFrames'> {
  return {
    connections: totals.connections,
    resetConnections: totals.resetConnections,
    rstFrames: totals.rstFrames,
  }
}

/** Listeners with resets, those with most reset connections first. */
function listenersOf(world: World, resets: Reset[], about: About): Listener[] {
  const byCause = new Map<string, Partial<Record<CauseId, number>>>()
  for (const reset of resets) {
    const { cause } = reset
    const { server } = about.ends(reset)
    const key = `${server.address} ${server.port}`
    const counts = byCause.get(key) ?? {}
    counts[cause] = (counts[cause] ?? 0) + 1
    byCause.set(key, counts)
  }
  return world.listeners
    .filter(l => byCause.has(`${l.address} ${l.port}`))
    .map(({ address, port, connections, resetConnections }) => ({
      address,
      port,
      connections,
      resetConnections,
      byCause: byCause.get(`${address} ${port}`)!,
    }))
    .sort(
      (a, b) =>
        b.resetConnections - a.resetConnections || (a.address < b.address ? -1 : 1) || a.port - b.port,
    )
}
