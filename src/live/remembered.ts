/**
 * Reset connections that are dealt with and still held: told ones, so that later resets are compared with them and late RSTs find the reset
 * they belong to; and, when too many come at once, ones that were left out, so that their next RST does not count as another.
 */
import type { TrackedConnection } from '../flow/index.js'
import type { Tracker } from '../flow/tracker.js'

/** Connections held of either kind. */
const MOST = 256
const MOST_LEFT_OUT = 1024
/** RSTs of one connection beyond which it is given up: a storm on one 4-tuple would be remembered for ever. */
const MOST_RSTS = 4096

export class Remembered {
  /** RST frame → reset, for connections that are held. */
  readonly owners = new Map<number, string>()
  /** Reset connections that nobody judged. */
  unjudged = 0
  /** Oldest first, with their RST frames. */
  private readonly told = new Map<TrackedConnection, number[]>()
  private readonly leftOut = new Set<TrackedConnection>()

  constructor(private readonly tracker: Tracker) {}

  has(c: TrackedConnection): boolean {
    return this.told.has(c)
  }

  /** The last ones told. */
  last(count: number): TrackedConnection[] {
    return [...this.told.keys()].slice(-count)
  }

  /** These frames were told with this reset. */
  add(c: TrackedConnection, id: string, frames: number[]): void {
    const before = this.told.get(c)
    for (const frame of frames) this.owners.set(frame, id)
    this.told.delete(c)
    this.told.set(c, before === undefined ? frames : [...new Set([...before, ...frames])])
  }

  /** Whether its RSTs are counted and no more. */
  isLeftOut(c: TrackedConnection): boolean {
    return this.leftOut.has(c)
  }

  /** Too many wait: this connection is counted, and not judged. */
  leaveOut(c: TrackedConnection): void {
    this.unjudged++
    this.leftOut.add(c)
    const [oldest] = this.leftOut
    if (this.leftOut.size <= MOST_LEFT_OUT) return
    this.leftOut.delete(oldest)
    this.tracker.discard(oldest)
  }

  /** Lets go of what is too much, unless it waits for another verdict. */
  trim(waits: (c: TrackedConnection) => boolean): void {
    for (const [c, frames] of this.told) {
      if ((this.told.size <= MOST && frames.length <= MOST_RSTS) || waits(c)) continue
      this.told.delete(c)
      for (const frame of frames) this.owners.delete(frame)
      this.tracker.discard(c)
    }
  }
}
