/** Times in bounded memory: when full, every other one is dropped and from then on only every second, fourth … one is taken. */
export const MAX_TIMES = 4096

export class TimeList {
  entries: number[] = []
  /** One of `stride` is kept. */
  stride = 1
  private skipped = 0

  push(entry: number): void {
    if (++this.skipped < this.stride) return
    this.skipped = 0
    this.entries.push(entry)
    if (this.entries.length < MAX_TIMES) return
    this.entries = this.entries.filter((_, i) => (i & 1) === 0)
    this.stride *= 2
  }
}
