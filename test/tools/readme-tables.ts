/**
 * The sections of README.md that the code writes: what stands between `<!-- causes:begin -->` and `<!-- causes:end -->`, and likewise the
 * accuracy on held-out captures and the text report of the bundled incident.
 * `npx tsx test/tools/readme-tables.ts` writes them; test/tools/readme-tables.test.ts fails when README says something else.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { analyzeCaptures } from '../../src/analyze.js'
import { CAUSES, type Cause } from '../../src/causes/index.js'
import { select } from '../../src/report/select.js'
import { writeText } from '../../src/report/text.js'
import { readable } from '../../src/report/explain.js'
import { FIRST_MEASURED } from '../accuracy/first-measured.js'
import { labelledCaptures } from '../accuracy/labels.js'
import { calibrationError, type Outcome, scoreCaptures } from '../accuracy/score.js'

export const README = path.resolve(import.meta.dirname, '../../README.md')

/** Section name → its text, without the markers. */
export const SECTIONS: Record<string, () => Promise<string>> = {
  causes: async () => causeTables(),
  accuracy: accuracyTable,
  report: sampleReport,
}

const INCIDENT = 'fixtures/start/incident.pcap'
const SAMPLE_WIDTH = 100
/** Until the second story: the shape is clear by then. */
const SAMPLE_STORIES = 1

async function sampleReport(): Promise<string> {
  const analysis = await analyzeCaptures([path.resolve(README, '..', INCIDENT)])
  analysis.report.captures[0].path = INCIDENT
  const selection = select(analysis.report)
  const text = [
    ...writeText({ analysis, selection, width: SAMPLE_WIDTH, color: false, stories: 'worst' }),
  ].join('')
  const stories = [...text.matchAll(/^r\d+ {2}/gm)].map(m => m.index)
  return ['```', text.slice(0, stories[SAMPLE_STORIES]).trimEnd(), '…', '```'].join('\n')
}

/** What the blind sets gave when they were new, then the rows of `npm run accuracy` for the held-out captures. */
async function accuracyTable(): Promise<string> {
  const captures = labelledCaptures().filter(c => c.split === 'held-out')
  const outcomes = await scoreCaptures(captures)
  const share = (rows: Outcome[], right: (o: Outcome) => boolean | undefined) =>
    rows.length === 0 ? '–' : `${((100 * rows.filter(right).length) / rows.length).toFixed(1)} %`
  const line = (name: string, rows: Outcome[]) =>
    `| ${name} | ${rows.length} | ${share(rows, o => o.causeRight)} | ${share(rows, o => o.originRight)} | ${share(rows, o => o.impactRight)} | ${rows.filter(o => o.falseAccusation).length} |`
  const causes = [...new Set(outcomes.map(o => o.label.cause))].sort()
  const head = (title: string) => [
    `| ${title} | resets | cause right | origin right | impact right | endpoints accused |`,
    '|---|---|---|---|---|---|',
  ]
  return [
    ...head('lab captures'),
    ...FIRST_MEASURED.map(
      ({ set, resets, cause, origin, impact, accused }) =>
        `| ${set}, when it was new | ${resets} | ${cause} % | ${origin} % | ${impact} % | ${accused} |`,
    ),
    line(
      'held-out: endpoints',
      outcomes.filter(o => o.capture.set === 'endpoint'),
    ),
    line(
      'held-out: devices on the path',
      outcomes.filter(o => o.capture.set === 'middlebox'),
    ),
    line('held-out: all', outcomes),
    '',
    '<details><summary>By cause</summary>',
    '',
    ...head('held-out captures'),
    ...causes.map(cause =>
      line(
        `\`${cause}\``,
        outcomes.filter(o => o.label.cause === cause),
      ),
    ),
    '',
    '</details>',
    '',
    `Expected calibration error: ${FIRST_MEASURED.map(of => `${of.set} ${of.calibrationError}`).join(', ')} when new; held-out ${calibrationError(outcomes).toFixed(3)} (${captures.length} captures).`,
  ].join('\n')
}

/** A table for each family: the cause, what it means, the first thing to do. */
function causeTables(): string {
  const all = [...CAUSES.values()]
  const families = [...new Set(all.map(c => c.family))]
  return families
    .map(family => {
      const rows = all.filter(c => c.family === family).map(row)
      const heading = family.charAt(0).toUpperCase() + family.slice(1)
      return [`**${heading}**`, '', '| cause | meaning | first thing to do |', '|---|---|---|', ...rows].join(
        '\n',
      )
    })
    .join('\n\n')
}

function row({ id, means, remedies }: Cause): string {
  return `| \`${id}\` | ${cell(means)} | ${cell(remedies[0])} |`
}

function cell(text: string): string {
  return readable(text).replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;')
}

/** The README with these sections rewritten; sections whose markers are missing are left out. */
export async function withSections(text: string, names = Object.keys(SECTIONS)): Promise<string> {
  let result = text
  for (const name of names) {
    const marked = new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`)
    const written = await SECTIONS[name]()
    result = result.replace(marked, (_all, begin: string, end: string) => `${begin}${written}\n${end}`)
  }
  return result
}

/** Whether the README asks for this section. */
export function hasSection(text: string, name: string): boolean {
  return text.includes(`<!-- ${name}:begin -->`) && text.includes(`<!-- ${name}:end -->`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  fs.writeFileSync(README, await withSections(fs.readFileSync(README, 'utf8')))
