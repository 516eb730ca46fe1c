/** The parts of a Markdown report, each a finished piece with its weight: what is least important is left out first. */
import { CAUSES } from '../../causes/index.js'
import type { CaptureInfo, EvidenceLine, Reset, Symptom } from '../../model.js'
import { captureName, seenWords } from '../comparison.js'
import { ladder } from '../ladder.js'
import { namedEndpoint } from '../names.js'
import { harmWords, type RankedIncident, shareWords } from '../rank.js'
import { meanConfidence, sentence } from '../text/incident.js'
import { doubtWords, frameWords, originWords } from '../text/style.js'
import { ladderLines } from '../text/story.js'
import { clock, count, plural, sure } from '../../units.js'
import type { View } from '../view.js'
import { block, code, table, text } from './escape.js'
import { mermaid } from './mermaid.js'

export interface Section {
  /** Called this when it is left out. */
  name: string
  markdown: string
  /** Greater is kept longer. */
  weight: number
}

const LOGS_SHOWN = 3
const LADDER_COLUMNS = 96

/**
 * What happened, what it cost, what to do.
 * @param said remedies of the incidents before, each with the number it stands under: none is printed twice
 */
export function incidentSection(
  ranked: RankedIncident,
  index: number,
  view: View,
  said: Map<string, number>,
): Section {
  const { incident, example } = ranked
  const rows: [string, string][] = [
    ['Cost', figures(ranked)],
    ['Cause', `${code(incident.cause)} ${sure(meanConfidence(ranked.resets))}`],
    ['Origin', text(originWords(ranked.resets, example), true)],
    ['When', when(ranked, view)],
    ['The client saw', symptom(example.symptom.client)],
    ['The server saw', symptom(example.symptom.server)],
    ['Could also be', alternatives(example)],
  ]
  const markdown = [
    `### ${index + 1}. ${text(incident.title)}`,
    text(sentence(incident.summary)),
    table(
      ['', ''],
      rows.filter(([, value]) => value).map(([name, value]) => [`**${name}**`, value]),
    ),
    list('Do', unsaid(example.remedies, index + 1, said)),
    list('Check next', example.nextChecks),
  ]
  return {
    name: `incident ${index + 1}`,
    markdown: markdown.filter(Boolean).join('\n\n'),
    weight: 1000 - index,
  }
}

function unsaid(remedies: string[], number: number, said: Map<string, number>): string[] {
  const before = remedies.find(remedy => said.has(remedy))
  const fresh = remedies.filter(remedy => !said.has(remedy))
  for (const remedy of fresh) said.set(remedy, number)
  return before === undefined ? fresh : [...fresh, `Besides: see ${said.get(before)} above`]
}

function figures(ranked: RankedIncident): string {
  const { resets, total, impacts } = ranked
  const shown =
    total > resets.length
      ? `${count(resets.length)} of ${plural(total, 'reset')} shown`
      : plural(total, 'reset')
  const share = shareWords(ranked)
  return `**${harmWords(impacts)}**, ${shown}${share && `; ${text(share, true)}`}`
}

function when({ incident, resets }: RankedIncident, { zone }: View): string {
  const from = `${incident.firstTime.slice(0, 10)} ${clock(incident.firstTime)}`
  const to = clock(incident.lastTime)
  return resets.length > 1 ? `${from} to ${to} ${zone.label}` : `${from} ${zone.label}`
}

function symptom(seen: Symptom | null): string {
  if (!seen) return ''
  if (seen.error === 'none') return 'nothing'
  const numbers = [
    seen.linux === null ? '' : `errno ${seen.linux}`,
    seen.windows === null ? '' : `Windows ${seen.windows}`,
  ].filter(Boolean)
  const logs = seen.logs.slice(0, LOGS_SHOWN).map(line => code(line, true))
  return `${code(seen.error, true)}${numbers.length > 0 ? ` (${numbers.join('; ')})` : ''}${logs.length > 0 ? `: ${logs.join(', ')}` : ''}`
}

function list(title: string, items: string[]): string {
  if (items.length === 0) return ''
  return `**${title}**\n\n${items.map(item => `- ${text(sentence(item))}`).join('\n')}`
}

function alternatives({ cause, alternatives: others }: Reset): string {
  const apart = CAUSES.get(cause)?.mistakenFor ?? {}
  return others
    .slice(0, 4)
    .map(({ cause: other, confidence }) => {
      const why = apart[other]
      return `${code(other)} ${sure(confidence)}${why ? `: ${text(why, true)}` : ''}`
    })
    .join(' · ')
}

/** The only reset of its incident, whose sentence is its own. */
function alone(reset: Reset, { report }: View): boolean {
  return report.incidents.some(
    i => i.id === reset.incident && i.resets.length === 1 && i.summary === reset.summary,
  )
}

/** The proof of one reset: evidence, the ladder as text, and the same as a diagram. */
export function storySections(reset: Reset, index: number, view: View): Section[] {
  const packets = view.packets(reset)
  const { client, server, application } = reset.connection
  const pair = `${code(namedEndpoint(view.names, client))} → ${code(namedEndpoint(view.names, server))}`
  const head = [
    `### ${reset.id}: ${pair}${application ? ` ${code(application)}` : ''}`,
    alone(reset, view) ? '' : text(sentence(reset.summary)),
    text(sentence(seenWords(reset, view.report.captures))),
    evidence(reset, view.report.captures),
    `Wireshark filter:\n\n${block([reset.wiresharkFilter])}`,
  ]
  const proof: Section = {
    name: `the evidence for ${reset.id}`,
    markdown: head.filter(Boolean).join('\n\n'),
    weight: 600 - index,
  }
  if (packets.length === 0) return [proof]
  const steps = ladder(packets)
  const frame = { captures: view.report.captures, seconds: view.secondsOf(reset) }
  return [
    proof,
    {
      name: `the diagram of ${reset.id}`,
      markdown: block(mermaid(reset, steps, view.names), 'mermaid'),
      weight: 300 - index,
    },
    {
      name: `the packets of ${reset.id}`,
      markdown: `The same as text:\n\n${block(ladderLines(reset, packets, frame, LADDER_COLUMNS), 'text')}`,
      weight: 400 - index,
    },
  ]
}

function evidence({ evidence: lines, cannotTell, capture }: Reset, captures: CaptureInfo[]): string {
  const rows = lines.map(line => [
    line.supports ? '+' : '−',
    text(line.statement, true),
    framesOf(line, capture, captures),
  ])
  const doubts = cannotTell.map(line => ['?', text(doubtWords(line), true), ''])
  return rows.length + doubts.length > 0 ? table(['', 'Evidence', 'Frames'], [...rows, ...doubts]) : ''
}

function framesOf({ frames, capture }: EvidenceLine, own: number, captures: CaptureInfo[]): string {
  const words = frameWords(frames).replace(/^frames? /, '')
  if (capture === undefined || capture === own) return words
  return `${words} of ${code(captureName(captures, capture), true)}`
}
