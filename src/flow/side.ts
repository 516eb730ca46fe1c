/** One side of a connection: its numbers, the holes in its sequence space, its hop limits. `sequence.ts` moves it, `snapshot.ts` reads it. */
import { HOP_COUNT, HOPS, OTHER_HOP_COUNTS } from './numbers.js'
import { SideNumbers } from './side-numbers.js'

/** Holes remembered per side; more at once are loss on a scale where bookkeeping tells nothing new. */
const MAX_HOLES = 8
/** Hop limits counted apart. */
const MAX_HOPS = 4

export class TrackedSide extends SideNumbers {
  /** Set by `fillHoles`. */
  filledAfterNs = 0

  /** The first hop limit is that of all non-RST packets as a rule. */
  countHopLimit(value: number): void {
    const { words } = this.numbers
    const { at } = this
    if ((words[at + HOPS] & 0xff) === value && words[at + HOP_COUNT] > 0) words[at + HOP_COUNT]++
    else this.countOtherHopLimit(value)
  }

  /** Hop limits of its packets other than RSTs, in order of appearance; beyond four different ones they are not counted. */
  get hopLimits(): { value: number; count: number }[] {
    const { words } = this.numbers
    const all: { value: number; count: number }[] = []
    for (let i = 0; i < MAX_HOPS; i++) {
      const count = words[this.hopCountAt(i)]
      if (count > 0) all.push({ value: (words[this.at + HOPS] >>> (8 * i)) & 0xff, count })
    }
    return all
  }

  /** @param ackedTo what the peer has acknowledged, undefined when nothing is known */
  openHole(start: number, end: number, timeNs: number, ackedTo: number | undefined): void {
    this.gaps++
    let holes = this.numbers.holes.get(this.at)
    if (!holes) {
      holes = { ranges: new Int32Array(MAX_HOLES * 2), timesNs: new Float64Array(MAX_HOLES) }
      this.numbers.holes.set(this.at, holes)
    }
    if (this.holeCount === MAX_HOLES) {
      this.forgottenUnseenBytes += acknowledgedPart(holes.ranges[0], holes.ranges[1], ackedTo)
      this.removeHole(0)
    }
    holes.ranges[this.holeCount * 2] = start
    holes.ranges[this.holeCount * 2 + 1] = end
    holes.timesNs[this.holeCount++] = timeNs
  }

  /**
   * Removes what a segment [start, end) covers from the holes.
   * @returns bytes it filled; the time since the oldest of these holes opened is left in `filledAfterNs`
   */
  fillHoles(start: number, end: number, timeNs: number): number {
    const holes = this.numbers.holes.get(this.at)
    let filled = 0
    this.filledAfterNs = 0
    if (!holes) return 0
    const { ranges, timesNs } = holes
    for (let i = this.holeCount - 1; i >= 0; i--) {
      const from = (ranges[i * 2] - start) | 0
      const to = (ranges[i * 2 + 1] - start) | 0
      const length = (end - start) | 0
      if (to <= 0 || from >= length) continue
      const low = from > 0 ? from : 0
      const high = to < length ? to : length
      filled += high - low
      this.filledAfterNs = timeNs - timesNs[i]
      if (low === from && high === to) this.removeHole(i)
      else if (low === from) ranges[i * 2] = (start + high) | 0
      else if (high === to) ranges[i * 2 + 1] = (start + low) | 0
      else this.splitHole(i, (start + low) | 0, (start + high) | 0)
    }
    return filled
  }

  /** Bytes below the peer's acknowledgement that were never seen: the capture lost them. */
  unseenBytes(ackedTo: number | undefined): number {
    let bytes = this.forgottenUnseenBytes
    const ranges = this.numbers.holes.get(this.at)?.ranges
    for (let i = 0; i < this.holeCount; i++)
      bytes += acknowledgedPart(ranges![i * 2], ranges![i * 2 + 1], ackedTo)
    if (ackedTo !== undefined && this.started) bytes += Math.max(0, (ackedTo - this.nextSeq) | 0)
    return bytes
  }

  private splitHole(i: number, from: number, to: number): void {
    const { ranges, timesNs } = this.numbers.holes.get(this.at)!
    const end = ranges[i * 2 + 1]
    ranges[i * 2 + 1] = from
    if (this.holeCount === MAX_HOLES) return
    ranges[this.holeCount * 2] = to
    ranges[this.holeCount * 2 + 1] = end
    timesNs[this.holeCount] = timesNs[i]
    this.holeCount++
  }

  private removeHole(i: number): void {
    const { ranges, timesNs } = this.numbers.holes.get(this.at)!
    ranges.copyWithin(i * 2, i * 2 + 2, this.holeCount * 2)
    timesNs.copyWithin(i, i + 1, this.holeCount)
    this.holeCount--
  }

  private hopCountAt(i: number): number {
    return this.at + (i === 0 ? HOP_COUNT : OTHER_HOP_COUNTS + i - 1)
  }

  private countOtherHopLimit(value: number): void {
    const { words } = this.numbers
    for (let i = 0; i < MAX_HOPS; i++) {
      const countAt = this.hopCountAt(i)
      const known = (words[this.at + HOPS] >>> (8 * i)) & 0xff
      if (words[countAt] > 0 && known !== value) continue
      words[this.at + HOPS] |= value << (8 * i)
      words[countAt]++
      return
    }
  }
}

function acknowledgedPart(start: number, end: number, ackedTo: number | undefined): number {
  if (ackedTo === undefined) return 0
  const length = (end - start) | 0
  const covered = (ackedTo - start) | 0
  return covered <= 0 ? 0 : covered < length ? covered : length
}
