/**
 * Reads a capture file with threads. They look through stretches of it and begin each at the record that they guess comes first; here, in
 * order, a guess is proven by the stretch before, which ends exactly there. What was not guessed well, and whatever is out of the ordinary,
 * is read again by the ordinary reader, from the true place on: so the result is the same however many threads there are.
 */
import { newBatch, pickedRun, refreshRun } from '../../frames.js'
import type { FrameBatch, Picker, PickedRun, PickHandler } from '../../model.js'
import { advance, type Cursor, moveTo, placeOf } from '../cursor.js'
import type { RecordState } from '../record.js'
import type { Found } from './stretch.js'
import type { ScanThreads } from './threads.js'

/** Stretches read here in spite of the threads, when these were more than half of all: then there is no use in threads. */
const PATIENCE = 8

interface Reading {
  cursor: Cursor
  threads: ScanThreads
  onRun: PickHandler
  /** Called after every batch; false stops. */
  proceed: () => boolean
}

/** @throws CaptureError */
export async function readScanned(
  cursor: Cursor,
  threads: ScanThreads,
  picker: Picker,
  onRun: PickHandler,
  proceed: () => boolean,
): Promise<void> {
  const { stretchBytes } = threads
  const reading: Reading = { cursor, threads, onRun, proceed }
  cursor.state.picker = picker
  // What kind of capture it is, and when it begins.
  await readOn(reading, stretchBytes)
  if (begin(reading, picker)) await takeTurns(reading)
  await readOn(reading, Number.POSITIVE_INFINITY)
}

/** Reads in order, up to the first record that begins at `until` or behind. */
async function readOn({ cursor, onRun, proceed }: Reading, until: number): Promise<void> {
  const run = pickedRun(cursor.state.batch)
  while (proceed() && !cursor.done && !isAt(cursor, until)) {
    await advance(cursor, until)
    refreshRun(run)
    if (run.records > 0) onRun(run)
  }
}

/** Not when it is inside a record that is too long to be held. */
const isAt = (cursor: Cursor, until: number): boolean =>
  placeOf(cursor) >= until && cursor.reader.knowledge() !== undefined

function begin({ cursor, threads, proceed }: Reading, picker: Picker): boolean {
  const knowledge = cursor.reader.knowledge()
  const { seconds } = cursor.state.timebase
  if (cursor.done || !proceed() || !knowledge || Number.isNaN(seconds)) return false
  const { size, device, inode } = cursor.opened.source.file!
  const [first, last] = [placeOf(cursor), size].map(place => Math.floor(place / threads.stretchBytes))
  const order = { file: { device, inode }, knowledge, seconds, recipe: picker.recipe }
  return threads.begin(order, first, last + 1)
}

/** Takes what the threads found, stretch by stretch, for as long as that is of use. The cursor stands behind it then. */
async function takeTurns(reading: Reading): Promise<void> {
  const { cursor, threads, onRun, proceed } = reading
  const { stretchBytes } = threads
  const { size } = cursor.opened.source.file!
  const run = pickedRun(newBatch(0, 0), threads.rows)
  const version = cursor.reader.knowledge()!.version
  let place = placeOf(cursor)
  let own = 0
  const first = Math.floor(place / stretchBytes)
  for (let stretch = first; place < size; stretch = Math.floor(place / stretchBytes)) {
    const scanned = await threads.scanned(stretch)
    if (!scanned || !proceed()) return
    if (scanned.found?.start === place && scanned.found.records > 0) {
      take(cursor.state, scanned.found, threads.batchOf(scanned), run)
      onRun(run)
      place = scanned.found.end
    }
    threads.release(scanned)
    moveTo(cursor, place)
    if (place >= (stretch + 1) * stretchBytes) continue
    await readOn(reading, (stretch + 1) * stretchBytes)
    place = placeOf(cursor)
    if (cursor.done || !proceed()) return
    if (cursor.reader.knowledge()?.version !== version) return
    if (++own > PATIENCE && own * 2 > stretch - first) return
  }
}

/** Adds up what the thread could not know: what came before. */
function take(state: RecordState, found: Found, batch: FrameBatch, run: PickedRun): void {
  const { records, picked, firstNs, lastNs, earliestNs, latestNs, steps, firstStep } = found
  const before = state.frames
  batch.capture = state.batch.capture
  batch.length = picked
  batch.passed = records - picked
  Object.assign(batch, { earliestNs, latestNs })
  for (let row = 0; row < picked; row++) batch.number[row] += before
  if (before > 0 && firstNs < state.lastNs - 1e9) state.notes.add('clock-stepped-back', before + 1)
  if (steps > 0) state.notes.add('clock-stepped-back', before + firstStep, steps)
  state.frames += records
  state.bytes += found.bytes
  state.lastNs = lastNs
  if (!(earliestNs >= state.earliestNs)) state.earliestNs = earliestNs
  if (!(latestNs <= state.latestNs)) state.latestNs = latestNs
  run.batch = batch
  refreshRun(run)
}
