/** In which order connections are forgotten. */
import type { TrackedConnection } from './connection.js'

/** First in, first out: what was taken is given up now and then, all at once. */
export class Queue<T> {
  private items: T[] = []
  private taken = 0

  push(item: T): void {
    this.items.push(item)
  }

  get first(): T | undefined {
    return this.items[this.taken]
  }

  /** Takes the first one. */
  shift(): void {
    this.taken++
    if (this.taken <= 1024 || this.taken * 2 <= this.items.length) return
    this.items = this.items.slice(this.taken)
    this.taken = 0
  }
}

/** What may be forgotten, what is over first, then by how long it has been silent. */
export function leastWanted(held: Iterable<TrackedConnection>): TrackedConnection[] {
  const candidates: TrackedConnection[] = []
  for (const c of held) if (!c.reset) candidates.push(c)
  // Read once each: comparing a million connections by their numbers waited for memory twenty million times.
  const times = Float64Array.from(candidates, c => c.lastTimeNs)
  const over = Uint8Array.from(candidates, c => Number(c.finished || c.closing))
  const order = Uint32Array.from(candidates.keys())
  order.sort(
    (a, b) => over[b] - over[a] || times[a] - times[b] || candidates[a].serial - candidates[b].serial,
  )
  return Array.from(order, place => candidates[place])
}
