/**
 * Times on their way to lists (time-list.ts), of which there may be thousands, each somewhere else in memory. They are written down one
 * behind the other as they come, and handed over list by list when the log is full: one wait for main memory for each list, not for each time.
 */

/** Times before they are handed over: 16 to a list where a thousand listeners take turns. */
const ROOM = 1 << 16

const NONE = -1

export class TimeLog {
  private count = 0
  private room = 64
  private lists = new Int32Array(this.room)
  private times = new Float64Array(this.room)
  /** The next time of the same list. */
  private next = new Int32Array(this.room)
  /** By list: its first time. */
  private first = new Int32Array(0)

  /** @param give takes a time for a list */
  constructor(private readonly give: (list: number, timeNs: number) => void) {}

  get bytes(): number {
    return this.lists.byteLength * 2 + this.times.byteLength + this.first.byteLength
  }

  add(list: number, timeNs: number): void {
    if (this.count === this.room) this.makeRoom()
    this.lists[this.count] = list
    this.times[this.count++] = timeNs
  }

  /** Hands over all times, those of each list in order. */
  settle(): void {
    const { count, lists, times, next } = this
    this.count = 0
    let most = NONE
    for (let i = 0; i < count; i++) if (lists[i] > most) most = lists[i]
    if (most >= this.first.length) this.first = new Int32Array(most * 2 + 2).fill(NONE)
    const { first } = this
    for (let i = count - 1; i >= 0; i--) {
      next[i] = first[lists[i]]
      first[lists[i]] = i
    }
    for (let i = 0; i < count; i++) {
      const list = lists[i]
      if (first[list] !== i) continue
      for (let at = i; at !== NONE; at = next[at]) this.give(list, times[at])
      first[list] = NONE
    }
  }

  private makeRoom(): void {
    if (this.room === ROOM) return this.settle()
    this.room *= 2
    this.next = new Int32Array(this.room)
    const { lists, times } = this
    this.lists = new Int32Array(this.room)
    this.times = new Float64Array(this.room)
    this.lists.set(lists)
    this.times.set(times)
  }
}
