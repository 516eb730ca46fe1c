/**
 * RST frames of a connection beyond those kept as rows: a flood has millions. Eight bytes each, and nothing for the garbage collector to
 * follow; they are read one by one.
 */
import type { FurtherRst, FurtherRsts } from '../model.js'
import { grown } from './columns.js'

/** Of each: frame number; capture, hop limit and side in one word. */
const STRIDE = 2
const SERVER = 1 << 31

export class PackedRsts implements FurtherRsts {
  length = 0
  private words = new Int32Array(0)

  push(frame: number, capture: number, server: boolean, hopLimit: number): void {
    const at = this.length++ * STRIDE
    if (at + STRIDE > this.words.length) this.words = grown(this.words, at + STRIDE, 0)
    this.words[at] = frame
    this.words[at + 1] = (capture << 8) | (hopLimit & 0xff) | (server ? SERVER : 0)
  }

  *[Symbol.iterator](): Generator<FurtherRst> {
    const { words } = this
    for (let at = 0; at < this.length * STRIDE; at += STRIDE) {
      const word = words[at + 1]
      yield {
        frame: words[at] >>> 0,
        capture: (word & ~SERVER) >>> 8,
        from: word & SERVER ? 'server' : 'client',
        hopLimit: word & 0xff,
      }
    }
  }

  move(capture: number): void {
    const { words } = this
    for (let at = 1; at < this.length * STRIDE; at += STRIDE)
      words[at] = (words[at] & (SERVER | 0xff)) | (capture << 8)
  }

  /** As it is now. */
  clone(): PackedRsts {
    const copy = new PackedRsts()
    copy.words = this.words.slice(0, this.length * STRIDE)
    copy.length = this.length
    return copy
  }
}

/** Of connections without any. */
export const NO_RSTS: FurtherRsts = new PackedRsts()
