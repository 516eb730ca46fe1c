/**
 * Who accepted which source's connections, and when: a list per source in bounded memory (see time-list.ts), all of them chained in one pool.
 */
import { grown, grownTimes } from './columns.js'
import { FEW_TIMES, MAX_TIMES } from './time-list.js'

/** Of each list: first and last entry, entries, one of how many is taken, how many were passed over since. */
const STRIDE = 5
const HEAD = 0
const TAIL = 1
const COUNT = 2
const ONE_OF = 3
const SKIPPED = 4

/** Of each entry: who accepted, and the next entry. */
const ENTRY = 2
const NEXT = 1

export class AcceptLists {
  private lists = new Int32Array(256 * STRIDE)
  private times = new Float64Array(1024)
  private entries = new Int32Array(1024 * ENTRY)
  private used = 0
  private free = -1

  /** @param most entries of all lists, about: beyond it a list is halved before it grows, unless it is short */
  constructor(private readonly most: number) {}

  get bytes(): number {
    return this.lists.byteLength + this.times.byteLength + this.entries.byteLength
  }

  push(source: number, timeNs: number, listener: number): void {
    const at = source * STRIDE
    if (at + STRIDE > this.lists.length) this.lists = grown(this.lists, at + STRIDE, 0)
    const { lists } = this
    if (++lists[at + SKIPPED] < lists[at + ONE_OF]) return
    lists[at + SKIPPED] = 0
    if (this.free < 0 && this.used >= this.most && lists[at + COUNT] >= FEW_TIMES) this.halve(at)
    const entry = this.take()
    this.times[entry] = timeNs
    this.entries[entry * ENTRY] = listener
    this.entries[entry * ENTRY + NEXT] = -1
    if (lists[at + COUNT]++ === 0) lists[at + HEAD] = entry
    else this.entries[lists[at + TAIL] * ENTRY + NEXT] = entry
    lists[at + TAIL] = entry
    if (lists[at + COUNT] === MAX_TIMES) this.halve(at)
  }

  of(source: number): { timeNs: number; listener: number }[] {
    const found: { timeNs: number; listener: number }[] = []
    const at = source * STRIDE
    if (at >= this.lists.length || this.lists[at + COUNT] === 0) return found
    for (let entry = this.lists[at + HEAD]; entry >= 0; entry = this.entries[entry * ENTRY + NEXT])
      found.push({ timeNs: this.times[entry], listener: this.entries[entry * ENTRY] })
    return found
  }

  isThinned(source: number): boolean {
    const at = source * STRIDE
    return at < this.lists.length && this.lists[at + ONE_OF] > 1
  }

  /** Every other entry goes; from now on half as many are taken. */
  private halve(at: number): void {
    const { lists, entries } = this
    let entry = lists[at + HEAD]
    for (;;) {
      const odd = entries[entry * ENTRY + NEXT]
      if (odd < 0) break
      const next = entries[odd * ENTRY + NEXT]
      entries[entry * ENTRY + NEXT] = next
      entries[odd * ENTRY + NEXT] = this.free
      this.free = odd
      if (next < 0) break
      entry = next
    }
    lists[at + TAIL] = entry
    lists[at + COUNT] = (lists[at + COUNT] + 1) >> 1
    lists[at + ONE_OF] = Math.max(1, lists[at + ONE_OF]) * 2
  }

  private take(): number {
    if (this.free >= 0) {
      const entry = this.free
      this.free = this.entries[entry * ENTRY + NEXT]
      return entry
    }
    if (this.used === this.times.length) {
      this.times = grownTimes(this.times, this.used + 1)
      this.entries = grown(this.entries, this.times.length * ENTRY, 0)
    }
    return this.used++
  }
}
