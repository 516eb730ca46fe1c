/** The story of one reset: the ladder, because-lines, the Wireshark filter. */
import type { CaptureInfo, EvidenceLine, Reset, StoryPacket } from '../../model.js'
import { abridge, ladder, type PacketStep, type Step, spanWords } from '../ladder.js'
import { elsewhere, seenWords } from '../comparison.js'
import { clip, clipColored, columns, hang, pad, wrap } from '../layout.js'
import { clockOf, count, duration, plural, sure } from '../../units.js'
import { alternatives, labelled, listed, sentence, symptomLines } from './incident.js'
import { doubtWords, dye, flow, frameWords, impactPaint, originWords, pairOf, type Style } from './style.js'

const INDENT = 5
const CLOCK = 15
const NAME = 7

/** Where the numbers of a story count from. */
export interface StoryFrame {
  captures: CaptureInfo[]
  /** Unix second of the timebase. */
  seconds: number
}

/** @param full everything that is known; otherwise what fits below an overview */
export function storyLines(
  reset: Reset,
  packets: StoryPacket[],
  frame: StoryFrame,
  style: Style,
  full: boolean,
): string[] {
  const steps = abridge(ladder(packets), reset.id, full ? 60 : 16)
  return [
    ...headLines(reset, style),
    ...indented(wrap(seenWords(reset, frame.captures), style.width - INDENT)).filter(line => line.trim()),
    ...(full || reset.cause === 'unknown'
      ? indented(wrap(sentence(reset.summary), style.width - INDENT))
      : []),
    ...steps.flatMap(step => stepLines(step, reset, frame, style)),
    ...becauseLines(reset, frame.captures, style, full ? Number.POSITIVE_INFINITY : 6),
    ...(full ? adviceLines(reset, style) : []),
    ...filterLines(reset, style),
  ]
}

/** The ladder alone, without indent or colour: for a code block. */
export function ladderLines(
  reset: Reset,
  packets: StoryPacket[],
  frame: StoryFrame,
  width: number,
): string[] {
  const style = { width: width + INDENT, color: false }
  return abridge(ladder(packets), reset.id, 30).flatMap(step =>
    stepLines(step, reset, frame, style).map(line => clip(line.slice(INDENT).trimEnd(), width)),
  )
}

function indented(lines: string[]): string[] {
  return lines.map(line => ' '.repeat(INDENT) + line)
}

function headLines(reset: Reset, style: Style): string[] {
  const { application, history, encapsulation, rolesCertain } = reset.connection
  const about = [
    application ?? '',
    history,
    ...encapsulation,
    rolesCertain ? '' : 'which side is the client is a guess',
  ].filter(Boolean)
  const verdict = [
    `${reset.cause} ${sure(reset.confidence)}`,
    originWords([reset], reset),
    dye(style, impactPaint(reset.impact), impactWords(reset)),
  ]
  const title = `${pad(reset.id, INDENT)}${clip(pairOf(reset, style.names), style.width - INDENT)}`
  const [first, ...rest] = flow(
    [title, ...about.map(text => clip(text, style.width - INDENT))],
    0,
    style.width,
  )
  const head = [
    dye(style, 'bold', first),
    ...rest.map(line => ' '.repeat(INDENT) + line).map(line => clip(line, style.width)),
  ]
  return [
    ...head,
    ...flow(
      verdict.map(text => clipColored(text, style.width - INDENT)),
      INDENT,
      style.width,
    ),
  ]
}

function impactWords({ impact }: Reset): string {
  const words: Record<Reset['impact'], string> = {
    ignored: 'ignored by its target',
    none: 'no harm',
    'connect-failed': 'connect failed',
    'transfer-cut': 'transfer cut',
    'request-lost': 'request lost',
    unknown: 'effect unknown',
  }
  return words[impact]
}

function stepLines(step: Step, reset: Reset, { captures, seconds }: StoryFrame, style: Style): string[] {
  const lane = laneWidth(style)
  const blank = ' '.repeat(INDENT + CLOCK)
  if (step.kind === 'silence')
    return [blank + dye(style, 'dim', centered(`┄┄┄ ${duration(step.ms)} of silence ┄┄┄`, lane))]
  if (step.kind === 'omitted')
    return [blank + dye(style, 'dim', centered(`… ${plural(step.packets, 'packet')} …`, lane))]
  const left = `${' '.repeat(INDENT)}${pad(clockOf(seconds, step.timeNs), CLOCK)}${arrow(step, lane, style)}`
  const where = captures.length > 1 && step.capture !== reset.capture ? ` of capture ${step.capture + 1}` : ''
  const frames = frameWords(step.frames) + where
  const span = spanWords(step)
  const remark = [...(span ? [span] : []), ...step.remarks, ...otherReset(step, reset)].join('; ')
  const room = style.width - INDENT - CLOCK - lane - 2
  const right = clip(frames, room)
  if (!remark) return [`${left}  ${right}`]
  if (columns(right) + 3 + columns(remark) <= room)
    return [`${left}  ${right}   ${dye(style, 'dim', remark)}`]
  const below = hang(`${blank}${' '.repeat(NAME)}`, remark, style.width)
  return [`${left}  ${right}`, ...below.map(line => dye(style, 'dim', line))]
}

function otherReset(step: PacketStep, reset: Reset): string[] {
  return step.reset !== null && step.reset !== reset.id ? [`this is ${step.reset}`] : []
}

/** Columns from one side's name to the other's: what the clock and "frames 12345 … 67890 (12)" leave. */
function laneWidth({ width }: Style): number {
  return Math.max(34, Math.min(46, width - INDENT - CLOCK - 18))
}

function centered(text: string, width: number): string {
  return ' '.repeat(Math.max(0, Math.floor((width - columns(text)) / 2))) + text
}

/** `client ── GET /cart, 517 B ──▶` or `◀── 200, 4.1 kB ── server`; a forged reset comes from neither. */
function arrow(step: PacketStep, lane: number, style: Style): string {
  const length = lane - 2 * NAME
  const text = clip(step.text, length - 6)
  const line = '─'.repeat(Math.max(1, length - 5 - columns(text)))
  const blank = ' '.repeat(NAME)
  const tone = step.shape === 'reset' ? (step.forged ? 'magenta' : 'red') : undefined
  const shaft = step.from === 'client' ? `── ${text} ${line}▶` : `◀${line} ${text} ──`
  const drawn = tone ? dye(style, ['bold', tone], shaft) : shaft
  const name = step.forged ? 'device' : step.from
  return step.from === 'client'
    ? `${pad(name, NAME)}${drawn}${blank}`
    : `${blank}${drawn}${name.padStart(NAME)}`
}

function becauseLines(reset: Reset, captures: CaptureInfo[], style: Style, most: number): string[] {
  const items = [
    ...reset.evidence.map(line => ({ mark: line.supports ? '+' : '−', text: evidenceWords(line, captures) })),
    ...reset.cannotTell.map(text => ({ mark: '·', text: doubtWords(text) })),
  ]
  const label = `${' '.repeat(INDENT)}because   `
  const lines = items.slice(0, most).flatMap(({ mark, text }, index) => {
    const lead = index === 0 ? label : ' '.repeat(label.length)
    return hang(`${lead}${mark} `, text, style.width)
  })
  const more = items.length - most
  if (more > 0) lines.push(`${' '.repeat(label.length)}and ${count(more)} more: --reset ${reset.id}`)
  return lines
}

function evidenceWords({ statement, frames, capture }: EvidenceLine, captures: CaptureInfo[]): string {
  if (frames.length === 0 || /\bframes? \d/.test(statement)) return statement
  const where = elsewhere(statement, capture, captures)
  // One pair of brackets is enough: "(71 B, frame 106)".
  return statement.endsWith(')')
    ? `${statement.slice(0, -1)}, ${frameWords(frames)}${where})`
    : `${statement} (${frameWords(frames)}${where})`
}

function adviceLines(reset: Reset, style: Style): string[] {
  const none = Number.POSITIVE_INFINITY
  const shift = (lines: string[]): string[] => lines.map(line => `  ${line}`)
  const narrow = { ...style, width: style.width - 2 }
  return shift([
    ...symptomLines(reset, narrow, none),
    ...listed('Do', reset.remedies, narrow, none),
    ...listed('Check', reset.nextChecks, narrow, none),
    ...labelled('Could also be', alternatives(reset), narrow, none),
    ...labelled('Follows from', reset.consequenceOf ?? '', narrow, none),
  ])
}

function filterLines({ wiresharkFilter }: Reset, style: Style): string[] {
  const label = `${' '.repeat(INDENT)}Wireshark   `
  // On a line of its own it can be copied whole.
  const alone =
    columns(label) + columns(wiresharkFilter) > style.width && columns(wiresharkFilter) <= style.width
  return alone ? [label, wiresharkFilter] : hang(label, wiresharkFilter, style.width)
}
