/** The proof of one reset: ladder, evidence that points into it, marks of the sender, how to see it in Wireshark. */
import { CAUSES } from '../../causes/index.js'
import type { CaptureInfo, EvidenceLine, Reset, StoryPacket } from '../../model.js'
import { captureName, seenWords } from '../comparison.js'
import { abridge, ladder, type Step } from '../ladder.js'
import { nameAfter } from '../names.js'
import { doubtWords, originWords } from '../text/style.js'
import { sentence } from '../text/incident.js'
import { endpoint, sure } from '../../units.js'
import type { View } from '../view.js'
import { adviceHtml } from './advice.js'
import { html, type Markup, NOTHING, prose } from './markup.js'
import { ladderSvg, legend } from './ladder.js'
import { indexPackets } from './packets.js'
import { scatters } from './scatter.js'
import { copyable, impactBadge, shellWord } from './words.js'

const STEPS_AT_MOST = 60
const FRAMES_LINKED = 12

/** Everything about one reset, with a title of its own: what opens from the table. */
export function fullStory(reset: Reset, view: View): Markup {
  return html`<article class="story" data-story="${reset.id}" aria-label="Story of ${reset.id}">${storyHead(reset, view)}<p class="lead">${prose(sentence(reset.summary))}</p>${adviceHtml(reset)}${proof(reset, view)}</article>`
}

function storyHead(reset: Reset, view: View): Markup {
  const { client, server, application, history, encapsulation, rolesCertain } = reset.connection
  const pair = `${endpoint(client)}${nameAfter(view.names, client.address)} → ${endpoint(server)}${nameAfter(view.names, server.address)}`
  const about = [
    application ?? '',
    ...encapsulation,
    rolesCertain ? '' : 'which side is the client is a guess',
  ]
  return html`<h3><span class="rid">${reset.id}</span> ${pair}</h3><p class="facts">${impactBadge(reset.impact)}<span>${reset.cause} <b>${sure(reset.confidence)}</b></span><span>${originWords([reset], reset)}</span>${about.filter(Boolean).map(text => html`<span>${text}</span>`)}<span class="mono" title="History letters: S SYN, h SYN-ACK, A ACK, D data, F FIN, R RST; upper case is the client">${history}</span></p>`
}

/** Ladder, evidence, marks, Wireshark. */
export function proof(reset: Reset, view: View): Markup {
  const packets = view.packets(reset)
  const steps = abridge(ladder(packets), reset.id, STEPS_AT_MOST)
  return html`<div class="proof">${reset.vantages && html`<p class="hint">${sentence(seenWords(reset, view.report.captures))}</p>`}${ladderPart(reset, view, packets, steps)}${evidencePart(reset, view.report.captures, steps)}${scatters(reset, packets)}${wiresharkPart(reset, view.report.captures)}</div>`
}

function ladderPart(reset: Reset, view: View, packets: StoryPacket[], steps: Step[]): Markup {
  if (steps.length === 0) return html`<p class="hint">None of this connection’s packets were kept.</p>`
  const input = {
    reset,
    steps,
    packets: indexPackets(packets),
    seconds: view.secondsOf(reset),
    names: view.names,
    captures: view.report.captures.length,
  }
  return html`<h4>What passed between them</h4><div class="scroll">${ladderSvg(input)}</div><p class="fields" role="status" hidden></p>${legend(steps)}`
}

function evidencePart(
  { evidence, cannotTell, capture, id }: Reset,
  captures: CaptureInfo[],
  steps: Step[],
): Markup {
  if (evidence.length === 0 && cannotTell.length === 0) return NOTHING
  const drawn = new Set(
    steps.flatMap(step =>
      step.kind === 'packet' ? step.frames.map(frame => `${step.capture} ${frame}`) : [],
    ),
  )
  const rows = evidence.map((line, index) => evidenceRow(line, index, { capture, captures, drawn }))
  const doubts = cannotTell.map(
    text =>
      html`<tr class="doubt"><td></td><td><abbr title="cannot be told">?</abbr></td><td>${prose(doubtWords(text))}</td><td></td></tr>`,
  )
  return html`<h4>Why this verdict</h4><table class="evidence"><caption class="sr">Evidence for the verdict on ${id}</caption><thead><tr><th scope="col">No.</th><th scope="col"><span class="sr">Speaks for or against</span></th><th scope="col">Observation</th><th scope="col">Frames</th></tr></thead><tbody>${rows}${doubts}</tbody></table>`
}

interface Where {
  /** The reset's own capture. */
  capture: number
  captures: CaptureInfo[]
  /** `capture frame` of what the ladder shows. */
  drawn: ReadonlySet<string>
}

function evidenceRow(line: EvidenceLine, index: number, where: Where): Markup {
  const at = line.capture ?? where.capture
  const frames = line.frames
    .slice(0, FRAMES_LINKED)
    .map(frame =>
      at === where.capture && where.drawn.has(`${at} ${frame}`)
        ? html`<button type="button" class="fr" data-frame="${frame}" aria-label="Show frame ${frame} in the ladder">${frame}</button> `
        : html`<span class="fr">${frame}</span> `,
    )
  const more = line.frames.length - FRAMES_LINKED
  const of = line.capture === undefined ? '' : ` of ${captureName(where.captures, at)}`
  const sign = line.supports
    ? html`<abbr class="pro" title="speaks for it">+</abbr>`
    : html`<abbr class="con" title="speaks against it">−</abbr>`
  return html`<tr><td class="mono">e${index + 1}</td><td>${sign}</td><td>${prose(line.statement)}</td><td class="mono">${frames}${more > 0 && `and ${more} more`}${of}</td></tr>`
}

function wiresharkPart({ wiresharkFilter, frames, capture, cause }: Reset, captures: CaptureInfo[]): Markup {
  const path = captures[capture]?.path ?? '-'
  const file = path === '-' ? 'capture.pcap' : path
  return html`<h4>See it yourself</h4><p class="hint">In Wireshark: paste this as display filter, then go to frame ${frames[0] ?? 1} (Ctrl+G).</p>${copyable(wiresharkFilter, 'Wireshark filter')}<p class="hint">Or in a terminal:</p>${copyable(`tshark -r ${shellWord(file)} -Y ${shellWord(wiresharkFilter)}`, 'tshark command')}${CAUSES.has(cause) && copyable(`rst-analyze explain ${cause}`, 'command that explains the cause')}`
}
