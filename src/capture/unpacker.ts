/** What the codecs share: packed input that can be looked at before it is used, and unpacked output handed out in pieces. */
import type { NoteName } from '../notes.js'
import type { ByteSource, SourceDefect } from './source.js'

/** Packed bytes with lookahead. */
export interface PackedInput {
  bytes: Uint8Array
  /** Unused bytes are `bytes[start .. end)`. */
  start: number
  end: number
  /** Reads until `count` unused bytes are there. @returns false when the input ends before */
  need(count: number): Promise<boolean>
}

/** @param capacity most bytes that `need` will be asked for */
export function packedInput(source: ByteSource, capacity: number): PackedInput {
  const bytes = new Uint8Array(Math.max(capacity, 1 << 16) * 2)
  const input: PackedInput = {
    bytes,
    start: 0,
    end: 0,
    async need(count) {
      while (input.end - input.start < count) {
        if (input.start > 0) {
          bytes.copyWithin(0, input.start, input.end)
          input.end -= input.start
          input.start = 0
        }
        const got = await source.read(bytes, input.end, bytes.length - input.end)
        if (got === 0) return false
        input.end += got
      }
      return true
    },
  }
  return input
}

/** Ends the unpacking; what came before counts. */
export class Defect extends Error {
  constructor(
    readonly note: NoteName,
    message: string,
  ) {
    super(message)
  }
}

export const cutShort = (codec: string): Defect =>
  new Defect('compression-cut', `the ${codec} data ends too early: analysed up to there`)

export const corrupt = (codec: string, why: string): Defect =>
  new Defect('compression-damaged', `the ${codec} data is damaged (${why}): analysed up to there`)

/**
 * A byte source over a generator of unpacked chunks.
 * @param chunks may throw a Defect (the chunks before it count) or a CaptureError
 */
export function unpackedSource(
  chunks: AsyncGenerator<Uint8Array, void, void>,
  packed: ByteSource,
  onClose: () => void = () => {},
): ByteSource {
  let rest = new Uint8Array(0)
  let defect: SourceDefect | undefined
  let closed = false

  async function nextChunk(): Promise<void> {
    try {
      const { value, done } = await chunks.next()
      rest = done ? new Uint8Array(0) : (value as Uint8Array<ArrayBuffer>)
      closed ||= done === true
    } catch (error) {
      closed = true
      if (!(error instanceof Defect)) throw error
      defect = { note: error.note, message: error.message }
    }
  }

  return {
    async read(into, at, length) {
      while (rest.length === 0 && !closed) await nextChunk()
      if (closed && rest.length === 0) return 0
      const count = Math.min(length, rest.length)
      into.set(rest.subarray(0, count), at)
      rest = rest.subarray(count)
      return count
    },
    position: packed.position,
    defect: () => defect ?? packed.defect(),
    close: () => {
      closed = true
      packed.close()
      onClose()
    },
  }
}
