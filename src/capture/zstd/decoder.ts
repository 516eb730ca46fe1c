/**
 * The blocks of one Zstandard frame, RFC 8878 §3.1.1. What was unpacked stays as far back as the frame's window says, in a buffer that grows
 * with the output and never with what a header asks for.
 */
import { ZstdDamage } from './bits.js'
import { type Huffman, readLiterals } from './literals.js'
import { type Memory, newMemory, runSequences } from './sequences.js'

export const MAX_BLOCK = 128 * 1024
/** Beyond the window: how much is unpacked before the window is moved to the front. */
const MOST_SLACK = 16 * 1024 * 1024

/** Up to here the buffer grows by doubling. */
const STEPS_TO = 4 * 1024 * 1024

/** Literals of the block that is being decoded: nothing waits in between, so one buffer serves all frames. */
const LITERALS = new Uint8Array(MAX_BLOCK)

export class FrameDecoder {
  private out = new Uint8Array(0)
  private length = 0
  /** Most bytes of `out`, and of a block. */
  private readonly most: number
  private readonly blockBytes: number
  private huffman: Huffman | undefined
  private readonly memory: Memory = newMemory()

  /** @param windowBytes how far back matches may reach */
  constructor(private readonly windowBytes: number) {
    this.blockBytes = Math.min(windowBytes, MAX_BLOCK)
    this.most = windowBytes + Math.max(2 * MAX_BLOCK, Math.min(windowBytes, MOST_SLACK))
  }

  /**
   * @returns a view that holds until the next call
   * @throws ZstdDamage
   */
  raw(bytes: Uint8Array, at: number, size: number): Uint8Array {
    this.makeRoom(size)
    this.out.set(bytes.subarray(at, at + size), this.length)
    return this.grown(this.length + size)
  }

  repeated(byte: number, size: number): Uint8Array {
    this.makeRoom(size)
    this.out.fill(byte, this.length, this.length + size)
    return this.grown(this.length + size)
  }

  compressed(bytes: Uint8Array, at: number, size: number): Uint8Array {
    this.makeRoom(this.blockBytes)
    const end = at + size
    const literals = readLiterals(bytes, at, end, this.huffman, LITERALS)
    this.huffman = literals.huffman
    const { memory, out, length, blockBytes } = this
    return this.grown(runSequences(bytes, literals.end, end, literals.bytes, memory, out, length, blockBytes))
  }

  private grown(length: number): Uint8Array {
    const view = this.out.subarray(this.length, length)
    this.length = length
    return view
  }

  private makeRoom(size: number): void {
    if (size > this.blockBytes) throw new ZstdDamage('a block larger than its window')
    const need = this.length + size
    if (need <= this.out.length) return
    if (need <= this.most) {
      // Large ones at once: the system gives pages as they are written to, and nothing large is left behind for the collector.
      const wanted = need > STEPS_TO ? this.most : Math.max(need, 2 * this.out.length)
      const larger = new Uint8Array(Math.min(this.most, wanted))
      larger.set(this.out.subarray(0, this.length))
      this.out = larger
      return
    }
    const kept = Math.min(this.windowBytes, this.length)
    this.out.copyWithin(0, this.length - kept, this.length)
    this.length = kept
  }
}
