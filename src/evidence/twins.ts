/**
 * Resets of one listener or host that share a timer or a moment, counted without comparing all pairs: a flood of 200,000 is looked at in
 * sorted lists.
 */
import { ascending, boundary } from './counting.js'

/**
 * Timers fire at the same value but for scheduling (measured: 7,006 / 7,006 / 7,012 ms, 20,025 / 20,003 ms) and, where they are checked
 * once a second, its tick.
 */
const SAME_SILENCE = 0.012
const SCHEDULING_MS = 20
const TICK_MS = 1000
const TICKING_FROM_MS = 20_000
const SAME_AGE = 0.03
/** Equal ages after equal silences are an idle timer on connections that did the same. */
const MOST_SILENT = 0.8
/** A timer of less than this cannot be told from thinking. */
const SHORTEST_TIMER_MS = 900

/** Figures of one reset; undefined = not known. */
export interface Timed {
  /** Idle gap that a timer would have measured. */
  idleMs: number | undefined
  ageMs: number | undefined
  silenceMs: number | undefined
}

/** @returns for one of these resets: how many others were idle for the same time */
export function sameSilence(resets: Timed[]): (own: Timed) => number {
  const sorted = ascending(resets.flatMap(({ idleMs }) => (isTimer(idleMs) ? [idleMs] : [])))
  // The tolerance jumps here; on either side of it both ends of the range grow with the value.
  const ticking = boundary(sorted, 0, sorted.length, ms => ms < TICKING_FROM_MS)
  return ({ idleMs }) => {
    if (!isTimer(idleMs)) return 0
    return around(sorted, 0, ticking, idleMs) + around(sorted, ticking, sorted.length, idleMs) - 1
  }
}

function isTimer(ms: number | undefined): ms is number {
  return ms !== undefined && ms >= SHORTEST_TIMER_MS
}

function around(sorted: number[], from: number, to: number, own: number): number {
  const tooShort = boundary(sorted, from, to, ms => own - ms > tolerance(ms))
  const upTo = boundary(sorted, from, to, ms => ms - own <= tolerance(ms))
  return Math.max(0, upTo - tooShort)
}

function tolerance(ms: number): number {
  return Math.max(SCHEDULING_MS, SAME_SILENCE * ms, ms >= TICKING_FROM_MS ? TICK_MS : 0)
}

/** @returns for one of these resets: how many others had the same age, and not because they had been silent for the same time */
export function sameAge(resets: Timed[]): (own: Timed) => number {
  const sorted = ascending(resets.flatMap(r => (speaksOfAge(r) ? [r.ageMs!] : [])))
  return own => {
    const { ageMs, silenceMs = 0 } = own
    if (ageMs === undefined) return 0
    const younger = boundary(sorted, 0, sorted.length, ms => ms < ageMs && ageMs - ms > SAME_AGE * ageMs)
    const silent = boundary(sorted, 0, sorted.length, ms => silenceMs >= MOST_SILENT * ms)
    const upTo = boundary(sorted, 0, sorted.length, ms => ms <= ageMs || ms - ageMs <= SAME_AGE * ms)
    return Math.max(0, upTo - Math.max(younger, silent)) - (speaksOfAge(own) ? 1 : 0)
  }
}

function speaksOfAge({ ageMs, silenceMs = 0 }: Timed): boolean {
  return isTimer(ageMs) && silenceMs < MOST_SILENT * ageMs
}
