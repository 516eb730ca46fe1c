/** One incident as a block of lines: title, figures, the sentence, what the caller saw, what to do. */
import type { Reset, Symptom } from '../../model.js'
import { clip, clipColored, firstLines, hang, pad, wrap } from '../layout.js'
import { harmWords, type RankedIncident, shareWords } from '../rank.js'
import { clock, count, plural, sure } from '../../units.js'
import { dye, flow, impactPaint, originWords, type Style } from './style.js'

const INDENT = 3
const LABEL = 17

/** Most lines each part may take. */
export interface Limits {
  title: number
  summary: number
  saw: number
  remedies: number
  checks: number
  also: number
}

export const LAVISH: Limits = { title: 2, summary: 6, saw: 3, remedies: 7, checks: 6, also: 2 }
export const ROOMY: Limits = { title: 2, summary: 4, saw: 2, remedies: 3, checks: 2, also: 2 }
export const TIGHT: Limits = { title: 1, summary: 3, saw: 1, remedies: 2, checks: 1, also: 1 }
export const ENDLESS: Limits = { title: 9, summary: 99, saw: 99, remedies: 99, checks: 99, also: 99 }

/** The whole block. */
export function incidentBlock(ranked: RankedIncident, index: number, style: Style, limits: Limits): string[] {
  const { incident, example } = ranked
  const text = wrap(sentence(incident.summary), style.width - INDENT).map(line => ' '.repeat(INDENT) + line)
  return [
    ...titleLines(ranked, index, style, limits.title),
    ...figureLines(ranked, style),
    ...firstLines(text, limits.summary, style.width),
    ...symptomLines(example, style, limits.saw),
    ...listed('Do', example.remedies, style, limits.remedies),
    ...listed(
      'Check',
      example.nextChecks,
      style,
      limits.checks + (incident.cause === 'unknown' ? limits.remedies : 0),
    ),
    ...labelled('Could also be', alternatives(example), style, limits.also),
  ]
}

/** Title and figures only. */
export function incidentBrief(ranked: RankedIncident, index: number, style: Style): string[] {
  return [...titleLines(ranked, index, style, 1), ...figureLines(ranked, style).slice(0, 1)]
}

/** One line, for what did no harm. */
export function incidentLine(ranked: RankedIncident, index: number, style: Style): string {
  const figures = `${resetsOf(ranked)}, ${harmWords(ranked.impacts)}`
  const room = style.width - INDENT - figures.length - 3
  return `${number(index)}${pad(clip(ranked.incident.title, room), Math.min(room, 60))}   ${dye(style, 'green', figures)}`
}

function number(index: number): string {
  return pad(String(index), INDENT)
}

function titleLines({ incident }: RankedIncident, index: number, style: Style, most: number): string[] {
  const lines = firstLines(hang(number(index), incident.title, style.width), most, style.width)
  return lines.map(line => dye(style, 'bold', line))
}

function resetsOf({ resets, total }: RankedIncident): string {
  return total > resets.length
    ? `${count(resets.length)} of ${plural(total, 'reset')} shown`
    : plural(total, 'reset')
}

function figureLines(ranked: RankedIncident, style: Style): string[] {
  const { resets, impacts, example, incident } = ranked
  const segments = [
    `${resetsOf(ranked)}, ${dye(style, impactPaint(example.impact), harmWords(impacts))}`,
    `${incident.cause} ${sure(meanConfidence(resets))}`,
    originWords(resets, example),
    whenWords(ranked, style),
    shareWords(ranked),
  ].filter(Boolean)
  return flow(
    segments.map(segment => clipColored(segment, style.width - INDENT)),
    INDENT,
    style.width,
  )
}

/** `14:44:22 UTC`, `14:44:22–14:46:02 UTC`; with dates where it took more than a day. */
function whenWords({ incident: { firstTime, lastTime } }: RankedIncident, { zone = 'UTC' }: Style): string {
  const [from, to] = [firstTime, lastTime].map(time => clock(time, 0))
  const days = [firstTime, lastTime].map(time => time.slice(0, 10))
  if (days[0] !== days[1]) return `${days[0]} ${from} – ${days[1]} ${to} ${zone}`
  return from === to ? `${from} ${zone}` : `${from}–${to} ${zone}`
}

/** How sure the cause is, over all resets of an incident. */
export function meanConfidence(resets: Reset[]): number {
  return resets.reduce((sum, reset) => sum + reset.confidence, 0) / resets.length
}

/** What to search the logs for: `The caller saw   ECONNRESET (errno 104; Windows 10054) or "socket hang up"`. */
export function symptomLines({ symptom }: Reset, style: Style, most: number): string[] {
  const { client, server } = symptom
  const lines: string[] = []
  if (client && (client.error !== 'none' || !server))
    lines.push(...labelled('The caller saw', symptomWords(client), style, most))
  else if (server) lines.push(...labelled('The server saw', symptomWords(server), style, most))
  return lines
}

function symptomWords({ error, linux, windows, logs }: Symptom): string {
  if (error === 'none') return 'nothing'
  const numbers = [
    linux === null ? '' : `errno ${linux}`,
    windows === null ? '' : `Windows ${windows}`,
  ].filter(Boolean)
  const quoted = logs.slice(0, 3).map(text => `"${text}"`)
  return `${error}${numbers.length > 0 ? ` (${numbers.join('; ')})` : ''}${quoted.length > 0 ? `: ${quoted.join(', ')}` : ''}`
}

/** `Do   …`, nothing when there is nothing to say. */
export function labelled(label: string, text: string, style: Style, most: number): string[] {
  if (!text) return []
  const lines = firstLines(
    hang(pad(' '.repeat(INDENT) + label, INDENT + LABEL), text, style.width),
    most,
    style.width,
  )
  return lines.map(line => line.replace(label, dye(style, 'cyan', label)))
}

/** `Do   …` with each item on lines of its own, as many whole items as there is room for; the first one in any case. */
export function listed(label: string, items: string[], style: Style, most: number): string[] {
  const indent = ' '.repeat(INDENT + LABEL)
  const lines: string[] = []
  for (const [index, item] of items.entries()) {
    const room = most - lines.length
    const block =
      index === 0 ? labelled(label, sentence(item), style, most) : hang(indent, sentence(item), style.width)
    if (index > 0 && block.length > room) break
    lines.push(...block)
  }
  return lines
}

/** With a capital letter and a full stop, whoever wrote it; an address in front keeps its small letters. */
export function sentence(text: string): string {
  const full = /[.?!…:]$/.test(text) || text === '' ? text : `${text}.`
  return /^[\da-f]{0,4}:[\da-f:]/i.test(full) ? full : full.charAt(0).toUpperCase() + full.slice(1)
}

/** `idle-timeout 4 %, post-restart 2 %` */
export function alternatives({ alternatives: others }: Reset): string {
  return others
    .slice(0, 4)
    .map(({ cause, confidence }) => `${cause} ${sure(confidence)}`)
    .join(', ')
}
