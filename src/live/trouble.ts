/** What the capture lost and when, and when its clock was set back: what a live verdict must not rest on. All times are packet times. */

/** A clock is set, not queues disordered: packets of one capture overtake each other by less. */
const STEP_NS = 1e9
/** Spans in which packets were lost, as far as they are remembered: an hour of losses that are told every second or so. */
const MOST_SPANS = 4096

interface Span {
  fromNs: number
  toNs: number
}

export class CaptureTrouble {
  private told = 0
  private lookedNs = Number.NEGATIVE_INFINITY
  /** In order of time; the last one grows until a look finds nothing new. */
  private readonly spans: Span[] = []
  private growing = false
  private lastNs = Number.NEGATIVE_INFINITY
  private highestNs = Number.NEGATIVE_INFINITY
  /** The clock shows less than it had shown before. */
  private behind = false
  private steppedFrom = Number.NEGATIVE_INFINITY

  /**
   * The capturing program's counters were looked at.
   * @param total packets that it has lost so far
   * @param nowNs time of the newest packet: what was lost since the last look lies between, or just behind, for packets wait in its buffer
   */
  noteDrops(total: number, nowNs: number): void {
    const last = this.spans.at(-1)
    if (this.growing && last !== undefined) last.toNs = Math.max(last.toNs, nowNs)
    if (total > this.told) {
      if (!this.growing || last === undefined) this.spans.push({ fromNs: this.lookedNs, toNs: nowNs })
      if (this.spans.length > MOST_SPANS) this.spans.shift()
    }
    this.growing = total > this.told
    this.told = Math.max(this.told, total)
    this.lookedNs = nowNs
  }

  /** Some packet between these times may be missing: the program that captured says that it lost some then. */
  lostBetween(fromNs: number, toNs: number): boolean {
    return this.spans.some(
      span => span.fromNs <= toNs && (span.toNs >= fromNs || (this.growing && span === this.spans.at(-1))),
    )
  }

  /** Every frame's time. @returns true when the clock was set back since the frame before */
  noteTime(timeNs: number): boolean {
    const stepped = timeNs < this.lastNs - STEP_NS
    this.lastNs = timeNs
    if (timeNs > this.highestNs) {
      this.highestNs = timeNs
      this.behind = false
    }
    if (stepped) {
      this.behind = true
      this.steppedFrom = this.highestNs
    }
    return stepped
  }

  /** Times from `fromNs` on are not in order: the clock was set back since, or shows again what it had shown before. */
  steppedSince(fromNs: number): boolean {
    return this.behind || fromNs <= this.steppedFrom
  }
}
