/** The text report: ten seconds for the headline, a minute for the stories, then the proof. */
import type { Reset } from '../model.js'
import { deepVisible } from './escape.js'
import type { Rendering } from './formats.js'
import { type RankedIncident, rank } from './rank.js'
import { comparisonLines, fileLines, healthLines, summaryLines } from './text/overview.js'
import { ENDLESS, incidentBlock, incidentBrief, incidentLine, LAVISH, ROOMY, TIGHT } from './text/incident.js'
import { storyLines } from './text/story.js'
import { FRAME_LINES, type Layout, resetTable, tableLayout } from './text/table.js'
import { clipColored } from './layout.js'
import { dye, type Style } from './text/style.js'
import { plural } from '../units.js'
import { localSeconds, namesOf, presentable } from './view.js'
import { UTC } from './zone.js'

/** Lines before the first story, unless everything was asked for. */
const PAGE_LINES = 40
const ROWS_AT_LEAST = 2
const ROWS_AT_MOST = 10
const STORIES_AT_MOST = 3
const HARMLESS_SHOWN = 3

/** Writes the report. Everything that came from packets has been made visible before it is laid out. */
export function* writeText(rendering: Rendering): Generator<string> {
  const { width, color, zone = UTC } = rendering
  const style: Style = { width, color, names: namesOf(rendering), zone: zone.label }
  const lines = Array.isArray(rendering.stories)
    ? chosenStories(rendering, style)
    : wholeReport(rendering, style)
  for (const line of lines) yield `${guard(line, style)}\n`
}

/** No line is wider than the terminal, whatever the parts above believed. */
function guard(line: string, { width }: Style): string {
  return clipColored(line.trimEnd(), width)
}

function* chosenStories(rendering: Rendering, style: Style): Generator<string> {
  const report = presentable(rendering.selection.report, style.names, rendering.zone)
  yield* fileLines(report, style)
  yield* comparisonLines(report, style)
  for (const reset of report.resets) {
    yield ''
    yield* story(reset, rendering, style, true)
  }
}

function* wholeReport(rendering: Rendering, style: Style): Generator<string> {
  const { analysis, selection } = rendering
  const all = rendering.stories === 'all'
  const report = presentable(selection.report, style.names, rendering.zone)
  const ranked = rank(report, selection.sizes)
  const head = [
    ...fileLines(report, style),
    ...summaryLines({ ...selection, report }, analysis.report, style),
  ]
  yield* head
  if (analysis.report.resets.length === 0) {
    yield ''
    yield* healthLines(report, deepVisible(analysis.health), style)
    return
  }
  if (report.resets.length === 0) return
  const withTable = report.resets.length > 1
  const order = exemplary(ranked)
  // What is likely to be shown decides about the columns, so that one long address far below does not.
  const layout = tableLayout(all ? order : order.slice(0, ROWS_AT_MOST), style)
  // What the table would take beyond the least, if nothing else wanted the lines.
  const more = Math.max(0, Math.min(6, order.length) - ROWS_AT_LEAST) * layout.linesPerRow
  const reserved = withTable ? FRAME_LINES + ROWS_AT_LEAST * layout.linesPerRow + 2 : 0
  const incidents = all
    ? everything(ranked, style)
    : fitted(ranked, PAGE_LINES - head.length - reserved - 2, more, style)
  yield* incidents
  if (withTable) {
    const room = PAGE_LINES - head.length - incidents.length - FRAME_LINES - 4
    yield ''
    yield* table(report.resets, order, all ? order.length : rowsIn(room, layout), style)
  }
  for (const reset of all ? report.resets : worst(ranked)) {
    yield ''
    yield* story(reset, rendering, style, all)
  }
}

function everything(ranked: RankedIncident[], style: Style): string[] {
  return ranked.flatMap((one, index) => ['', ...incidentBlock(one, index + 1, style, ENDLESS)])
}

/** The worst incident in full, others as fully as the lines allow, harmless ones in a line each. */
function fitted(ranked: RankedIncident[], room: number, rows: number, style: Style): string[] {
  const harmless = ranked.filter((one, index) => one.severity === 0 && index > 0)
  const serious = ranked.slice(0, ranked.length - harmless.length)
  const tail = harmlessLines(harmless, serious.length, serious.length > 2 ? 0 : HARMLESS_SHOWN, style)
  let left = room - tail.length
  const blocks: string[][] = []
  for (const [index, one] of serious.entries()) {
    const after = serious.length - index - 1
    // Those below get two lines and a blank each; past the second, one line says how many there are.
    const below = Math.min(after, 2) * 3 + (after > 2 ? 2 : 0)
    const sizes = [
      { block: incidentBlock(one, index + 1, style, LAVISH), reserve: below + rows },
      { block: incidentBlock(one, index + 1, style, ROOMY), reserve: below },
      // The worst may take the room of the others: better one incident understood than three titles.
      {
        block: incidentBlock(one, index + 1, style, TIGHT),
        reserve: index === 0 ? Math.min(after, 1) * 2 : below,
      },
      { block: incidentBrief(one, index + 1, style), reserve: after > 0 ? 2 : 0 },
    ]
    const fits = sizes.find(({ block, reserve }) => block.length + 1 + reserve <= left)
    if (!fits) break
    blocks.push(['', ...fits.block])
    left -= fits.block.length + 1
  }
  const missing = serious.length - blocks.length
  const more = missing > 0 ? ['', `and ${plural(missing, 'more incident')}: --all, or -o report.html`] : []
  return [...blocks.flat(), ...more, ...tail]
}

function harmlessLines(harmless: RankedIncident[], before: number, most: number, style: Style): string[] {
  if (harmless.length === 0) return []
  const shown = harmless.slice(0, most)
  const more = harmless.slice(most)
  const resets = more.reduce((sum, one) => sum + one.resets.length, 0)
  const rest = `and ${plural(more.length, shown.length > 0 ? 'more harmless incident' : 'harmless incident')} with ${plural(resets, 'reset')}`
  const lines = shown.map((one, index) => incidentLine(one, before + index + 1, style))
  return [
    '',
    ...lines,
    ...(more.length > 0 ? [dye(style, 'green', `${shown.length > 0 ? '   ' : ''}${rest}`)] : []),
  ]
}

/** An example of every incident comes first, then what is worst. */
function exemplary(ranked: RankedIncident[]): Reset[] {
  return [...new Set([...ranked.map(one => one.example), ...ranked.flatMap(one => one.resets)])]
}

/** @param order which rows are shown where not all are */
function* table(resets: Reset[], order: Reset[], rows: number, style: Style): Generator<string> {
  const shown = new Set(order.slice(0, rows))
  const told = resets.filter(reset => shown.has(reset))
  // Fewer rows may leave room for more columns, never for fewer.
  yield* resetTable(told, tableLayout(told, style), style)
  if (shown.size < resets.length)
    yield `and ${plural(resets.length - shown.size, 'more reset')}: --all, or -o report.html`
}

function rowsIn(lines: number, { linesPerRow }: Layout): number {
  return Math.min(ROWS_AT_MOST, Math.max(ROWS_AT_LEAST, Math.floor(lines / linesPerRow)))
}

/** One example per incident, the worst; harmless ones only when there is nothing else to tell. */
function worst(ranked: RankedIncident[]): Reset[] {
  const harmful = ranked.filter(one => one.severity > 0)
  return (harmful.length > 0 ? harmful : ranked.slice(0, 1)).slice(0, STORIES_AT_MOST).map(one => one.example)
}

function story(
  reset: Reset,
  { analysis, selection, zone }: Rendering,
  style: Style,
  full: boolean,
): string[] {
  const packets = deepVisible(analysis.stories.get(reset.id) ?? [])
  return storyLines(
    reset,
    packets,
    {
      captures: deepVisible(selection.report.captures),
      seconds: localSeconds(analysis.timebase.seconds, reset, zone),
    },
    style,
    full,
  )
}
