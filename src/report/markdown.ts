/** The Markdown report, made for tickets: it pastes into GitHub, GitLab and Jira and keeps within what they take. */
import type { Reset } from '../model.js'
import type { Rendering } from './formats.js'
import { comparisonFacts } from './comparison.js'
import { code, table, text } from './markdown/escape.js'
import { bytesOf, cutToBytes, type Fitted, fit, leftWords, TICKET_BYTES } from './markdown/fit.js'
import { incidentSection, type Section, storySections } from './markdown/sections.js'
import { namedEndpoint } from './names.js'
import { type RankedIncident, severityOf } from './rank.js'
import { healthLines, namesOf, spanOfCaptures, sumWords } from './text/overview.js'
import { clock, count, plural, sure } from '../units.js'
import { type View, viewOf } from './view.js'

const INCIDENTS_AT_MOST = 20
const STORIES_AT_MOST = 3
const ALL_STORIES_AT_MOST = 40
const ROWS_FIRST = 10
const ROWS_AT_MOST = 400
const NOTES_SHOWN = 5

export function* writeMarkdown(rendering: Rendering): Generator<string> {
  const view = viewOf(rendering)
  const maxBytes = rendering.maxBytes ?? TICKET_BYTES
  const footer = `_rst-analyze ${view.report.generator.version}; times are ${view.zone.label}._`
  const head = cutToBytes(headOf(view), Math.max(0, maxBytes - bytesOf(footer) - 4))
  const room = maxBytes - bytesOf(head) - bytesOf(footer) - 4
  const { kept, left } = roomiest(view, room)
  const parts = [head, ...kept.map(section => section.markdown), leftWords(left, maxBytes), footer]
  const whole = `${parts.filter(Boolean).join('\n\n')}\n`
  yield bytesOf(whole) <= maxBytes ? whole : cutToBytes(whole, maxBytes)
}

/** The table of resets takes what the other parts leave. */
function roomiest(view: View, room: number): Fitted {
  const sections = sectionsOf(view, ROWS_FIRST)
  const first = fit(sections, room)
  const total = view.report.resets.length
  if (first.left.length > 0 || total <= ROWS_FIRST) return first
  const spare = room - sections.reduce((sum, section) => sum + bytesOf(section.markdown) + 2, 0)
  const perRow = Math.max(
    80,
    ...view.report.resets.slice(0, ROWS_AT_MOST).map(reset => bytesOf(rowCells(reset, view).join(' | ')) + 5),
  )
  const rows = Math.min(ROWS_AT_MOST, ROWS_FIRST + Math.floor(spare / perRow))
  return rows > ROWS_FIRST ? fit(sectionsOf(view, rows), room) : first
}

function sectionsOf(view: View, rows: number): Section[] {
  const { ranked, report } = view
  if (report.resets.length === 0) return []
  const shown = ranked.slice(0, INCIDENTS_AT_MOST)
  const rest = ranked.slice(INCIDENTS_AT_MOST)
  const more: Section[] =
    rest.length > 0
      ? [
          {
            name: 'the number of further incidents',
            weight: 900,
            markdown: `and ${plural(rest.length, 'more incident')} with ${plural(
              rest.reduce((sum, one) => sum + one.resets.length, 0),
              'reset',
            )}`,
          },
        ]
      : []
  const said = new Map<string, number>()
  return [
    ...shown.map((one, index) => incidentSection(one, index, view, said)),
    ...more,
    ...(report.resets.length > 1 ? [tableSection(view, rows)] : []),
    ...storiesToTell(view).flatMap((reset, index) => storySections(reset, index, view)),
  ]
}

function storiesToTell({ ranked, report, all }: View): Reset[] {
  if (all) return report.resets.slice(0, ALL_STORIES_AT_MOST)
  const harmful = ranked.filter(one => one.severity > 0)
  return (harmful.length > 0 ? harmful : ranked.slice(0, 1)).slice(0, STORIES_AT_MOST).map(one => one.example)
}

/** Headline, sum, notes; where nothing was reset, what else can be said. */
function headOf(view: View): string {
  const { report, whole, hidden } = view
  const notes = report.captures.flatMap(capture => capture.notes)
  const noteLines = notes
    .slice(0, NOTES_SHOWN)
    .map(
      ({ name, message, count: times }) =>
        `- Note: ${code(name)}${times > 1 ? ` (${count(times)} times)` : ''}: ${text(message)}`,
    )
  const parts = [
    `## ${text(view.headline)}`,
    `${code(namesOf(report.captures))}, ${text(spanOfCaptures(report.captures, view.zone.label))}`,
    whole.resets.length > 0 ? text(sumWords(whole, hidden)) : healthOf(view),
    comparisonOf(view),
    noteLines.join('\n'),
  ]
  return parts.filter(Boolean).join('\n\n')
}

/** What two captures proved. */
function comparisonOf({ report }: View): string {
  if (!report.comparison) return ''
  const facts = comparisonFacts(report).flatMap(([label, texts]) =>
    texts.map(words => `- ${label}: ${text(words)}`),
  )
  return [`**Compared:** ${text(report.comparison.summary)}`, facts.join('\n')].filter(Boolean).join('\n\n')
}

function healthOf({ report, health }: View): string {
  const lines = healthLines(report, health, { width: Number.POSITIVE_INFINITY, color: false })
  return lines.map(line => text(line.replace(/^· /, ''))).join('\n\n')
}

function tableSection(view: View, most: number): Section {
  const { resets } = view.report
  const chosen = new Set(byWorth(view.ranked).slice(0, most))
  const rows = resets.filter(reset => chosen.has(reset)).map(reset => rowCells(reset, view))
  const more = resets.length - rows.length
  const head = [
    'Reset',
    `Time (${view.zone.label})`,
    'Connection',
    'Sent as',
    'Cause',
    'Origin',
    'Impact',
    'Sure',
  ]
  const markdown = `### Resets\n\n${table(head, rows)}${more > 0 ? `\n\nand ${plural(more, 'more reset')}: the HTML and JSON reports list them` : ''}`
  return { name: 'the table of resets', markdown, weight: 500 }
}

function byWorth(ranked: RankedIncident[]): Reset[] {
  const worst = ranked.flatMap(one =>
    [...one.resets].sort((a, b) => severityOf(b.impact) - severityOf(a.impact)),
  )
  return [...new Set([...ranked.map(one => one.example), ...worst])]
}

function rowCells(reset: Reset, { names, report }: View): string[] {
  const { client, server } = reset.connection
  const day =
    report.resets[0].time.slice(0, 10) === reset.time.slice(0, 10) ? '' : `${reset.time.slice(0, 10)} `
  return [
    reset.id,
    `${day}${clock(reset.time)}`,
    `${code(namedEndpoint(names, client), true)} → ${code(namedEndpoint(names, server), true)}`,
    reset.sender,
    reset.cause,
    reset.origin,
    reset.impact,
    sure(reset.confidence),
  ]
}
