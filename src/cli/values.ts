/** Parsers of option values: a value, or an InvalidArgumentError that says what would be right. */
import { InvalidArgumentError } from 'commander'
import { isIP } from 'node:net'
import { ENGINE_NAMES, type EngineName } from '../live/engine-names.js'
import { CAUSE_IDS, type CauseId, type Impact, type Origin } from '../model.js'
import { FORMAT_NAMES, type FormatName } from '../report/formats.js'
import { parseDuration, parseWhen, type When } from '../report/when.js'
import { parseZone, type Zone } from '../report/zone.js'

const ORIGINS: Origin[] = ['endpoint', 'middlebox', 'unknown']
const IMPACTS: Impact[] = ['ignored', 'none', 'connect-failed', 'transfer-cut', 'request-lost', 'unknown']

/** A parser of a comma list of fixed words; may be given again, which adds to it. */
function listOf<T extends string>(what: string, allowed: readonly T[]): (text: string, before?: T[]) => T[] {
  return (text, before = []) => [...before, ...splitList(text).map(word => oneOf(what, allowed, word))]
}

function splitList(text: string): string[] {
  return text.split(',').map(word => word.trim())
}

function oneOf<T extends string>(what: string, allowed: readonly T[], word: string): T {
  const exact = allowed.find(item => item === word)
  if (exact) return exact
  const close = nearest(word, allowed)
  const hint = close
    ? `did you mean ${close}?`
    : allowed.length > 8
      ? 'rst-analyze explain lists them'
      : `choose from ${allowed.join(', ')}`
  throw new InvalidArgumentError(`no ${what} "${word}"; ${hint}`)
}

/** The allowed word at the smallest edit distance, when that is small enough to be a slip. */
export function nearest<T extends string>(word: string, allowed: readonly T[]): T | undefined {
  const ranked = allowed
    .map(item => ({ item, distance: editDistance(word, item) }))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0] && ranked[0].distance <= Math.max(1, Math.floor(word.length / 3))
    ? ranked[0].item
    : undefined
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}

export const causes: (text: string, before?: CauseId[]) => CauseId[] = listOf('cause', CAUSE_IDS)
export const origins: (text: string, before?: Origin[]) => Origin[] = listOf('origin', ORIGINS)
export const impacts: (text: string, before?: Impact[]) => Impact[] = listOf('impact', IMPACTS)
export const failOn: (text: string, before?: (CauseId | 'any')[]) => (CauseId | 'any')[] = listOf('cause', [
  'any',
  ...CAUSE_IDS,
] as const)

export function format(text: string): FormatName {
  return oneOf('format', FORMAT_NAMES, text)
}

export function probability(text: string): number {
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= 0 && value <= 1))
    throw new InvalidArgumentError('give a probability from 0 to 1, such as 0.8')
  return value
}

export function when(text: string): When {
  const value = parseWhen(text)
  if (!value) throw new InvalidArgumentError('give a time such as 2026-11-22T14:03:07, 14:03:07 or +90s')
  return value
}

/** Milliseconds. */
export function span(text: string): number {
  const value = parseDuration(text)
  if (value === undefined || value === 0)
    throw new InvalidArgumentError('give a duration such as 14s, 5m or 2h')
  return value
}

/** Bytes; binary multiples, as memory is counted. At least 16 MiB: less would forget connections at once. */
export function memory(text: string): number {
  const value = size(text)
  if (value < 16 * 2 ** 20) throw new InvalidArgumentError('at least 16M')
  return value
}

/** Bytes: `65536`, `64K`, `512M`, `2G`, `512MiB`. */
export function size(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt])?(i?b)?$/i.exec(text)
  if (!match) throw new InvalidArgumentError('give a size such as 512M or 2G')
  const power = match[2] ? 'kmgt'.indexOf(match[2].toLowerCase()) + 1 : 0
  return Math.floor(Number(match[1]) * 1024 ** power)
}

/** Bytes of a Markdown report; less than 1,000 would not hold the headline and what was left out. */
export function reportSize(text: string): number {
  const value = size(text)
  if (value < 1000) throw new InvalidArgumentError('at least 1000')
  return value
}

export function zone(text: string): Zone {
  const value = parseZone(text)
  if (!value) throw new InvalidArgumentError('give a time zone such as Europe/Berlin or +02:00')
  return value
}

export function ports(text: string, before: number[] = []): number[] {
  const added = splitList(text).map(word => {
    const port = /^\d{1,5}$/.test(word) ? Number(word) : Number.NaN
    if (!(port <= 65_535)) throw new InvalidArgumentError(`"${word}" is not a port; give 0 to 65535`)
    return port
  })
  return [...before, ...added]
}

export function hosts(text: string, before: string[] = []): string[] {
  const added = splitList(text).map(word => {
    const address = word.replace(/^\[(.*)\]$/, '$1')
    if (isIP(address) === 0) throw new InvalidArgumentError(`"${word}" is not an IP address`)
    return address
  })
  return [...before, ...added]
}

export function nets(text: string, before: string[] = []): string[] {
  const added = splitList(text).map(word => {
    const [address, bits, ...rest] = word.split('/')
    const family = isIP(address)
    const valid =
      family > 0 &&
      rest.length === 0 &&
      /^\d{1,3}$/.test(bits ?? '') &&
      Number(bits) <= (family === 4 ? 32 : 128)
    if (!valid) throw new InvalidArgumentError(`"${word}" is not a network; give one such as 10.0.0.0/8`)
    return word
  })
  return [...before, ...added]
}

export function resetIds(text: string, before: string[] = []): string[] {
  const added = splitList(text).map(word => {
    if (!/^r[1-9]\d*$/.test(word))
      throw new InvalidArgumentError(`"${word}" is not a reset; they are called r1, r2, …`)
    return word
  })
  return [...before, ...added]
}

export function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number above 0')
  return Number(text)
}

/** Threads: more than a machine has cores do no good, and each costs memory. */
export function jobs(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= 1 && value <= 64))
    throw new InvalidArgumentError('give a number of threads, 1 (none beside the main one) to 64')
  return value
}

export function addressPort(text: string): string {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:\s]*):)?(\d{1,5})$/i.exec(text)
  if (!match || Number(match[2]) > 65_535)
    throw new InvalidArgumentError('give ADDR:PORT, such as 127.0.0.1:9464')
  return text
}

export function engine(text: string): 'auto' | EngineName {
  return oneOf('engine', ['auto', ...ENGINE_NAMES] as const, text)
}

export function oneFile(text: string): string {
  if (text === '') throw new InvalidArgumentError('give a file name')
  return text
}

export function files(text: string, before: string[] = []): string[] {
  return [...before, oneFile(text)]
}
