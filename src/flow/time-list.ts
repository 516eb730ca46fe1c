/** Times in bounded memory: when full, every other one is dropped and from then on only every second, fourth … one is taken. */
export const MAX_TIMES = 4096
/** So many are kept of every list, however little room there is for all lists together. */
export const FEW_TIMES = 16

/** What all lists that share it may still take. */
export interface Room {
  times: number
}

export class TimeList {
  entries: number[] = []
  /** One of `stride` is kept. */
  stride = 1
  private skipped = 0

  constructor(private readonly room: Room) {}

  push(entry: number): void {
    if (++this.skipped < this.stride) return
    this.skipped = 0
    this.entries.push(entry)
    this.room.times--
    const { length } = this.entries
    if (length < MAX_TIMES && (this.room.times > 0 || length < FEW_TIMES)) return
    this.entries = this.entries.filter((_, i) => (i & 1) === 0)
    this.room.times += length - this.entries.length
    this.stride *= 2
  }
}
