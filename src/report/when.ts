/** Moments as users give them: absolute, a time of day, or counted from the start of the capture. */
import type { Report } from '../model.js'
import { toMs } from '../units.js'

/** `ms` counts from 1970, from midnight UTC, or from the first frame; `precisionMs` = how coarse the words were (14:03:07 → 1000). */
export interface When {
  kind: 'absolute' | 'clock' | 'relative'
  ms: number
  precisionMs: number
}

/** Durations such as `90s`, `5m`, `1h30m`, `250ms`, `2d`; milliseconds, undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined
  const factors: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * factors[unit]
  return total
}

const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?`

/** ISO 8601 (UTC unless an offset is given), a time of day, or `+90s`; undefined when it is none of them. */
export function parseWhen(text: string): When | undefined {
  if (text.startsWith('+')) {
    const ms = parseDuration(text.slice(1))
    return ms === undefined ? undefined : { kind: 'relative', ms, precisionMs: 0 }
  }
  const clock = new RegExp(`^T?${TIME}Z?$`).exec(text)
  if (clock) {
    const ms = toMs(`1970-01-01T${clock[1]}:${clock[2]}:${clock[3] ?? '00'}.${clock[4] ?? '0'}Z`)
    return Number.isNaN(ms) ? undefined : { kind: 'clock', ms, precisionMs: precision(clock[3], clock[4]) }
  }
  const match = new RegExp(
    `^(\\d{4})-(\\d\\d)-(\\d\\d)(?:[T ]${TIME}(Z|[+-]\\d\\d(?::?\\d\\d)?)?)?$`,
    'i',
  ).exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second, fraction, offset = 'Z'] = match
  const zone = /^z$/i.test(offset) ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3).replace(':', '') || '00'}`
  const ms = toMs(
    `${year}-${month}-${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}.${fraction ?? '0'}${zone}`,
  )
  if (Number.isNaN(ms) || new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() !== Number(day))
    return undefined
  return { kind: 'absolute', ms, precisionMs: hour ? precision(second, fraction) : 86_400_000 }
}

function precision(second: string | undefined, fraction: string | undefined): number {
  if (second === undefined) return 60_000
  return fraction ? 1000 / 10 ** fraction.length : 1000
}

/** Milliseconds since 1970. A time of day means its first occurrence at or after the second in which the capture begins. */
export function resolveWhen(when: When, report: Report): number {
  if (when.kind === 'absolute') return when.ms
  const starts = report.captures.flatMap(capture => (capture.firstTime ? [toMs(capture.firstTime)] : []))
  const start = starts.length ? Math.min(...starts) : 0
  if (when.kind === 'relative') return start + when.ms
  const day = 86_400_000
  const candidate = Math.floor(start / day) * day + when.ms
  // An incident log line may lie shortly before the capture began: only what is hours away means the next day.
  return candidate < start - day / 2 ? candidate + day : candidate
}
