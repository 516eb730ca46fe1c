/** One input of a capture set through its life: looked into when the set is opened, read once or more. */
import { eachRun, pickedRun, refreshRun } from '../frames.js'
import type { BatchHandler, CaptureInfo, Picker, PickHandler } from '../model.js'
import { abandon, advance, type Cursor, infoOf, openCursor, type Shared } from './cursor.js'
import type { ReadOptions } from './index.js'
import type { Input } from './input.js'
import { headTime, type Lane, newLane, refill } from './lane.js'
import { readMerged } from './merge.js'
import { newRecordState } from './record.js'
import { readScanned } from './scan/read.js'
import type { ScanThreads } from './scan/threads.js'

export interface Entry {
  input: Input
  /** Index among the captures of the set. */
  capture: number
  /** Time of the first record; infinite when there is none; NaN when nobody asked. */
  firstNs: number
  /** Of the pass under way or the last one; before the first pass, what was opened to look into the input. */
  cursor: Cursor
  /** Whether `cursor` still stands at the first record. */
  fresh: boolean
  /** What was read while looking for the first record; undefined when nobody asked. */
  lane: Lane | undefined
}

/**
 * Looks into an input: is it a capture, and, if `firstRecord`, when does it begin?
 * A stream stays as it is then, since what was read of it is gone; a file is read anew.
 * @throws CaptureError
 */
export async function openEntry(
  makeInput: () => Input,
  capture: number,
  shared: Shared,
  firstRecord: boolean,
): Promise<Entry> {
  const input = makeInput()
  const cursor = await openCursor(input, capture, shared)
  const entry: Entry = { input, capture, firstNs: Number.NaN, cursor, fresh: true, lane: undefined }
  if (!firstRecord) return entry
  try {
    entry.lane = newLane(cursor, 0)
    await refill(entry.lane)
    entry.firstNs = headTime(entry.lane)
  } catch (error) {
    abandon(cursor)
    cursor.opened.source.close()
    throw error
  }
  if (input.rereadable) {
    abandon(cursor)
    entry.lane = undefined
    entry.fresh = false
  }
  return entry
}

/** What is done with records: with all of them, or with those that are picked, if possible by threads. */
export type Use =
  | { onBatch: BatchHandler }
  | { picker: Picker; onRun: PickHandler; threads: ScanThreads | undefined }

/** @throws CaptureError */
export async function readEntries(
  entries: Entry[],
  shared: Shared,
  use: Use,
  total: number | null,
  options: ReadOptions,
): Promise<void> {
  const { onProgress, signal } = options
  // A read that waits for a stream ends when its source is closed.
  const onAbort = (): void => {
    entries.forEach(closeEntry)
    if ('threads' in use) use.threads?.close()
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const proceed = (): boolean => {
    onProgress?.(
      entries.reduce((sum, entry) => sum + positionOf(entry), 0),
      total,
    )
    return !signal?.aborted
  }
  for (const entry of entries) if (!entry.fresh && !entry.lane) entry.cursor = restarted(entry, shared)
  try {
    if (entries.length === 1) await readOne(entries[0], shared, use, proceed)
    else await readMerged(pieces(entries, shared), batchesOf(use), proceed)
  } finally {
    signal?.removeEventListener('abort', onAbort)
    entries.forEach(closeEntry)
  }
}

const batchesOf = (use: Use): BatchHandler =>
  'onBatch' in use ? use.onBatch : eachRun(use.picker, use.onRun)

async function readOne(entry: Entry, shared: Shared, use: Use, proceed: () => boolean): Promise<void> {
  const cursor = await cursorOf(entry, shared)
  if ('threads' in use && use.threads && cursor.opened.source.file)
    return await readScanned(cursor, use.threads, use.picker, use.onRun, proceed)
  if ('picker' in use) {
    cursor.state.picker = use.picker
    return await readRuns(cursor, use.onRun, proceed)
  }
  const { batch } = cursor.state
  while (proceed() && !cursor.done) {
    await advance(cursor)
    if (batch.length > 0) use.onBatch(batch, 0, batch.length)
  }
}

/** Hands over what the cursor's picker wants, from where it stands. */
export async function readRuns(cursor: Cursor, onRun: PickHandler, proceed: () => boolean): Promise<void> {
  const run = pickedRun(cursor.state.batch)
  while (proceed() && !cursor.done) {
    await advance(cursor)
    refreshRun(run)
    if (run.records > 0) onRun(run)
  }
}

function pieces(entries: Entry[], shared: Shared): { firstNs: number; open(order: number): Promise<Lane> }[] {
  return entries
    .toSorted((a, b) => (a.firstNs === b.firstNs ? a.capture - b.capture : a.firstNs - b.firstNs))
    .map(entry => ({
      firstNs: entry.firstNs,
      async open(order) {
        const lane = entry.lane ?? newLane(await cursorOf(entry, shared), order)
        entry.lane = undefined
        lane.order = order
        return lane
      },
    }))
}

/** The cursor that stands at the first record: the one that looked into the input, or a new one. */
async function cursorOf(entry: Entry, shared: Shared): Promise<Cursor> {
  if (!entry.fresh) entry.cursor = await openCursor(entry.input, entry.capture, shared)
  entry.fresh = false
  return entry.cursor
}

/** A stand-in until this pass opens the input: nothing read yet, nothing open. */
function restarted(entry: Entry, shared: Shared): Cursor {
  const { source, ...kind } = entry.cursor.opened
  const state = newRecordState(
    entry.input.label,
    entry.capture,
    entry.input.live,
    shared.timebase,
    shared.names,
  )
  return { ...entry.cursor, state, done: true, opened: { ...kind, source: { ...source, position: () => 0 } } }
}

const positionOf = (entry: Entry): number => entry.cursor.opened.source.position()

export const infoOfEntry = (entry: Entry): CaptureInfo => infoOf(entry.cursor)

export const closeEntry = (entry: Entry): void => abandon(entry.cursor)
