/** Packet times as text. All `timeNs` count integer nanoseconds from `Timebase.seconds` (see model.ts). */
import type { Timebase } from './model.js'

const NS = 1_000_000_000

/** What Date covers, either side of 1970: 275 millennia. */
const MAX_UNIX_SECONDS = 8.64e12

/**
 * ISO 8601 in UTC, e.g. "2026-11-22T08:47:03.123456789Z".
 *
 * @param timebase zero point; an unset one (NaN: nothing in the capture bore a timestamp) counts as 1970
 * @param timeNs integer nanoseconds since the zero point, may be negative
 * @param digits fraction digits 0..9, i.e. the precision of the capture; further digits are cut, not rounded
 * @returns years outside 0000..9999 come in the signed six-digit form of ISO 8601, the last moment of Date stands for all later ones; never throws
 */
export function formatTime(timebase: Timebase, timeNs: number, digits: number): string {
  const wholeSeconds = Math.floor(timeNs / NS)
  const unixSeconds = (timebase.seconds || 0) + wholeSeconds || 0
  // Damaged headers can claim anything.
  const within = Math.abs(unixSeconds) < MAX_UNIX_SECONDS
  const ns = within ? timeNs - wholeSeconds * NS || 0 : 0
  const iso = new Date(
    (within ? unixSeconds : Math.sign(unixSeconds) * MAX_UNIX_SECONDS) * 1000,
  ).toISOString()
  const fraction = digits > 0 ? `.${String(ns).padStart(9, '0').slice(0, digits)}` : ''
  return `${iso.slice(0, -'.000Z'.length)}${fraction}Z`
}
