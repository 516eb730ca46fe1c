/** What the two record readers (pcap.ts, pcapng.ts) share: their state, their interface, their limits. */
import type { Frame, FrameHandler, Timebase } from '../model.js'
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
  /** The one object handed to the handler. */
  frame: Frame
  /** Records so far, numbered as Wireshark numbers them. */
  frames: number
  /** Captured bytes of them. */
  bytes: number
  /** LINKTYPE_ numbers in order of first appearance. */
  linkTypes: number[]
  /** Of all records with a timestamp; NaN before the first. */
  earliestNs: number
  latestNs: number
  /** The last record's; 0 before the first timestamp. */
  lastNs: number
  /** Decimal digits of a second that the timestamps have, 0..9. */
  digits: number
  /** False once a part of the input was found cut or damaged. */
  complete: boolean
  /** True once nothing more can be read: the rest of the input is of no use. */
  stopped: boolean
}

/** A push parser: synchronous, keeps no bytes; the caller owns the buffer. */
export interface RecordReader {
  /**
   * Hands over every record that lies whole in `data[start .. end)`.
   * @param view a DataView over the same bytes as `data`
   * @returns the position up to which bytes were used up; the caller presents the rest again, with more behind it.
   *          Never leaves more than MAX_HELD_BYTES unused.
   */
  read(data: Uint8Array, view: DataView, start: number, end: number, onFrame: FrameHandler): number
  /** The input ended with `data[start .. end)` unused: hands over what can still be, notes what is cut. */
  finish(data: Uint8Array, view: DataView, start: number, end: number, onFrame: FrameHandler): void
}

export function newRecordState(
  label: string,
  capture: number,
  live: boolean,
  timebase: Timebase,
  names: Map<string, string>,
): RecordState {
  return {
    label,
    live,
    timebase,
    names,
    notes: new Notes(),
    // NaN makes the engine store timeNs unboxed from the start: no allocation per frame.
    frame: {
      number: 0,
      capture,
      timeNs: Number.NaN,
      data: new Uint8Array(0),
      start: 0,
      end: 0,
      originalLength: 0,
      linkType: 0,
    },
    frames: 0,
    bytes: 0,
    linkTypes: [],
    earliestNs: Number.NaN,
    latestNs: Number.NaN,
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
