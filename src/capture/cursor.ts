/**
 * One capture while it is read: the buffer that bytes arrive in, and the record reader over it.
 *
 * The buffer holds a chunk behind at most one unfinished record, so memory stays the same whatever the file claims:
 * unused bytes are moved to the front only when the room behind them is used up.
 */
import type { CaptureInfo, FrameHandler, Timebase } from '../model.js'
import { formatTime } from '../time.js'
import { type Input, type OpenInput, openInput } from './input.js'
import { linkTypeName } from './linktypes.js'
import { createPcapReader } from './pcap.js'
import { createPcapngReader } from './pcapng.js'
import { MAX_HELD_BYTES, newRecordState, type RecordReader, type RecordState } from './record.js'

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
  /** True once the input has ended and nothing more comes. */
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
    done: false,
  }
}

/**
 * Reads the next chunk and hands over the records that are now whole. The last call, at the end of the input, sets `done`.
 * @throws CaptureError
 */
export async function advance(cursor: Cursor, onFrame: FrameHandler): Promise<void> {
  const { state, reader, buffer, view, chunkBytes } = cursor
  if (buffer.length - cursor.end < chunkBytes) {
    buffer.copyWithin(0, cursor.start, cursor.end)
    cursor.end -= cursor.start
    cursor.start = 0
  }
  const count = state.stopped ? 0 : await cursor.opened.source.read(buffer, cursor.end, chunkBytes)
  cursor.end += count
  if (count > 0) {
    cursor.start = reader.read(buffer, view, cursor.start, cursor.end, onFrame)
    return
  }
  if (cursor.done) return
  cursor.done = true
  const defect = state.stopped ? undefined : cursor.opened.source.defect()
  reader.finish(buffer, view, cursor.start, cursor.end, onFrame)
  if (defect) {
    state.notes.add(defect.note, null, 1, defect.message)
    if (defect.note !== 'trailing-garbage') state.complete = false
  }
  cursor.opened.source.close()
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
