/** RST frames that wait to settle, by connection, in order of arrival; and which reset each frame went to. */
import type { TrackedConnection } from '../flow/index.js'

/** RSTs that wait of one connection; the others of a storm are told with these. */
const MOST_FRAMES = 1024

interface Waiting {
  /** RST frames that no verdict names yet, oldest first. */
  frames: number[]
  timesNs: number[]
}

export class Pending {
  private readonly waiting = new Map<TrackedConnection, Waiting>()

  /** Connections with RSTs that wait. */
  get size(): number {
    return this.waiting.size
  }

  add(c: TrackedConnection, frame: number, timeNs: number): void {
    const entry = this.waiting.get(c)
    if (entry && entry.frames.length >= MOST_FRAMES) return
    if (entry) {
      entry.frames.push(frame)
      entry.timesNs.push(timeNs)
    } else this.waiting.set(c, { frames: [frame], timesNs: [timeNs] })
  }

  has(c: TrackedConnection): boolean {
    return this.waiting.has(c)
  }

  /** When the oldest RST came; infinite when none waits. */
  get oldestNs(): number {
    for (const { timesNs } of this.waiting.values()) return timesNs[0]
    return Number.POSITIVE_INFINITY
  }

  /** Connections in the order of their oldest RST, at most so many, that came no later than `untilNs`. */
  until(untilNs: number, most: number): TrackedConnection[] {
    const found: TrackedConnection[] = []
    for (const [c, { timesNs }] of this.waiting) {
      if (timesNs[0] > untilNs || found.length === most) break
      found.push(c)
    }
    return found
  }

  /** Takes the connection's frames that came no later than `untilNs`: they are judged now. What came later goes to the end of the queue. */
  take(c: TrackedConnection, untilNs: number): number[] {
    const entry = this.waiting.get(c)
    if (!entry) return []
    const later = entry.timesNs.findIndex(t => t > untilNs)
    this.waiting.delete(c)
    if (later < 0) return entry.frames
    this.waiting.set(c, { frames: entry.frames.slice(later), timesNs: entry.timesNs.slice(later) })
    return entry.frames.slice(0, later)
  }

  /** Frames that were told with a verdict although they had not settled: they are not judged again. */
  told(c: TrackedConnection, frames: ReadonlySet<number>): void {
    const entry = this.waiting.get(c)
    if (!entry) return
    const keep = entry.frames
      .map((frame, i) => ({ frame, timeNs: entry.timesNs[i] }))
      .filter(e => !frames.has(e.frame))
    if (keep.length === 0) this.waiting.delete(c)
    else {
      entry.frames = keep.map(e => e.frame)
      entry.timesNs = keep.map(e => e.timeNs)
    }
  }
}
