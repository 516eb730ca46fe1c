/** What the two record readers (pcap.ts, pcapng.ts) share: their state, their interface, their limits. */
import { EVERY_FRAME, newBatch } from '../frames.js'
import type { FrameBatch, Picker, Timebase } from '../model.js'
import { Notes } from '../notes.js'

/**
 * Longest record that is kept in memory and handed over. Longer ones (D-Bus and USB messages, secrets blocks) are walked over
 * and counted, whatever their length field says; nothing is ever allocated for them.
 */
export const MAX_HELD_BYTES = 1 << 20

/** All that is known of one capture while it is read. Plain data, written by its reader only. */
export interface RecordState {
  /** As the user named it, for messages. */
  label: string
  /** True when bytes come as they are captured: then no reader may wait for further records before it hands one over. */
  live: boolean
  timebase: Timebase
  /** Address → name from name resolution blocks; shared by all captures of an analysis. */
  names: Map<string, string>
  notes: Notes
  /** Where its records are put; whoever takes them sets its length back to 0. */
  batch: FrameBatch
  /**
   * Chooses what is put there. Asked where a record is found: of records that are looked at once and left, a row in the batch and a second
   * visit took half of the time.
   */
  picker: Picker
  /** Records so far, numbered as Wireshark numbers them. */
  frames: number
  /** Captured bytes of them. */
  bytes: number
  /** LINKTYPE_ numbers in order of first appearance. */
  linkTypes: number[]
  /** Of all records with a timestamp; NaN before the first. */
  earliestNs: number
  latestNs: number
  /** The first record's; NaN before. Of no meaning where other blocks than ordinary packets came first. */
  firstNs: number
  /** The last record's; 0 before the first timestamp. */
  lastNs: number
  /** Decimal digits of a second that the timestamps have, 0..9. */
  digits: number
  /** False once a part of the input was found cut or damaged. */
  complete: boolean
  /** True once nothing more can be read: the rest of the input is of no use. */
  stopped: boolean
}

/** What a reader has learned of a capture that reading on from its next record takes. Plain data, for another thread. */
export interface Knowledge {
  format: 'pcap' | 'pcapng'
  /** Changes whenever records have to be read differently from now on. */
  version: number
  /** For the same format's reader. */
  details: unknown
}

/** A push parser: synchronous, keeps no bytes; the caller owns the buffer. */
export interface RecordReader {
  /**
   * Puts the records that lie whole in `data[start .. end)` into the batch, until that is full.
   * @param view a DataView over the same bytes as `data`
   * @param until records that begin there or behind are left alone
   * @returns the position up to which bytes were used up; the caller presents the rest again: at once where the batch was full, else with
   *          more behind it. Then it never leaves more than MAX_HELD_BYTES unused.
   */
  read(data: Uint8Array, view: DataView, start: number, end: number, until?: number): number
  /** Undefined while it is inside a long record, before it has read the header, and where only one reader in order can read the capture. */
  knowledge(): Knowledge | undefined
  /**
   * Met nothing but ordinary packets so far: another reader that did not see them would go on just the same.
   */
  readonly plain: boolean
  /**
   * The input ended with `data[start .. end)` unused: puts what can still be read into the batch and notes what is cut.
   * @returns as `read`: where the batch is full and the state not stopped, call again
   */
  finish(data: Uint8Array, view: DataView, start: number, end: number): number
}

/** Nothing was noted of it but steps of the clock, which are easily added up. */
export const isPlain = (state: RecordState): boolean =>
  state.complete && !state.stopped && state.notes.list().every(({ name }) => name === 'clock-stepped-back')

/** A batch with room for no more records. */
export const isFull = (batch: FrameBatch): boolean => batch.length === batch.start.length

/** The clock stepped back before a record, or it is the first: seen by the same look, since there is no time before it. */
export function noteStep(state: RecordState, framesBefore: number, timeNs: number): void {
  if (framesBefore === 0) state.firstNs = timeNs
  else state.notes.add('clock-stepped-back', framesBefore + 1)
}

/** Adds records to the spans of time of their batch and of the capture; none where the latest is infinite. */
export function noteTimes(state: RecordState, earliestNs: number, latestNs: number, lastNs: number): void {
  if (latestNs === Number.NEGATIVE_INFINITY) return
  const { batch } = state
  batch.earliestNs = Math.min(batch.earliestNs, earliestNs)
  batch.latestNs = Math.max(batch.latestNs, latestNs)
  if (!(earliestNs >= state.earliestNs)) state.earliestNs = earliestNs
  if (!(latestNs <= state.latestNs)) state.latestNs = latestNs
  state.lastNs = lastNs
}

export function newRecordState(
  label: string,
  capture: number,
  live: boolean,
  timebase: Timebase,
  names: Map<string, string>,
  batch: FrameBatch = newBatch(capture),
): RecordState {
  return {
    label,
    live,
    timebase,
    names,
    notes: new Notes(),
    batch,
    picker: EVERY_FRAME,
    frames: 0,
    bytes: 0,
    linkTypes: [],
    earliestNs: Number.NaN,
    latestNs: Number.NaN,
    firstNs: Number.NaN,
    lastNs: 0,
    digits: 6,
    complete: true,
    stopped: false,
  }
}

/** Damage behind which nothing can be found again: everything before `record` counts. */
export function stop(
  state: RecordState,
  note: 'damaged-record' | 'damaged-block',
  record: number,
  message: string,
): void {
  state.notes.add(note, record, 1, message)
  state.complete = false
  state.stopped = true
}

/** The input ended `have` bytes into record number `frames + 1`, which needs `need` bytes. */
export function cut(state: RecordState, need: number, have: number): void {
  const message = `the file ends in the middle of record ${state.frames + 1} (${have} of ${need} bytes): analysed up to there`
  state.notes.add('record-cut', state.frames + 1, 1, message)
  state.complete = false
  state.stopped = true
}
