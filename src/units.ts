/** Numbers as people read them. Pure functions; thin words only, no colour. */
import type { Endpoint } from './model.js'

/** 1204 → `1,204`. Written by hand: `toLocaleString` loads ICU data and depends on the machine. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** `1 reset`, `2 resets`, `3 queries` (give the plural where an s does not do). */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Bytes with decimal prefixes: `517 B`, `4.1 kB`, `98 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`
  const units = ['kB', 'MB', 'GB', 'TB', 'PB']
  let scaled = value
  let unit = -1
  do {
    scaled /= 1000
    unit++
  } while (scaled >= 999.5 && unit < units.length - 1)
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)} ${units[unit]}`
}

/** A span of milliseconds: `0.3 ms`, `141 ms`, `5.0 s`, `61.0 s`, `14 min 02 s`, `3 h 05 min`, `2 d 04 h`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`
  if (ms < 9.95) return ms === 0 ? '0 ms' : `${Math.max(ms, 0.1).toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 119_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`
}

/** 0.943 → `94 %`; small shares keep a digit: `0.2 %`; never rounds a doubt away: 0.998 → `> 99 %`. */
export function percent(share: number): string {
  const value = share * 100
  if (value <= 0) return '0 %'
  if (value < 0.1) return '< 0.1 %'
  if (value < 9.95 && value !== Math.round(value)) return `${value.toFixed(1).replace(/\.0$/, '')} %`
  if (value > 99 && value < 100) return '> 99 %'
  return `${Math.round(value)} %`
}

/** Confidence as a whole percentage; never 100, for nothing is certain. */
export function sure(confidence: number): string {
  return `${Math.min(99, Math.max(0, Math.round(confidence * 100)))} %`
}

/** `10.0.1.9:443`, `[2001:db8::1]:443`. */
export function endpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Milliseconds since 1970 of an ISO 8601 time with up to nine decimals (Date.parse alone drops all beyond three). */
export function toMs(iso: string): number {
  const [, fraction = ''] = /\.(\d+)/.exec(iso) ?? []
  return Date.parse(iso.replace(/\.\d+/, '')) + Number(`0.${fraction}0`) * 1000
}

/** `2026-11-22 08:47:03 UTC` */
export function dateTime(iso: string, zone = 'UTC'): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} ${zone}`
}

/** Time of day of an ISO time with `decimals` (cut, not rounded, so that it never names a later second): `08:48:02.041` */
export function clock(iso: string, decimals = 3): string {
  const [, fraction = ''] = /\.(\d+)/.exec(iso) ?? []
  const shown = fraction.slice(0, decimals)
  // Years beyond 9999 have more digits.
  const at = iso.indexOf('T') + 1
  return iso.slice(at, at + 8) + (decimals > 0 && shown ? `.${shown.padEnd(decimals, '0')}` : '')
}

/** Time of day of a packet, from nanoseconds since the timebase's whole second. */
export function clockOf(seconds: number, timeNs: number): string {
  const whole = Math.floor(timeNs / 1e9)
  const date = new Date((seconds + whole) * 1000)
  if (Number.isNaN(date.getTime())) return '--:--:--.---'
  const ms = Math.floor((timeNs - whole * 1e9) / 1e6)
  return `${date.toISOString().slice(-13, -5)}.${String(ms).padStart(3, '0')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
