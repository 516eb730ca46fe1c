/** The packet ladder as SVG: client left, server right, time downwards, silence as a gap whose height tells its length. */
import { scaleLog } from 'd3-scale'
import type { EvidenceLine, Reset } from '../../model.js'
import { type PacketStep, type Step, spanWords } from '../ladder.js'
import { clip, clipMiddle, columns, wrap } from '../layout.js'
import { nameAfter, type Names } from '../names.js'
import { frameWords } from '../text/style.js'
import { clockOf, duration, endpoint, plural } from '../../units.js'
import { html, type Markup, px } from './markup.js'
import { fieldLines, type PacketIndex } from './packets.js'

/** Drawn in these units, scaled by the page. */
const WIDTH = 960
const CLIENT = 122
const SERVER = 540
const MIDDLE = (CLIENT + SERVER) / 2
const SIDE = SERVER + 22
const TOP = 46
const LINE = 16
const REMARK_COLUMNS = 58

export interface LadderInput {
  reset: Reset
  steps: Step[]
  packets: PacketIndex
  /** Unix second the times count from, see View. */
  seconds: number
  names: Names
  /** How many captures the report is about; frames of another one say so. */
  captures: number
}

interface Row {
  y: number
  height: number
  step: Step
  lines: string[]
}

/** Height of a silence: a second is a small gap, an hour a large one. */
const silenceHeight = scaleLog().domain([1000, 3_600_000]).range([34, 84]).clamp(true)

export function ladderSvg(input: LadderInput): Markup {
  const rows = layOut(input)
  const last = rows[rows.length - 1]
  const bottom = last ? last.y + last.height : TOP
  const height = bottom + 10
  const { id } = input.reset
  return html`<svg class="ladder" viewBox="0 0 ${WIDTH} ${px(height)}" width="${WIDTH}" height="${px(height)}" role="listbox" aria-label="Packets of ${id}, oldest first"><g aria-hidden="true">${headings(input)}${lifelines(rows, bottom)}</g>${rows.map((row, index) => rowSvg(row, index === firstPacket(rows), input))}</svg>`
}

function firstPacket(rows: Row[]): number {
  return rows.findIndex(({ step }) => step.kind === 'packet')
}

function layOut({ steps, reset, captures }: LadderInput): Row[] {
  let y = TOP
  return steps.map(step => {
    const lines = step.kind === 'packet' ? sideLines(step, reset, captures) : []
    const height = heightOf(step, lines.length)
    const row = { y, height, step, lines }
    y += height
    return row
  })
}

function heightOf(step: Step, lines: number): number {
  if (step.kind === 'silence') return silenceHeight(step.ms)
  return step.kind === 'omitted' ? 32 : Math.max(36, 14 + lines * LINE)
}

/** What stands beside an arrow: its frames, then what a reader should notice. */
function sideLines(step: PacketStep, reset: Reset, captures: number): string[] {
  const elsewhere = captures > 1 && step.capture !== reset.capture ? ` of capture ${step.capture + 1}` : ''
  const frames = clip(frameWords(step.frames) + elsewhere, REMARK_COLUMNS - 16)
  const remark = remarkWords(step, reset)
  return [frames, ...(remark ? wrap(remark, REMARK_COLUMNS) : [])]
}

function remarkWords(step: PacketStep, reset: Reset): string {
  const span = spanWords(step)
  const other = step.reset !== null && step.reset !== reset.id ? [`this is ${step.reset}`] : []
  return [...(span ? [span] : []), ...step.remarks, ...other].join('; ')
}

function headings({ reset, names }: LadderInput): Markup[] {
  return (['client', 'server'] as const).map(side => {
    const end = reset.connection[side]
    const text = clipMiddle(endpoint(end) + nameAfter(names, end.address), 40)
    const x = side === 'client' ? CLIENT : SERVER
    return html`<text class="l-side" x="${x}" y="14">${side}</text><text class="l-addr" x="${x}" y="30">${text}</text>`
  })
}

/** Solid where packets follow each other, interrupted where nothing was sent or shown. */
function lifelines(rows: Row[], bottom: number): Markup[] {
  const gaps = rows.filter(({ step }) => step.kind !== 'packet')
  const stops = [TOP - 8, ...gaps.flatMap(({ y, height }) => [y + 4, y + height - 4]), bottom]
  return [CLIENT, SERVER].map(x => {
    let path = ''
    for (let index = 0; index + 1 < stops.length; index += 2)
      path += `M${x} ${px(stops[index])}V${px(Math.max(stops[index], stops[index + 1]))}`
    return html`<path class="l-life" d="${path}"/>`
  })
}

function rowSvg(row: Row, first: boolean, input: LadderInput): Markup {
  const { step, y, height } = row
  if (step.kind === 'packet') return packetSvg(row, step, first, input)
  const middle = px(y + height / 2 + 4)
  const text =
    step.kind === 'silence'
      ? `${duration(step.ms)} of silence`
      : `${plural(step.packets, 'packet')} not shown`
  const dots = [CLIENT, SERVER].map(
    x => html`<path class="l-gap" d="M${x} ${px(y + 4)}V${px(y + height - 4)}"/>`,
  )
  return html`<g class="l-${step.kind}" role="option" aria-disabled="true" aria-selected="false" aria-label="${text}">${dots}<text x="${MIDDLE}" y="${middle}">${text}</text></g>`
}

function packetSvg(row: Row, step: PacketStep, first: boolean, input: LadderInput): Markup {
  const { reset, seconds, packets } = input
  const { y, height, lines } = row
  const time = clockOf(seconds, step.timeNs)
  const own = step.reset === reset.id
  const classes = ['l-step', `s-${step.shape}`, step.forged ? 'forged' : '', own ? 'own' : '']
  const proofs = proofsOf(step, reset.evidence, reset.capture)
  return html`<g class="${classes.filter(Boolean).join(' ')}" role="option" aria-selected="false" tabindex="${first ? '0' : '-1'}" data-frames="${step.capture === reset.capture ? step.frames.join(' ') : ''}" data-fields="${fieldLines(step, packets).join('¶')}"><rect class="l-hit" x="0" y="${px(y)}" width="${WIDTH}" height="${px(height)}" rx="4"/><text class="l-time" x="6" y="${px(y + 22)}">${time}</text> <text class="l-way" x="${MIDDLE}" y="${px(y + 22)}">${wayOf(step)}</text> ${arrow(step, y + 24)}${lines.map((line, index) => html` <text class="${index === 0 ? 'l-frame' : 'l-note'}" x="${SIDE}" y="${px(y + 22 + index * LINE)}">${line}${index === 0 && proofs.length > 0 && html`<tspan class="l-proof" dx="8">${proofs.join(' ')}</tspan>`}</text>`)}</g>`
}

/** Which lines of the evidence table point at this step: `e1 e3`. */
function proofsOf(step: PacketStep, evidence: EvidenceLine[], capture: number): string[] {
  return evidence.flatMap((line, index) =>
    (line.capture ?? capture) === step.capture && line.frames.some(frame => step.frames.includes(frame))
      ? [`e${index + 1}`]
      : [],
  )
}

/** What the arrow shows to the eye, for those who hear the page; all else about a step is its visible text. */
function wayOf({ from, forged }: PacketStep): string {
  const to = from === 'client' ? 'server' : 'client'
  return forged ? `a device in the name of the ${from}, to the ${to}:` : `${from} to ${to}:`
}

/** From one lifeline to the other; a forged packet starts between them, where the device stands. */
function arrow(step: PacketStep, y: number): Markup {
  const right = step.from === 'client'
  const from = step.forged ? MIDDLE : right ? CLIENT : SERVER
  const to = right ? SERVER : CLIENT
  const turn = right ? -1 : 1
  const tip = to + turn * 2
  const shaft = `M${px(from)} ${px(y)}H${px(tip + turn * 8)}`
  const head = `M${px(tip)} ${px(y)}l${turn * 10} -4.5v9z`
  return html`<path class="l-shaft" d="${shaft}"/><path class="l-head" d="${head}"/>${step.forged && device(y)}${labelSvg(step, from, to, y)}`
}

function device(y: number): Markup {
  return html`<path class="l-device" d="M${MIDDLE} ${px(y - 7)}l7 7l-7 7l-7 -7z"/><text class="l-dname" x="${MIDDLE}" y="${px(y - 10)}">device</text>`
}

const CHARACTER = 7.3

/** The words on the arrow; a reset stands in a frame of its own so that it is found without colours. */
function labelSvg(step: PacketStep, from: number, to: number, y: number): Markup {
  const middle = (from + to) / 2
  const text = clip(step.text, Math.floor((Math.abs(to - from) - 30) / CHARACTER))
  if (step.shape !== 'reset')
    return html`<text class="l-text" x="${px(middle)}" y="${px(y - 6)}">${text}</text>`
  const width = columns(text) * CHARACTER + 18
  return html`<rect class="l-pill" x="${px(middle - width / 2)}" y="${px(y - 10)}" width="${px(width)}" height="20" rx="10"/><text class="l-rst" x="${px(middle)}" y="${px(y + 4.5)}">${text}</text>`
}

/** Explains only the styles that occur. */
export function legend(steps: Step[]): Markup {
  const packets = steps.filter(step => step.kind === 'packet')
  const items: [string, string, boolean][] = [
    ['s-reset', 'reset (RST)', packets.some(step => step.shape === 'reset' && !step.forged)],
    ['s-reset forged', 'forged: made by a device between the two', packets.some(step => step.forged)],
    ['s-close', 'orderly close (FIN)', packets.some(step => step.shape === 'close')],
    ['s-again', 'sent again', packets.some(step => step.shape === 'again')],
    ['s-probe', 'probe', packets.some(step => step.shape === 'probe')],
  ]
  const shown = items.filter(([, , occurs]) => occurs)
  if (shown.length === 0) return html``
  return html`<ul class="legend">${shown.map(
    ([style, text]) =>
      html`<li><svg class="ladder key" viewBox="0 0 40 14" width="40" height="14" aria-hidden="true"><g class="${style}"><path class="l-shaft" d="M2 7H30"/><path class="l-head" d="M38 7l-10 -4.5v9z"/></g></svg>${text}</li>`,
  )}</ul>`
}
