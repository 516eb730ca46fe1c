/** Frames and batches of them, made and filled (their shapes are in model.ts). */
import type {
  BatchHandler,
  Frame,
  FrameBatch,
  FrameHandler,
  PickedRun,
  Picker,
  PickHandler,
} from './model.js'

/** Records of a batch: its columns (64 KiB) and the bytes it describes should still be in a core's cache when they are looked at again. */
export const BATCH_ROWS = 2048

export function newBatch(capture: number, rows: number = BATCH_ROWS): FrameBatch {
  const data = new Uint8Array(0)
  return {
    capture,
    length: 0,
    passed: 0,
    earliestNs: Number.POSITIVE_INFINITY,
    latestNs: Number.NEGATIVE_INFINITY,
    data,
    view: new DataView(data.buffer),
    number: new Uint32Array(rows),
    timeNs: new Float64Array(rows),
    start: new Int32Array(rows),
    end: new Int32Array(rows),
    originalLength: new Uint32Array(rows),
    linkType: new Int32Array(rows),
  }
}

/** Makes room for other records. */
export function empty(batch: FrameBatch): void {
  batch.length = 0
  batch.passed = 0
  batch.earliestNs = Number.POSITIVE_INFINITY
  batch.latestNs = Number.NEGATIVE_INFINITY
}

/** Adds a record; there must be room. Its time is there: a double handed to a function that is not inlined would be allocated. */
export function putRow(
  batch: FrameBatch,
  number: number,
  start: number,
  end: number,
  originalLength: number,
  linkType: number,
): void {
  const row = batch.length++
  batch.number[row] = number
  batch.start[row] = start
  batch.end[row] = end
  batch.originalLength[row] = originalLength
  batch.linkType[row] = linkType
}

/** Wants all records. */
export const EVERY_FRAME: Picker = { wants: () => true, recipe: undefined }

export function newFrame(): Frame {
  return {
    number: 0,
    capture: 0,
    // NaN makes the engine store timeNs unboxed from the start: no allocation per frame.
    timeNs: Number.NaN,
    data: new Uint8Array(0),
    start: 0,
    end: 0,
    originalLength: 0,
    linkType: 0,
  }
}

/** Record `row` of a batch as a frame. */
export function loadFrame(batch: FrameBatch, row: number, frame: Frame): void {
  frame.number = batch.number[row]
  frame.capture = batch.capture
  frame.timeNs = batch.timeNs[row]
  frame.data = batch.data
  frame.start = batch.start[row]
  frame.end = batch.end[row]
  frame.originalLength = batch.originalLength[row]
  frame.linkType = batch.linkType[row]
}

/** For readers that want one frame at a time. */
export function eachFrame(onFrame: FrameHandler): BatchHandler {
  const frame = newFrame()
  return (batch, from, to) => {
    for (let row = from; row < to; row++) {
      loadFrame(batch, row, frame)
      onFrame(frame)
    }
  }
}

/** Picks in this thread. */
export function eachRun(picker: Picker, onRun: PickHandler): BatchHandler {
  let run: PickedRun | undefined
  return (batch, from, to) => {
    if (from === to) return
    run ??= newRun(batch, BATCH_ROWS)
    run.batch = batch
    run.picked = pickRows(picker, batch, from, to, run.rows)
    run.records = to - from
    spanOf(batch.timeNs, from, to, run)
    onRun(run)
  }
}

function pickRows(picker: Picker, batch: FrameBatch, from: number, to: number, picked: Int32Array): number {
  const { view, start, end, originalLength, linkType } = batch
  let count = 0
  for (let row = from; row < to; row++) {
    if (picker.wants(view, start[row], end[row], originalLength[row], linkType[row])) picked[count++] = row
  }
  return count
}

/** For batches that hold nothing but what was picked: all rows. */
export function pickedRun(batch: FrameBatch, rows: number = batch.start.length): PickedRun {
  const run = newRun(batch, rows)
  for (let row = 0; row < run.rows.length; row++) run.rows[row] = row
  return run
}

/** @param run of a batch that was filled anew, by `pickedRun` */
export function refreshRun(run: PickedRun): void {
  const { length, passed, earliestNs, latestNs } = run.batch
  run.picked = length
  run.records = length + passed
  run.earliestNs = earliestNs
  run.latestNs = latestNs
}

export function newRun(batch: FrameBatch, rows: number): PickedRun {
  return {
    batch,
    rows: new Int32Array(rows),
    picked: 0,
    records: 0,
    earliestNs: Number.NaN,
    latestNs: Number.NaN,
  }
}

function spanOf(timeNs: Float64Array, from: number, to: number, run: PickedRun): void {
  let earliest = timeNs[from]
  let latest = earliest
  for (let row = from + 1; row < to; row++) {
    const time = timeNs[row]
    if (time > latest) latest = time
    if (time < earliest) earliest = time
  }
  run.earliestNs = earliest
  run.latestNs = latest
}
