/** bytes → frames: opens captures and hands over their records, ordered by time. */
import type { Readable } from 'node:stream'
import { eachFrame } from '../frames.js'
import type { BatchHandler, CaptureInfo, FrameHandler, Picker, PickHandler, Timebase } from '../model.js'
import type { Shared } from './cursor.js'
import { closeEntry, type Entry, infoOfEntry, openEntry, readEntries, type Use } from './entry.js'
import { CaptureError, printable } from './error.js'
import { inputOf, streamInput } from './input.js'
import { leastBytes, type ThreadOptions, ScanThreads } from './scan/threads.js'

export { CaptureError } from './error.js'
export { linkTypeName } from './linktypes.js'
export type { ThreadOptions } from './scan/threads.js'

export interface OpenOptions {
  /** Bytes asked of a file at once; default 1 MiB. Every value gives the same frames. */
  chunkBytes?: number
  /** Leave out captures that cannot be read (all of them being bad is still an error). */
  keepGoing?: boolean
  /** Threads that look through a large plain file ahead of its reader, or unpack one. */
  threads?: ThreadOptions
  /** Told what `keepGoing` left out, and why threads ended early; one line each. */
  onWarning?: (message: string) => void
}

export interface ReadOptions {
  /**
   * Called after each batch of records.
   * @param bytes read of all inputs in this pass, as they lie on the disk
   * @param total their sizes together; null when a stream is among them
   */
  onProgress?: (bytes: number, total: number | null) => void
  /** Ends the reading after the current batch; `read` then resolves as if the captures ended there. */
  signal?: AbortSignal
}

/** The captures of one vantage point. */
export interface CaptureSet {
  /** Zero point of all `Frame.timeNs`. */
  readonly timebase: Timebase
  /** Whether `read` may be called more than once. */
  readonly rereadable: boolean
  /** Sum of the file sizes; null when a stream is among them. */
  readonly totalBytes: number | null
  /** Address → name by name resolution blocks, IPv6 as in RFC 5952. Complete after a whole `read`. */
  readonly names: ReadonlyMap<string, string>
  /**
   * What the latest `read` found, in the order of the arguments: `Frame.capture` is the index. Fresh objects with each call;
   * `notes` holds those of the capture layer, `tcpSegments` is 0.
   */
  infos(): CaptureInfo[]
  /**
   * Hands over every record, ordered by time across captures. Each call starts at the first record and delivers exactly the same.
   * @throws CaptureError for what could not be seen when the captures were opened (a disk error, a damaged first header)
   */
  readBatches(onBatch: BatchHandler, options?: ReadOptions): Promise<void>
  /** The same, with the records picked only: by several threads where `OpenOptions.threads` says so, the same ones in any case. */
  readPicked(picker: Picker, onRun: PickHandler, options?: ReadOptions): Promise<void>
  /** The same as `readBatches`, one record at a time. */
  read(onFrame: FrameHandler, options?: ReadOptions): Promise<void>
  /** Releases what is open. Only needed when `read` was never called to the end, or with threads. */
  close(): void
}

/**
 * Opens captures that are the rotated pieces of one vantage point.
 * @param paths files, named pipes, "-" for standard input
 * @throws CaptureError naming the first capture that cannot be read
 */
export async function openCaptures(paths: readonly string[], options: OpenOptions = {}): Promise<CaptureSet> {
  const shared = newShared(options, paths.length)
  const entries: Entry[] = []
  let firstError: unknown
  for (const path of paths) {
    try {
      entries.push(await openEntry(() => inputOf(path), entries.length, shared, paths.length > 1))
    } catch (error) {
      firstError ??= error
      if (!options.keepGoing || !(error instanceof CaptureError)) break
      options.onWarning?.(`${error.message} (left out)`)
    }
  }
  if (firstError && (!options.keepGoing || entries.length === 0 || !(firstError instanceof CaptureError))) {
    entries.forEach(closeEntry)
    throw firstError
  }
  if (entries.length === 0) throw new CaptureError('no capture was named')
  return captureSet(entries, shared, threadsFor(entries, options))
}

/** Of one plain file that is large enough. */
function threadsFor(entries: Entry[], { threads, onWarning }: OpenOptions): ScanThreads | undefined {
  const [{ input, cursor }] = entries
  const { file } = cursor.opened.source
  const count = threads?.scanners ?? threads?.count ?? 0
  if (!threads || count <= 1 || entries.length > 1 || !file) return undefined
  if (file.size < leastBytes(threads, false)) return undefined
  return new ScanThreads(input.label, { ...threads, count }, reason =>
    onWarning?.(`${printable(input.label)} is read by one thread, another failed: ${reason}`),
  )
}

/**
 * Opens a pcap or pcapng stream, e.g. of a live engine. Frames are handed over as soon as their bytes have come.
 * @param label what messages and `CaptureInfo.path` call it
 * @throws CaptureError when the stream ends before, or does not begin with, a capture header
 */
export async function openStream(
  stream: Readable,
  label: string,
  options: OpenOptions = {},
): Promise<CaptureSet> {
  const shared = newShared(options, 1)
  return captureSet([await openEntry(() => streamInput(stream, label, true), 0, shared, false)], shared)
}

function newShared(options: OpenOptions, captures: number): Shared {
  // Captures that overlap in time are open at once: their chunks, two of each, together stay within 64 MiB.
  const chunkBytes =
    options.chunkBytes ?? Math.max(1 << 16, Math.min(1 << 20, Math.floor((32 << 20) / captures)))
  // Captures that overlap in time are unpacked at once, by a thread each: not by dozens.
  const { count = 0 } = options.threads ?? {}
  const threads = count > 1 && captures <= count * 4 ? options.threads : undefined
  return { timebase: { seconds: Number.NaN }, names: new Map(), chunkBytes, threads }
}

function captureSet(entries: Entry[], shared: Shared, threads?: ScanThreads): CaptureSet {
  const rereadable = entries.every(entry => entry.input.rereadable)
  const sizes = entries.map(entry => entry.input.size)
  const totalBytes = sizes.reduce(
    (sum: number | null, size) => (sum === null || size === null ? null : sum + size),
    0,
  )
  let passes = 0
  async function read(use: Use, options: ReadOptions = {}): Promise<void> {
    if (passes++ > 0 && !rereadable) throw new Error('a stream can be read only once')
    await readEntries(entries, shared, use, totalBytes, options)
  }
  return {
    timebase: shared.timebase,
    rereadable,
    totalBytes,
    names: shared.names,
    infos: () => entries.map(infoOfEntry),
    readBatches: (onBatch, options) => read({ onBatch }, options),
    readPicked: (picker, onRun, options) => read({ picker, onRun, threads }, options),
    read: (onFrame, options) => read({ onBatch: eachFrame(onFrame) }, options),
    close: () => {
      entries.forEach(closeEntry)
      threads?.close()
    },
  }
}
