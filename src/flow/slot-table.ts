/**
 * A hash table whose entries stand in the slots themselves, beside their keys of 32-bit words: open addressing with linear probing. For what
 * there is one of for every connection or host of a capture: nearly every look at one waits for main memory, once so, three times where
 * slots, keys and entries lie apart (80 ns against 250, growth included, for 188,000 connections). Entries move when it grows.
 */
import { hashOf, sameKey } from './key-table.js'

/** The word of an entry that is 0 in a free slot and never in another. */
export const USED = 0

const LEAST_SLOTS = 256

export class SlotTable {
  size = 0
  /** Slot n is `rows[n * stride ..]`: the key, then the entry. Another array whenever it grows. */
  rows: Int32Array
  readonly stride: number
  private mask = LEAST_SLOTS - 1

  /** @param words 32-bit words per key, `entryWords` per entry */
  constructor(
    readonly words: number,
    entryWords: number,
  ) {
    this.stride = words + entryWords
    this.rows = new Int32Array(LEAST_SLOTS * this.stride)
  }

  /** Memory behind it. */
  get bytes(): number {
    return this.rows.byteLength
  }

  /** Place of the key's row, of the free one where it belongs when it is not there. */
  placeOf(key: Int32Array): number {
    const { rows, words, stride, mask } = this
    let slot = hashOf(key, 0, words) & mask
    for (;;) {
      const at = slot * stride
      if (rows[at + words + USED] === 0 || sameKey(rows, at, key, words)) return at
      slot = (slot + 1) & mask
    }
  }

  has(place: number): boolean {
    return this.rows[place + this.words + USED] !== 0
  }

  /**
   * Puts a key into a free row.
   * @param place where `placeOf` found that it belongs
   * @param used first word of the entry, not 0; the others are 0
   * @returns place of the row now
   */
  put(place: number, key: Int32Array, used: number): number {
    this.size++
    const grows = this.size * 2 > this.mask
    if (grows) this.grow()
    const at = grows ? this.placeOf(key) : place
    const { rows, words } = this
    for (let i = 0; i < words; i++) rows[at + i] = key[i]
    rows[at + words + USED] = used
    return at
  }

  /** Removes all. The memory stays, for as many again. */
  clear(): void {
    this.rows.fill(0)
    this.size = 0
  }

  private grow(): void {
    const { rows: old, words, stride } = this
    this.mask = this.mask * 2 + 1
    const rows = new Int32Array((this.mask + 1) * stride)
    this.rows = rows
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + words + USED] === 0) continue
      let slot = hashOf(old, from, words) & this.mask
      while (rows[slot * stride + words + USED] !== 0) slot = (slot + 1) & this.mask
      const at = slot * stride
      for (let i = 0; i < stride; i++) rows[at + i] = old[from + i]
    }
  }
}
