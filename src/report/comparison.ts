/** What two captures of the same traffic proved, in words that all formats for people share. */
import type { CaptureInfo, Endpoint, Report, Reset, Translation } from '../model.js'
import { count, endpoint } from '../units.js'
import { frameWords } from './text/style.js'

/** Pairs of addresses that are spelt out; of more, the number. */
const PAIRS_SHOWN = 4

/** What a reader calls a capture: its file name, its path where another has the same name. */
export function captureName(captures: CaptureInfo[], index: number): string {
  const path = captures[index]?.path
  if (path === undefined) return `capture ${index + 1}`
  if (path === '-') return 'standard input'
  const name = baseName(path)
  return captures.some((other, i) => i !== index && baseName(other.path) === name) ? path : name
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The findings behind the paragraph: `[label, text]`, several texts to a label. */
export function comparisonFacts({ comparison, captures }: Report): [string, string[]][] {
  if (!comparison) return []
  const { clockDriftPpm, translated, related } = comparison
  const [a, b] = [captureName(captures, 0), captureName(captures, 1)]
  const drift = Math.abs(clockDriftPpm ?? 0)
  const facts: [string, string[]][] = [
    [
      'Clock drift',
      drift < 1 ? [] : [`${b} runs ${drift.toFixed(0)} millionths ${clockDriftPpm! > 0 ? 'fast' : 'slow'}`],
    ],
    ['Translated', pairs(translated, a, b)],
    ['Same messages', pairs(related, a, b)],
  ]
  return facts.filter(([, texts]) => texts.length > 0)
}

function pairs(found: Translation[], a: string, b: string): string[] {
  const shown = found
    .slice(0, PAIRS_SHOWN)
    .map(({ a: one, b: other }) => `${pair(one)} in ${a} is ${pair(other)} in ${b}`)
  const more = found.length - shown.length
  return more > 0 ? [...shown, `and ${count(more)} more`] : shown
}

function pair({ client, server }: { client: Endpoint; server: Endpoint }): string {
  return `${endpoint(client)} → ${endpoint(server)}`
}

/** `seen in client.pcap (frames 14–17), not in server.pcap`; nothing where only one capture was read. */
export function seenWords({ vantages }: Reset, captures: CaptureInfo[]): string {
  if (!vantages) return ''
  const seen = vantages.filter(one => one.seen)
  const unseen = vantages.filter(one => !one.seen).map(one => captureName(captures, one.capture))
  const where = seen.map(({ capture, frames }) => `${captureName(captures, capture)} (${frameWords(frames)})`)
  return `seen in ${where.join(' and in ')}${unseen.length > 0 ? `, not in ${unseen.join(', ')}` : ''}`
}

/** Where evidence lies, when that is not the reset's own capture and its sentence does not say so. */
export function elsewhere(statement: string, capture: number | undefined, captures: CaptureInfo[]): string {
  if (capture === undefined) return ''
  const name = captureName(captures, capture)
  return statement.includes(name) ? '' : ` of ${name}`
}
