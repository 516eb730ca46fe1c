/**
 * One capture while it is read: the buffer that bytes arrive in, and the record reader over it.
 *
 * The buffer holds a chunk behind at most one unfinished record, so memory stays the same whatever the file claims:
 * unused bytes are moved to the front only when the room behind them is used up.
 */
import type { CaptureInfo, Timebase } from '../model.js'
import { formatTime } from '../time.js'
import { type Input, type OpenInput, openInput } from './input.js'
import { linkTypeName } from './linktypes.js'
import { createPcapReader } from './pcap.js'
import { createPcapngReader } from './pcapng.js'
import { isFull, MAX_HELD_BYTES, newRecordState, type RecordReader, type RecordState } from './record.js'

export interface Cursor {
  input: Input
  opened: OpenInput
  state: RecordState
  reader: RecordReader
  buffer: Uint8Array
  view: DataView
  chunkBytes: number
  /** Unused bytes are `buffer[start .. end)`. */
  start: number
  end: number
  /** The batch was full: further records may lie at hand. */
  more: boolean
  /** Nothing more can be read of the input. */
  ended: boolean
  /** True once the last record was taken and nothing more comes. */
  done: boolean
}

/** What all captures of an analysis share. */
export interface Shared {
  timebase: Timebase
  names: Map<string, string>
  chunkBytes: number
}

/** @throws CaptureError */
export async function openCursor(input: Input, capture: number, shared: Shared): Promise<Cursor> {
  const opened = await openInput(input)
  const state = newRecordState(input.label, capture, input.live, shared.timebase, shared.names)
  const reader = opened.format === 'pcap' ? createPcapReader(state) : createPcapngReader(state)
  // Not zeroed: nothing beyond `end` is ever looked at.
  const buffer = Buffer.allocUnsafeSlow(shared.chunkBytes + MAX_HELD_BYTES)
  const view = new DataView(buffer.buffer)
  return {
    input,
    opened,
    state,
    reader,
    buffer,
    view,
    chunkBytes: shared.chunkBytes,
    start: 0,
    end: 0,
    more: false,
    ended: false,
    done: false,
  }
}

/**
 * Fills the batch with the records that come next: those at hand, else the ones that the next chunk makes whole (which may be none).
 * The last call, at the end of the input, sets `done`.
 * @throws CaptureError
 */
export async function advance(cursor: Cursor): Promise<void> {
  const { state, reader, buffer, view } = cursor
  state.batch.length = 0
  if (cursor.done) return
  if (!cursor.more) await fetch(cursor)
  if (cursor.ended) return conclude(cursor)
  cursor.start = reader.read(buffer, view, cursor.start, cursor.end)
  cursor.more = isFull(state.batch)
}

/** Reads the next chunk behind what is unused. */
async function fetch(cursor: Cursor): Promise<void> {
  const { state, buffer, chunkBytes } = cursor
  if (buffer.length - cursor.end < chunkBytes) {
    buffer.copyWithin(0, cursor.start, cursor.end)
    cursor.end -= cursor.start
    cursor.start = 0
  }
  const count = state.stopped ? 0 : await cursor.opened.source.read(buffer, cursor.end, chunkBytes)
  cursor.end += count
  cursor.ended = count === 0
}

function conclude(cursor: Cursor): void {
  const { state, reader, buffer, view, opened } = cursor
  if (cursor.done) return
  const defect = state.stopped ? undefined : opened.source.defect()
  cursor.start = reader.finish(buffer, view, cursor.start, cursor.end)
  cursor.more = isFull(state.batch) && !state.stopped
  if (cursor.more) return
  cursor.done = true
  if (defect) {
    state.notes.add(defect.note, null, 1, defect.message)
    if (defect.note !== 'trailing-garbage') state.complete = false
  }
  opened.source.close()
}

/** Stops reading here, as if the rest did not exist; a read that is under way ends. */
export function abandon(cursor: Cursor): void {
  if (cursor.done) return
  cursor.done = true
  cursor.opened.source.close()
}

/** What is known of the capture so far; `tcpSegments` is for the caller to fill. */
export function infoOf({ state, opened, input }: Pick<Cursor, 'state' | 'opened' | 'input'>): CaptureInfo {
  const time = (ns: number): string | null =>
    Number.isNaN(ns) ? null : formatTime(state.timebase, ns, state.digits)
  return {
    path: input.label,
    format: opened.format,
    compression: opened.compression,
    linkTypes: [...new Set(state.linkTypes.map(linkTypeName))],
    frames: state.frames,
    tcpSegments: 0,
    bytes: state.bytes,
    firstTime: time(state.earliestNs),
    lastTime: time(state.latestNs),
    complete: state.complete,
    notes: state.notes.list(),
  }
}
