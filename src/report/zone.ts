/** Time zones for people: the report's UTC times as the same moments on another clock. Machine formats stay in UTC. */
import { changing } from '../verdict/late-reset.js'
import type { Report } from '../model.js'

export interface Zone {
  /** What stands behind a time: `UTC`, `UTC+02:00`, `Europe/Berlin`. */
  label: string
  /** What this zone's clocks are ahead of UTC at that moment, in milliseconds. */
  offsetMs(unixMs: number): number
}

export const UTC: Zone = { label: 'UTC', offsetMs: () => 0 }

/** An IANA name or an offset such as `+02:00`; undefined when it is neither. */
export function parseZone(text: string): Zone | undefined {
  if (/^(utc|z|gmt)$/i.test(text)) return UTC
  const offset = /^(?:utc)?([+-])(\d\d):?(\d\d)?$/i.exec(text)
  if (offset) return fixed(offset[1], Number(offset[2]), Number(offset[3] ?? 0))
  return named(text)
}

function fixed(sign: string, hours: number, minutes: number): Zone | undefined {
  if (hours > 14 || minutes > 59) return undefined
  const ms = (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
  return ms === 0 ? UTC : { label: `UTC${offsetWords(ms)}`, offsetMs: () => ms }
}

function named(timeZone: string): Zone | undefined {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch {
    return undefined
  }
  // Offsets change on quarters of an hour only; asking Intl is slow.
  const known = new Map<number, number>()
  return {
    label: format.resolvedOptions().timeZone,
    offsetMs(unixMs) {
      const quarter = Math.floor(unixMs / 900_000)
      let ms = known.get(quarter)
      if (ms === undefined) known.set(quarter, (ms = askIntl(format, quarter * 900_000)))
      return ms
    },
  }
}

function askIntl(format: Intl.DateTimeFormat, unixMs: number): number {
  const date = new Date(unixMs)
  if (Number.isNaN(date.getTime())) return 0
  const words = format.formatToParts(date).find(part => part.type === 'timeZoneName')?.value ?? ''
  const [, sign, hours, minutes, seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(words) ?? []
  if (!sign) return 0
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}

/** The same moment with this zone's clock time: `2026-11-22T09:47:03.123456+01:00`. Unreadable times come back unchanged. */
export function localIso(iso: string, zone: Zone): string {
  const unixMs = Date.parse(iso.replace(/\.\d+/, ''))
  if (zone === UTC || Number.isNaN(unixMs)) return iso
  const [fraction = ''] = /\.\d+/.exec(iso) ?? []
  const offset = zone.offsetMs(unixMs)
  const local = new Date(unixMs + offset)
  if (Number.isNaN(local.getTime())) return iso
  return `${local.toISOString().slice(0, -'.000Z'.length)}${fraction}${offset === 0 ? 'Z' : offsetWords(offset)}`
}

function offsetWords(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** A report whose times are on this zone's clock; the very same object for UTC. */
export function reportInZone(report: Report, zone: Zone): Report {
  if (zone === UTC) return report
  const local = (iso: string): string => localIso(iso, zone)
  const maybe = (iso: string | null): string | null => (iso === null ? null : local(iso))
  return {
    ...report,
    captures: report.captures.map(capture => ({
      ...capture,
      firstTime: maybe(capture.firstTime),
      lastTime: maybe(capture.lastTime),
    })),
    resets: report.resets.map(
      changing({ whole: reset => ({ ...reset, time: local(reset.time) }), time: local, connection: same }),
    ),
    incidents: report.incidents.map(incident => ({
      ...incident,
      firstTime: local(incident.firstTime),
      lastTime: local(incident.lastTime),
    })),
  }
}

function same<T>(value: T): T {
  return value
}
