/**
 * What is tracked of one side of a connection, with the names of RFC 9293 §3.3.1 seen from the capture point. Numbers are signed 32-bit
 * (see wire/seq.ts). `sequence.ts` moves it, `snapshot.ts` reads it.
 */

/** Holes remembered per side; more at once are loss on a scale where bookkeeping tells nothing new. */
const MAX_HOLES = 8

/** Fields that every segment touches come first: V8 lays them out in this order, and a connection's next segment finds them in three cache lines. */
export class TrackedSide {
  /** Some sequence number of it is known: `nextSeq` counts. */
  started = false
  isnKnown = false
  synSeen = false
  finSeen = false
  /** Right behind the highest sequence number seen (SND.NXT). */
  nextSeq = 0
  /** It has acknowledged something: `ackedTo` counts (RCV.NXT as it told). */
  acked = false
  ackedTo = 0
  /** Last window field, not scaled, of a segment that was no SYN; -1 before. */
  window = -1
  /** Highest right edge of the window it offered. */
  edgeKnown = false
  windowEdge = 0
  windowScale = -1
  // One segment being timed (Karn: never a repeated one), see `timing.ts`.
  timing = false
  timedEnd = 0
  holeCount = 0
  segments = 0
  dataSegments = 0
  payloadBytes = 0
  /** Most frequent hop limit of non-RST packets as a rule; the others below. */
  hop0 = -1
  hopCount0 = 0
  gaps = 0
  gapsNoted = 0
  strayPending = false
  timestamps = false
  lastTimeNs = 0
  timedNs = 0
  /** Infinity until measured. */
  minResponseNs = Number.POSITIVE_INFINITY

  retransmittedSegments = 0
  /** Segments that announced a closed window. */
  zeroWindows = 0
  firstTimeNs = 0
  // The SYN and its options; -1 = not announced.
  isn = 0
  mss = -1
  sackPermitted = false
  /** Lowest sequence number seen: with `nextSeq` the range that is surely this incarnation's. */
  lowestSeq = 0
  /** Right behind its FIN. */
  finEnd = 0
  /** A segment beyond any window; a second one that continues it is believed. */
  strayEnd = 0
  /** An acknowledgement of something unseen; a second one is believed. */
  strayAck = 0
  strayAckPending = false

  hop1 = -1
  hop2 = -1
  hop3 = -1
  hopCount1 = 0
  hopCount2 = 0
  hopCount3 = 0
  /** RSTs kept as rows, see retention.ts. */
  rstRows = 0

  /** Gaps below `nextSeq`: start and end of each, oldest first; made when first needed. */
  holes: Int32Array | undefined = undefined
  holeTimesNs: Float64Array | undefined = undefined
  /** Acknowledged bytes of holes that are no longer remembered. */
  forgottenUnseenBytes = 0
  /** Set by `fillHoles`. */
  filledAfterNs = 0

  countHopLimit(value: number): void {
    if (value === this.hop0) this.hopCount0++
    else this.countOtherHopLimit(value)
  }

  /** @param ackedTo what the peer has acknowledged, undefined when nothing is known */
  openHole(start: number, end: number, timeNs: number, ackedTo: number | undefined): void {
    this.gaps++
    if (!this.holes || !this.holeTimesNs) {
      this.holes = new Int32Array(MAX_HOLES * 2)
      this.holeTimesNs = new Float64Array(MAX_HOLES)
    }
    if (this.holeCount === MAX_HOLES) {
      this.forgottenUnseenBytes += acknowledgedPart(this.holes[0], this.holes[1], ackedTo)
      this.removeHole(0)
    }
    this.holes[this.holeCount * 2] = start
    this.holes[this.holeCount * 2 + 1] = end
    this.holeTimesNs[this.holeCount++] = timeNs
  }

  /**
   * Removes what a segment [start, end) covers from the holes.
   * @returns bytes it filled; the time since the oldest of these holes opened is left in `filledAfterNs`
   */
  fillHoles(start: number, end: number, timeNs: number): number {
    const { holes, holeTimesNs } = this
    let filled = 0
    this.filledAfterNs = 0
    if (!holes || !holeTimesNs) return 0
    for (let i = this.holeCount - 1; i >= 0; i--) {
      const from = (holes[i * 2] - start) | 0
      const to = (holes[i * 2 + 1] - start) | 0
      const length = (end - start) | 0
      if (to <= 0 || from >= length) continue
      const low = from > 0 ? from : 0
      const high = to < length ? to : length
      filled += high - low
      this.filledAfterNs = timeNs - holeTimesNs[i]
      if (low === from && high === to) this.removeHole(i)
      else if (low === from) holes[i * 2] = (start + high) | 0
      else if (high === to) holes[i * 2 + 1] = (start + low) | 0
      else this.splitHole(i, (start + low) | 0, (start + high) | 0)
    }
    return filled
  }

  /** Bytes below the peer's acknowledgement that were never seen: the capture lost them. */
  unseenBytes(ackedTo: number | undefined): number {
    let bytes = this.forgottenUnseenBytes
    for (let i = 0; i < this.holeCount; i++) {
      bytes += acknowledgedPart(this.holes![i * 2], this.holes![i * 2 + 1], ackedTo)
    }
    if (ackedTo !== undefined && this.started) bytes += Math.max(0, (ackedTo - this.nextSeq) | 0)
    return bytes
  }

  private splitHole(i: number, from: number, to: number): void {
    const end = this.holes![i * 2 + 1]
    this.holes![i * 2 + 1] = from
    if (this.holeCount === MAX_HOLES) return
    this.holes![this.holeCount * 2] = to
    this.holes![this.holeCount * 2 + 1] = end
    this.holeTimesNs![this.holeCount] = this.holeTimesNs![i]
    this.holeCount++
  }

  private removeHole(i: number): void {
    this.holes!.copyWithin(i * 2, i * 2 + 2, this.holeCount * 2)
    this.holeTimesNs!.copyWithin(i, i + 1, this.holeCount)
    this.holeCount--
  }

  private countOtherHopLimit(value: number): void {
    if (this.hop0 < 0) {
      this.hop0 = value
      this.hopCount0 = 1
    } else if (this.hop1 < 0 || this.hop1 === value) {
      this.hop1 = value
      this.hopCount1++
    } else if (this.hop2 < 0 || this.hop2 === value) {
      this.hop2 = value
      this.hopCount2++
    } else if (this.hop3 < 0 || this.hop3 === value) {
      this.hop3 = value
      this.hopCount3++
    }
  }
}

function acknowledgedPart(start: number, end: number, ackedTo: number | undefined): number {
  if (ackedTo === undefined) return 0
  const length = (end - start) | 0
  const covered = (ackedTo - start) | 0
  return covered <= 0 ? 0 : covered < length ? covered : length
}
