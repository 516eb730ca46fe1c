/**
 * One capture while it is read: the buffer that bytes arrive in, and the record reader over it.
 *
 * A buffer holds a chunk behind at most one unfinished record, so memory stays the same whatever the file claims. There are two: while
 * the records of one are looked at, the next chunk is read into the other. (Of a capture of ten million frames a sixth of the time was waiting.)
 */
import { empty } from '../frames.js'
import type { CaptureInfo, Timebase } from '../model.js'
import { formatTime } from '../time.js'
import { type Input, type OpenInput, openInput } from './input.js'
import { linkTypeName } from './linktypes.js'
import { createPcapReader } from './pcap.js'
import { createPcapngReader } from './pcapng.js'
import type { ThreadOptions } from './scan/threads.js'
import { isFull, MAX_HELD_BYTES, newRecordState, type RecordReader, type RecordState } from './record.js'

export interface Cursor {
  input: Input
  opened: OpenInput
  state: RecordState
  reader: RecordReader
  buffer: Uint8Array
  view: DataView
  /** The other buffer, while nothing is read into it. */
  spare: { buffer: Uint8Array; view: DataView } | undefined
  chunkBytes: number
  /** Unused bytes are `buffer[start .. end)`. */
  start: number
  end: number
  /** Where `end` lies in the unpacked capture. */
  place: number
  /** The batch was full: further records may lie at hand. */
  more: boolean
  /** The next chunk, being read into the buffer that is not looked at; undefined where nothing is read ahead. */
  ahead: Ahead | undefined
  /** Chunks asked for so far. */
  chunks: number
  /** Nothing more can be read of the input. */
  ended: boolean
  /** True once the last record was taken and nothing more comes. */
  done: boolean
}

interface Ahead {
  buffer: Uint8Array
  view: DataView
  /** Bytes read from UNUSED_BYTES on; rejects as the source does. */
  count: Promise<number>
}

/** Room in front of a chunk that was read ahead, for what is unused of the chunk before it. */
const UNUSED_BYTES = MAX_HELD_BYTES

/** What all captures of an analysis share. */
export interface Shared {
  timebase: Timebase
  names: Map<string, string>
  chunkBytes: number
  threads: ThreadOptions | undefined
}

/** @throws CaptureError */
export async function openCursor(input: Input, capture: number, shared: Shared): Promise<Cursor> {
  const opened = await openInput(input, shared.threads)
  const state = newRecordState(input.label, capture, input.live, shared.timebase, shared.names)
  const reader = opened.format === 'pcap' ? createPcapReader(state) : createPcapngReader(state)
  return {
    input,
    opened,
    state,
    reader,
    ...newBuffer(shared.chunkBytes),
    chunkBytes: shared.chunkBytes,
    start: 0,
    end: 0,
    place: 0,
    more: false,
    spare: undefined,
    ahead: undefined,
    chunks: 0,
    ended: false,
    done: false,
  }
}

/** Not zeroed: nothing beyond `end` is ever looked at. */
function newBuffer(chunkBytes: number): { buffer: Uint8Array; view: DataView } {
  const buffer = Buffer.allocUnsafeSlow(UNUSED_BYTES + chunkBytes)
  return { buffer, view: new DataView(buffer.buffer) }
}

/**
 * Fills the batch with the records that come next: those at hand, else the ones that the next chunk makes whole (which may be none).
 * The last call, at the end of the input, sets `done`.
 * @param until place in the capture: records that begin there or behind are left alone
 * @throws CaptureError
 */
export async function advance(cursor: Cursor, until = Number.POSITIVE_INFINITY): Promise<void> {
  const { state, reader } = cursor
  empty(state.batch)
  if (cursor.done) return
  if (!cursor.more) await fetch(cursor)
  if (cursor.ended) return conclude(cursor)
  const { buffer, view } = cursor
  const limit = Math.min(cursor.end, until - cursor.place + cursor.end)
  cursor.start = reader.read(buffer, view, cursor.start, cursor.end, limit)
  cursor.more = isFull(state.batch)
}

/** Puts the next chunk behind what is unused, and begins to read the one after it. */
async function fetch(cursor: Cursor): Promise<void> {
  const { state } = cursor
  let count = 0
  if (!state.stopped) count = cursor.ahead ? await takeAhead(cursor, cursor.ahead) : await readBehind(cursor)
  cursor.end += count
  cursor.place += count
  cursor.ended = count === 0
  // Of a capture that is only looked into, one chunk is read and no more.
  if (cursor.chunks++ > 0 && !cursor.ended) readAhead(cursor)
}

async function readBehind(cursor: Cursor): Promise<number> {
  const { buffer, chunkBytes, opened } = cursor
  if (buffer.length - cursor.end < chunkBytes) {
    buffer.copyWithin(0, cursor.start, cursor.end)
    cursor.end -= cursor.start
    cursor.start = 0
  }
  return opened.source.read(buffer, cursor.end, chunkBytes)
}

function readAhead(cursor: Cursor): void {
  const { buffer, view } = cursor.spare ?? newBuffer(cursor.chunkBytes)
  const count = cursor.opened.source.read(buffer, UNUSED_BYTES, cursor.chunkBytes)
  // It is awaited later, or never.
  count.catch(() => {})
  cursor.ahead = { buffer, view, count }
}

/** Changes over to the buffer that was read ahead: what is unused moves in front of it. */
async function takeAhead(cursor: Cursor, ahead: Ahead): Promise<number> {
  cursor.ahead = undefined
  const count = await ahead.count
  const { buffer, view, start, end } = cursor
  ahead.buffer.set(buffer.subarray(start, end), UNUSED_BYTES - (end - start))
  cursor.start = UNUSED_BYTES - (end - start)
  cursor.end = UNUSED_BYTES
  cursor.spare = { buffer, view }
  cursor.buffer = ahead.buffer
  cursor.view = ahead.view
  return count
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

/** Where in the unpacked capture the first byte lies that is not used yet. */
export const placeOf = ({ place, start, end }: Cursor): number => place - (end - start)

/** Goes on at another place of a plain file, where a record begins. */
export function moveTo(cursor: Cursor, place: number): void {
  cursor.opened.source.file!.seek(place)
  Object.assign(cursor, { start: 0, end: 0, place, more: false, ahead: undefined, chunks: 0, ended: false })
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
