/**
 * `--redact` for reports: a pure function from analysis to analysis, before anything is rendered, so that no format can forget it.
 * Every string is searched for addresses; the fields that hold words of a payload or of the machine are named here.
 */
import { changing, LateReset } from '../verdict/late-reset.js'
import type { Analysis, Reset, Stories } from '../model.js'
import { type Aliases, aliasesFor } from './aliases.js'
import { GONE, redactAddresses, redactQuotes, redactWords } from './text.js'

/**
 * A copy without addresses, MAC addresses, host names, payload text and file names. Resets and stories that are made when they are read are
 * read once here, so that aliases do not depend on what is read later; they are not held: a million of them would take 10 GB.
 * @param aliases shared with the captures that are written beside the report; left out: new ones
 * @returns the same shape; times, ports, sizes, sequence numbers and frame numbers are unchanged
 */
export function redactAnalysis(analysis: Analysis, aliases: Aliases = aliasesFor(analysis)): Analysis {
  const words = { aliases, names: namesIn(analysis, aliases), paths: pathsOf(analysis) }
  const copied = (value: unknown, key: string) => copy(value, key, redactor)
  const redactor: Redactor = {
    ...words,
    late: changing({
      whole: reset => copied(reset, '') as Reset,
      time: time => copied(time, 'time') as string,
      connection: connection => copied(connection, 'connection') as Reset['connection'],
    }),
  }
  return copied(analysis, '') as Analysis
}

interface Redactor {
  aliases: Aliases
  /** Payload text → what may be said of it, the longest first. */
  names: [raw: string, safe: string][]
  paths: [raw: string, safe: string][]
  /** For resets whose words are made when they are read. */
  late: (reset: Reset) => Reset
}

/** The fields that hold payload or the machine's own names, by key. All other strings only lose addresses and known names. */
const FIELDS: Record<string, (value: string, redactor: Redactor) => string> = {
  application: (value, { aliases }) => redactWords(value, aliases),
  label: (value, { aliases }) => redactWords(value, aliases),
  resetText: () => GONE,
  path: (value, { paths }) => paths.find(([raw]) => raw === value)?.[1] ?? GONE,
  statement: (value, redactor) => sentence(value, redactor),
  summary: (value, redactor) => sentence(value, redactor),
  title: (value, redactor) => sentence(value, redactor),
}

function copy(value: unknown, key: string, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactString(value, key, redactor)
  if (typeof value === 'number') return key === 'mac' ? redactor.aliases.mac(value) : value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(item => copy(item, key, redactor))
  if (value instanceof LateReset) {
    // For the aliases alone.
    copyObject(value, key, redactor)
    return redactor.late(value)
  }
  // Names that somebody gave to addresses: the alias has to do.
  if (value instanceof Map) return key === 'names' ? new Map() : copyMap(value, redactor)
  if (key === 'stories') return copyStories(value as Stories, redactor)
  return copyObject(value, key, redactor)
}

function copyStories(stories: Stories, redactor: Redactor): Stories {
  const told = (packets: ReturnType<Stories['get']>) => copy(packets, '', redactor) as typeof packets
  for (const [, packets] of stories) told(packets)
  return {
    get: id => told(stories.get(id)),
    *[Symbol.iterator]() {
      for (const [id, packets] of stories) yield [id, told(packets)!]
    },
  }
}

function copyMap(map: Map<unknown, unknown>, redactor: Redactor): Map<unknown, unknown> {
  return new Map([...map].map(([key, value]) => [copy(key, '', redactor), copy(value, '', redactor)]))
}

function copyObject(value: object, key: string, redactor: Redactor): object {
  const entries = Object.entries(value).map(([name, item]) => {
    if (key === 'process' && name === 'name') return [name, typeof item === 'string' ? GONE : item]
    // What evidence measured is a number, or a word of the payload.
    if (name === 'value' && typeof item === 'string') return [name, redactWords(item, redactor.aliases)]
    if (name === 'name' && 'address' in value && typeof item === 'string')
      // What follows a DNS name is how many others there are.
      return [
        name,
        item.replace('from' in value && value.from === 'dns' ? /^\S+/ : /.*/s, raw =>
          redactor.aliases.name(raw),
        ),
      ]
    return [name, copy(item, name, redactor)]
  })
  return Object.fromEntries(entries) as object
}

function redactString(value: string, key: string, redactor: Redactor): string {
  const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
  return field ? field(value, redactor) : plain(value, redactor)
}

/** Addresses go first: an alias that stands in a text already must not be given an alias of its own. */
function sentence(value: string, redactor: Redactor): string {
  return redactQuotes(plain(value, redactor), redactor.aliases)
}

function plain(text: string, { aliases, names, paths }: Redactor): string {
  let safe = text
  for (const [raw, alias] of paths) if (safe.includes(raw)) safe = safe.replaceAll(raw, alias)
  safe = redactAddresses(safe, aliases)
  for (const [raw, alias] of names) if (safe.includes(raw)) safe = safe.replaceAll(raw, alias)
  return safe
}

/** Payload text that the sentences of a report may repeat: applications, and values that evidence names. */
function namesIn({ report }: Analysis, aliases: Aliases): [string, string][] {
  const found = new Map<string, string>()
  for (const { connection, evidence } of report.resets) {
    const values = evidence.flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
    for (const text of [connection.application ?? '', ...values]) {
      for (const piece of [text, ...text.split(/\s+/)]) {
        if (piece.length > 3 && /[^a-z]/i.test(piece)) found.set(piece, redactWords(piece, aliases))
      }
    }
  }
  return [...found].filter(([raw, safe]) => raw !== safe).sort((a, b) => b[0].length - a[0].length)
}

function pathsOf({ report }: Analysis): [string, string][] {
  return report.captures.map(({ path, format }, index) => [path, `capture-${index + 1}.${format}`])
}
