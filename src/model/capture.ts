/** Bytes → frames: what the capture layer hands over. `Frame` and batches are reused objects, valid only during the call that hands them over. */

/**
 * One captured record. ONE object is reused for every frame of a capture: read it during the call, keep nothing of it.
 */
export interface Frame {
  /** Counted from 1 within its capture, as Wireshark does. */
  number: number
  /** Index into the list of captures given on the command line. */
  capture: number
  /** Integer nanoseconds since `Timebase.seconds` (exact for 104 days, see DESIGN); the last known time when the record bears none. */
  timeNs: number
  /** The buffer that holds the captured bytes `data[start .. end)`. */
  data: Uint8Array
  start: number
  end: number
  /** Bytes the packet had on the wire; `end - start` of them were captured. */
  originalLength: number
  /** LINKTYPE_ number (https://www.tcpdump.org/linktypes.html) of the interface it was captured on. */
  linkType: number
}

/** Zero point of all `timeNs`: a whole Unix second, shared by all captures of one analysis. NaN until the first frame. */
export interface Timebase {
  seconds: number
}

/** Called once per record, synchronously, in capture order. */
export type FrameHandler = (frame: Frame) => void

/**
 * Captured records in capture order as columns: element i of each is a field of record i, as in `Frame`. ONE batch is reused for a whole
 * capture. What looks at every frame of a capture takes batches: 8 ns a record to fill and walk, where a `Frame` and a call take 30.
 */
export interface FrameBatch {
  capture: number
  /** Records in it, at most `start.length`. */
  length: number
  /** Records among and behind them that were passed over, because they were not wanted; 0 unless its reader has a picker. */
  passed: number
  /** The least and the greatest time of all of these; infinite where there are none. */
  earliestNs: number
  latestNs: number
  /** The buffer that holds the captured bytes of all of them. */
  data: Uint8Array
  /** The same bytes; both begin at the same place. */
  view: DataView
  number: Uint32Array
  timeNs: Float64Array
  start: Int32Array
  end: Int32Array
  originalLength: Uint32Array
  linkType: Int32Array
}

/** Records `from .. to` of a batch, synchronously, in capture order. */
export type BatchHandler = (batch: FrameBatch, from: number, to: number) => void

/** Chooses records by their bytes alone: the same ones in any thread. */
export interface Picker {
  /**
   * @param start captured bytes: `view[start .. end)`
   * @param original bytes on the wire
   */
  wants(view: DataView, start: number, end: number, original: number, linkType: number): boolean
  /** Plain data by which another thread makes its like. */
  readonly recipe: unknown
}

/** Records one behind the other, some of which were picked. One object is reused for a whole capture. */
export interface PickedRun {
  /** Holds those that were picked, and may hold others. */
  batch: FrameBatch
  /** The rows picked: `rows[0 .. picked)`, in order. */
  rows: Int32Array
  picked: number
  /** All records of the run, at least one, and the least and the greatest of their times. */
  records: number
  earliestNs: number
  latestNs: number
}

/** Run by run, synchronously, in capture order. */
export type PickHandler = (run: PickedRun) => void

/** One named malformation or capture defect, counted. */
export interface Note {
  name: string
  count: number
  /** Frame that showed it first; null when it belongs to no frame. */
  firstFrame: number | null
  message: string
}

/** What is known of one input file or stream once it has been read. */
export interface CaptureInfo {
  path: string
  format: 'pcap' | 'pcapng'
  compression: 'gzip' | 'zstd' | 'xz' | 'lz4' | null
  /** LINKTYPE_ names such as EN10MB, in order of first appearance. */
  linkTypes: string[]
  frames: number
  tcpSegments: number
  /** Captured bytes of all frames. */
  bytes: number
  /** UTC, with the capture's own precision; null without frames or timestamps. */
  firstTime: string | null
  lastTime: string | null
  /** False when the file ends in the middle of a record or a damaged part was skipped. */
  complete: boolean
  notes: Note[]
}
