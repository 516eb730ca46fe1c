/** Where bytes come from: files, pipes, programs. Pull-driven, so that nothing is buffered beyond what a reader asked for. */
import fs from 'node:fs'
import type { Readable } from 'node:stream'
import type { NoteName } from '../notes.js'
import { systemError } from './error.js'

/** A defect found after bytes had already been delivered: they count, the report says what is missing. */
export interface SourceDefect {
  note: NoteName
  message: string
}

export interface ByteSource {
  /**
   * Fills `into[at .. at + length)` from its front.
   * @returns bytes written: at least 1, fewer than `length` whenever fewer are at hand, 0 at the end
   * @throws CaptureError
   */
  read(into: Uint8Array, at: number, length: number): Promise<number>
  /** Bytes taken from the underlying file so far (of a compressed file: compressed bytes). */
  position(): number
  /** After the end: what was wrong, if anything. */
  defect(): SourceDefect | undefined
  /** May be called at any time, also while a read is pending (which then ends). */
  close(): void
  /** Of plain files: can be read from anywhere. */
  readonly file?: OpenFile
}

export interface OpenFile {
  /** Bytes, when it was opened. */
  size: number
  /** Tell it from a file that takes its place. */
  device: number
  inode: number
  /** The next read begins there; what a pending one delivers is not to be used. */
  seek(place: number): void
}

/** A regular file, read front to back. */
export function fileSource(path: string): ByteSource {
  let fd: number
  let stat: fs.Stats
  try {
    fd = fs.openSync(path, 'r')
    stat = fs.fstatSync(fd)
  } catch (error) {
    throw systemError(path, error)
  }
  let position = 0
  let seeks = 0
  let open = true
  let pending = 0
  const shut = (): void => fs.close(fd, () => {})
  return {
    read: (into, at, length) =>
      new Promise((resolve, reject) => {
        if (!open) return resolve(0)
        pending++
        const seeked = seeks
        fs.read(fd, into, at, length, position, (error, count) => {
          pending--
          if (!open && pending === 0) shut()
          if (error) return reject(systemError(path, error))
          if (seeked === seeks) position += count
          resolve(open ? count : 0)
        })
      }),
    position: () => position,
    defect: () => undefined,
    close: () => {
      if (open && pending === 0) shut()
      open = false
    },
    file: {
      size: stat.size,
      device: stat.dev,
      inode: stat.ino,
      seek(place) {
        seeks++
        position = place
      },
    },
  }
}

/** Standard input, a named pipe, a live engine's output: can be read once. */
export function streamSource(stream: Readable, label: string): ByteSource {
  let position = 0
  let rest: Uint8Array | undefined
  let failure: unknown
  let ended = stream.readableEnded || stream.destroyed
  let wake = (): void => {}
  const end = (): void => {
    ended = true
    wake()
  }
  stream.on('readable', () => wake())
  stream.on('end', end)
  stream.on('close', end)
  stream.on('error', error => {
    failure = error
    end()
  })

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (rest) return rest
      const chunk: Uint8Array | string | null = stream.read()
      if (chunk !== null) return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (failure) throw systemError(label, failure)
      if (ended) return undefined
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }

  return {
    async read(into, at, length) {
      const chunk = await next()
      if (!chunk) return 0
      const count = Math.min(length, chunk.length)
      into.set(count < chunk.length ? chunk.subarray(0, count) : chunk, at)
      rest = count < chunk.length ? chunk.subarray(count) : undefined
      position += count
      return count
    },
    position: () => position,
    defect: () => undefined,
    close: () => {
      stream.destroy()
      end()
    },
  }
}

/** Puts bytes that were read ahead in front of the source again. */
export function unread(prefix: Uint8Array, source: ByteSource): ByteSource {
  let rest = prefix
  return {
    async read(into, at, length) {
      if (rest.length === 0) return source.read(into, at, length)
      const count = Math.min(length, rest.length)
      into.set(rest.subarray(0, count), at)
      rest = rest.subarray(count)
      return count
    },
    position: source.position,
    defect: source.defect,
    close: source.close,
    ...(source.file && {
      file: {
        ...source.file,
        seek(place: number) {
          rest = NOTHING
          source.file!.seek(place)
        },
      },
    }),
  }
}

const NOTHING = new Uint8Array(0)

/** The first `length` bytes, fewer where the source has fewer. */
export async function readAhead(source: ByteSource, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length)
  let at = 0
  while (at < length) {
    const count = await source.read(head, at, length - at)
    if (count === 0) break
    at += count
  }
  return head.slice(0, at)
}
