/**
 * What is said between the thread that analyses a capture and those that look through it. A file is cut into stretches of equal length, each
 * of which is read into a slot of shared memory, with the rows picked of it beside: nothing is copied on its way.
 */
import type { FrameBatch, Picker } from '../../model.js'
import { type Knowledge, MAX_HELD_BYTES } from '../record.js'

/** Given to a thread when it is started. */
export interface ScanSetup {
  path: string
  stretchBytes: number
  slots: SharedArrayBuffer[]
}

/** Given to it before each reading of the file. */
export interface ScanOrder {
  /** Number of the reading; results bear it. */
  reading: number
  /** The file as it was opened by who orders: a thread that finds another one there says so. */
  file: FileMark
  knowledge: Knowledge
  /** Seconds of the timebase. */
  seconds: number
  recipe: Picker['recipe']
}

/** Tells a file from one that has taken its place. */
export interface FileMark {
  device: number
  inode: number
}

export type ToThread = { order: ScanOrder } | { stretch: number; slot: number }

/** What a thread found in a stretch. Times are NaN, places meaningless where there are no records. */
export interface Found {
  /** Where in the file the first record begins, by the looks of it. */
  start: number
  /** Where the record begins that follows the last one looked at. */
  end: number
  /** Records looked at, and their captured bytes. */
  records: number
  bytes: number
  /** Rows in the slot. */
  picked: number
  earliestNs: number
  latestNs: number
  /** Times of the first and the last record. */
  firstNs: number
  lastNs: number
  /** How often the clock stepped back, and before which record (1 = the first) it did so first. */
  steps: number
  firstStep: number
}

/** `found` is undefined where the stretch holds anything but ordinary records: who reads in order must read it. */
export interface Scanned {
  reading: number
  stretch: number
  slot: number
  found: Found | undefined
}

/** Pieces in which a stretch is read: they stay in a core's cache until they were looked at. */
export const PIECE_BYTES = 1 << 18

/** Rows for packets without payload, if all are picked. Where records are smaller still, a stretch is left before its end. */
const rowsOf = (stretchBytes: number): number => Math.max(1 << 13, stretchBytes >> 6)

/** Bytes of a record in the columns of a batch. */
const COLUMNS = 8 + 5 * 4

/** The last record of a stretch may reach beyond it. A multiple of 8: columns follow. */
const dataBytes = (stretchBytes: number): number => (stretchBytes + MAX_HELD_BYTES + 7) & ~7

export const newSlot = (stretchBytes: number): SharedArrayBuffer =>
  new SharedArrayBuffer(dataBytes(stretchBytes) + rowsOf(stretchBytes) * COLUMNS)

/** A slot's memory as a batch. */
export function batchOver(slot: SharedArrayBuffer, stretchBytes: number): FrameBatch {
  const rows = rowsOf(stretchBytes)
  const bytes = dataBytes(stretchBytes)
  const column = (number: number): number => bytes + rows * (8 + 4 * number)
  return {
    capture: 0,
    length: 0,
    passed: 0,
    earliestNs: Number.POSITIVE_INFINITY,
    latestNs: Number.NEGATIVE_INFINITY,
    data: new Uint8Array(slot, 0, bytes),
    view: new DataView(slot, 0, bytes),
    timeNs: new Float64Array(slot, bytes, rows),
    number: new Uint32Array(slot, column(0), rows),
    start: new Int32Array(slot, column(1), rows),
    end: new Int32Array(slot, column(2), rows),
    originalLength: new Uint32Array(slot, column(3), rows),
    linkType: new Int32Array(slot, column(4), rows),
  }
}
