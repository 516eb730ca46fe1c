/** Everything that must hold of what is written about an analysis. */
import type { Analysis, Report } from '../../src/model.js'
import { type FormatName, FORMATS, type Rendering } from '../../src/report/formats.js'
import { select } from '../../src/report/select.js'
import { lineDefect, reportDefect } from '../schema/validate.js'
import { demand } from './demand.js'

/** Characters that act on terminals and editors; line ends and the reports' own colours aside. */
const OBEYED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udfff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: the reports' own colours
const COLORS = /\u001b\[[\d;]*m/g
/** Markup that only packets bring (see the words of the packet damages). */
const ALIVE = {
  html: /<script>fuzz|<img src=x|<b>name/i,
  markdown: /<script>fuzz|<img src=x|<b>name|(?<!\\)\]\(javascript:/i,
}

/** @param once the same captures read in one pass, in pieces */
export async function checkReports(
  twice: Analysis,
  once: Analysis,
  { width, pages }: { width: number; pages: boolean },
): Promise<void> {
  checkReport(twice.report)
  const json = await written('json', twice, width)
  demand(
    json === (await written('json', once, width)),
    `one pass tells another story than two: ${difference(json, await written('json', once, width))}`,
  )
  demand(json === (await written('json', twice, width)), 'the same report is written differently')
  checkHarmless('json', json)
  const wrong = reportDefect(JSON.parse(json))
  demand(wrong === undefined, `JSON against its schema: ${wrong}`)
  const ndjson = await written('ndjson', twice, width)
  checkHarmless('ndjson', ndjson)
  for (const line of ndjson.trimEnd().split('\n')) {
    const defect = lineDefect(JSON.parse(line))
    demand(defect === undefined, `NDJSON against its schema: ${defect}`)
  }
  await checkText(twice, once, width)
  if (pages) await checkMarkup(twice, once, width)
}

async function checkText(twice: Analysis, once: Analysis, width: number): Promise<void> {
  const stories = twice.report.resets.length % 2 === 0 ? 'worst' : 'all'
  const text = await written('text', twice, width, stories)
  checkHarmless('text', text)
  demand(text === (await written('text', once, width, stories)), 'one pass draws another picture than two')
  checkHarmless('text', await written('text', twice, width, stories, true))
}

async function checkMarkup(twice: Analysis, once: Analysis, width: number): Promise<void> {
  for (const format of ['html', 'markdown'] as const) {
    const page = await written(format, twice, width)
    checkHarmless(format, page)
    demand(page === (await written(format, once, width)), `one pass gives another ${format} than two`)
  }
}

/** Nothing that a terminal obeys but the reports' own colours, no markup that a packet brought. */
export function checkHarmless(format: FormatName, text: string): void {
  const obeyed = OBEYED.exec(format === 'text' ? text.replace(COLORS, '') : text)
  demand(obeyed === null, `${format} with ${JSON.stringify(obeyed?.[0])}, which terminals obey`)
  if (format !== 'html' && format !== 'markdown') return
  const alive = ALIVE[format].exec(format === 'markdown' ? withoutCode(text) : text)
  demand(alive === null, `${format} with live markup of a packet: ${alive?.[0]}`)
}

/** Markdown without its fenced blocks and code spans (CommonMark 0.31 §4.5 and §6.1), in which nothing is obeyed. */
function withoutCode(markdown: string): string {
  const prose = markdown.replace(/^(`{3,})[^`\n]*\n[\s\S]*?\n\1`*$/gm, '')
  return prose.replace(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g, '')
}

export async function written(
  format: FormatName,
  analysis: Analysis,
  width: number,
  stories: Rendering['stories'] = 'worst',
  color = false,
): Promise<string> {
  const writer = await FORMATS[format].load?.()
  if (!writer) return ''
  return [...writer({ analysis, selection: select(analysis.report), width, color, stories })].join('')
}

/** What no schema says. */
function checkReport({ resets, incidents, totals }: Report): void {
  const incidentIds = new Set(incidents.map(incident => incident.id))
  const resetIds = new Set(resets.map(reset => reset.id))
  demand(resetIds.size === resets.length && incidentIds.size === incidents.length, 'an id is used twice')
  demand(totals.resets === resets.length, 'totals.resets is not the number of resets')
  for (const { id, incident, consequenceOf, confidence, alternatives, connection } of resets) {
    const sum = confidence + alternatives.reduce((all, a) => all + a.confidence, 0)
    demand(sum <= 1.0001, `${id}: confidences sum up to ${sum}`)
    demand(
      incident === null || incidentIds.has(incident),
      `${id} belongs to ${incident}, which does not exist`,
    )
    demand(
      consequenceOf === null || (resetIds.has(consequenceOf) && consequenceOf !== id),
      `${id} follows from ${consequenceOf}`,
    )
    demand(connection.durationMs >= 0, `${id}: lasted ${connection.durationMs} ms`)
  }
  const members = incidents.flatMap(incident => incident.resets)
  demand(new Set(members).size === members.length, 'a reset stands in two incidents')
}

/** The first place where two texts differ. */
function difference(a: string, b: string): string {
  const [x, y] = [a.split('\n'), b.split('\n')]
  const at = x.findIndex((line, i) => line !== y[i])
  return `line ${at + 1}: ${x[at]?.trim()} / ${y[at]?.trim()}`
}
