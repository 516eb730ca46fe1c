/** A named input, opened: which container it is, how compressed, and its bytes. */
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import { decompress } from './decompress.js'
import { CaptureError, printable, systemError } from './error.js'
import { describeContent } from './foreign.js'
import { type Compression, type Format, SNIFF_BYTES, sniff } from './sniff.js'
import { leastBytes, type ThreadOptions } from './scan/threads.js'
import { type ByteSource, fileSource, readAhead, streamSource, unread } from './source.js'
import { unpackedElsewhere, unpacksItself } from './unpack.js'

export interface OpenInput {
  format: Format
  compression: Compression | null
  /** Decompressed bytes from the first one on. */
  source: ByteSource
}

/** One input, not yet opened. */
export interface Input {
  /** As the user named it. */
  label: string
  /** Bytes of the file as it lies there; null for streams. */
  size: number | null
  /** Whether `open` may be called again. */
  rereadable: boolean
  /** True when bytes come as they are captured. */
  live: boolean
  /** @throws CaptureError */
  open(): ByteSource
}

/**
 * @param path a file, a named pipe or device, or "-" for standard input
 * @throws CaptureError when there is no such file, when it is a directory or empty, or may not be read
 */
export function inputOf(path: string): Input {
  if (path === '-') return streamInput(process.stdin, 'standard input', false)
  let stat: fs.Stats
  try {
    stat = fs.statSync(path)
  } catch (error) {
    throw systemError(path, error)
  }
  if (stat.isDirectory()) throw systemError(path, { code: 'EISDIR' })
  if (stat.isFile()) {
    if (stat.size === 0)
      throw new CaptureError(`${printable(path)} is empty (0 bytes): nothing was captured into it`)
    return { label: path, size: stat.size, rereadable: true, live: false, open: () => fileSource(path) }
  }
  // Opened here and not lazily, so that a file without read permission is told apart at once.
  try {
    return streamInput(fs.createReadStream(path, { fd: fs.openSync(path, 'r') }), path, false)
  } catch (error) {
    throw systemError(path, error)
  }
}

/** A stream of capture bytes; `live` when they come as they are captured. */
export function streamInput(stream: NodeJS.ReadableStream, label: string, live: boolean): Input {
  return {
    label,
    size: null,
    rereadable: false,
    live,
    open: () => streamSource(stream as Readable, label),
  }
}

/**
 * Opens, sniffs, and decompresses where needed. The source is closed when this fails.
 * @param threads may unpack it
 * @throws CaptureError
 */
export async function openInput(input: Input, threads?: ThreadOptions): Promise<OpenInput> {
  const raw = input.open()
  try {
    const head = await readAhead(raw, SNIFF_BYTES)
    const kind = sniff(head)
    const source = unread(head, raw)
    if (kind === 'pcap' || kind === 'pcapng') return { format: kind, compression: null, source }
    if (kind === undefined) throw notACapture(input.label, head, '')
    const opened = await openCompressed(input, kind, source)
    return { ...opened, source: elsewhere(input, kind, threads, opened.source) }
  } catch (error) {
    raw.close()
    throw error
  }
}

/** The same bytes unpacked by a thread, where that is of use; it begins anew. */
function elsewhere(
  { label, size, rereadable }: Input,
  compression: Compression,
  threads: ThreadOptions | undefined,
  source: ByteSource,
): ByteSource {
  if (!threads?.startUnpacker || !rereadable || size === null || !unpacksItself(compression)) return source
  if (size < leastBytes(threads, true)) return source
  source.close()
  return unpackedElsewhere(threads.startUnpacker, { path: label, compression, size })
}

async function openCompressed(
  input: Input,
  compression: Compression,
  packed: ByteSource,
): Promise<OpenInput> {
  const unpacked = decompress(packed, compression, input.size, input.label)
  try {
    const head = await readAhead(unpacked, SNIFF_BYTES)
    const format = sniff(head)
    if (format === 'pcap' || format === 'pcapng')
      return { format, compression, source: unread(head, unpacked) }
    if (head.length === 0 && unpacked.defect())
      throw new CaptureError(`cannot read ${printable(input.label)}: ${unpacked.defect()!.message}`)
    if (format !== undefined)
      throw new CaptureError(
        `${printable(input.label)} is compressed twice (${format} inside ${compression}): unpack it once first`,
      )
    throw notACapture(input.label, head, ` (${compression} unpacked)`)
  } catch (error) {
    unpacked.close()
    throw error
  }
}

function notACapture(label: string, head: Uint8Array, what: string): CaptureError {
  const name = printable(label)
  if (head.length === 0) return new CaptureError(`${name}${what} is empty: no capture came through`)
  return new CaptureError(`${name}${what} ${describeContent(head)}`)
}
