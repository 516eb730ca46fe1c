/** The top of the page: what was read, the headline, what it adds up to, and what was wrong with the capture. */
import type { CaptureHealth, CaptureInfo, Impact, Report } from '../../model.js'
import { baseName, comparisonFacts } from '../comparison.js'
import { clip, clipMiddle, firstLines, hang, pad, wrap } from '../layout.js'
import { harmWords } from '../rank.js'
import type { Selection } from '../select.js'
import { count, dateTime, duration, percent, plural, toMs } from '../../units.js'
import { headlineOf } from '../view.js'
import { dye, flow, type Style } from './style.js'

const NOTES_SHOWN = 3
const LABEL = 16

/** Line 1: file, duration, start, frames, connections. */
export function fileLines(report: Report, { width, zone }: Style): string[] {
  const { captures, totals } = report
  const frames = captures.reduce((sum, capture) => sum + capture.frames, 0)
  const span = spanOfCaptures(captures, zone)
  const counts = `${plural(frames, 'frame')}, ${plural(totals.connections, 'connection')}`
  return flow([clipMiddle(namesOf(captures), Math.max(20, Math.floor(width / 2))), span, counts], 0, width)
}

/** `14 min 02 s from 2026-11-22 08:47:03 UTC` */
export function spanOfCaptures(captures: CaptureInfo[], zone = 'UTC'): string {
  const starts = captures.flatMap(capture => capture.firstTime ?? []).sort(byTime)
  const ends = captures.flatMap(capture => capture.lastTime ?? []).sort(byTime)
  if (starts.length === 0) return 'no timestamps'
  return `${duration(toMs(ends[ends.length - 1]) - toMs(starts[0]))} from ${dateTime(starts[0], zone)}`
}

function byTime(a: string, b: string): number {
  return toMs(a) - toMs(b)
}

/** The capture's name, or how many there are. */
export function namesOf(captures: CaptureInfo[]): string {
  const names = captures.map(({ path }) => (path === '-' ? 'standard input' : path))
  return names.length > 1
    ? `${names.length} captures, ${baseName(names[0])} … ${baseName(names[names.length - 1])}`
    : (names[0] ?? '')
}

/** Headline, sum, notes. */
export function summaryLines(
  { report, hidden }: Pick<Selection, 'report' | 'hidden'>,
  whole: Report,
  style: Style,
): string[] {
  const { width } = style
  const harmed = report.resets.some(reset => reset.impact !== 'none' && reset.impact !== 'ignored')
  const title = wrap(headlineOf(report, style.names, style.zone), width).map(line =>
    dye(style, harmed ? ['bold', 'red'] : 'bold', line),
  )
  return [
    ...title,
    ...(whole.resets.length > 0 ? sumLines(whole, hidden.resets, style) : []),
    ...comparisonLines(report, style),
    ...noteLines(report.captures, style),
  ]
}

/** The paragraph of `compare`, and the addresses that it found to be the same. */
export function comparisonLines(report: Report, { width }: Style): string[] {
  if (!report.comparison) return []
  return [
    ...hang(pad('Compared', LABEL), report.comparison.summary, width),
    ...comparisonFacts(report).flatMap(([label, texts]) =>
      texts.flatMap((text, index) => hang(pad(index === 0 ? label : '', LABEL), text, width)),
    ),
  ]
}

function sumLines(whole: Report, hidden: number, { width }: Style): string[] {
  return firstLines(wrap(sumWords(whole, hidden), width), 3, width)
}

/** `37 resets on 31 connections: 26 requests lost, 11 did no harm.` Always of everything found. */
export function sumWords({ totals, resets }: Report, hidden: number): string {
  const impacts = new Map<Impact, number>()
  for (const { impact } of resets) impacts.set(impact, (impacts.get(impact) ?? 0) + 1)
  const harmless = impacts.get('none') ?? 0
  const harm = harmWords(impacts, 5)
  const parts = [
    ...(harm === 'no harm' && harmless < resets.length ? [] : [harm]),
    ...(harmless > 0 && harmless < resets.length ? [`${count(harmless)} did no harm`] : []),
  ]
  const share = totals.connections > 0 ? ` (${percent(totals.resetConnections / totals.connections)})` : ''
  const all = `${plural(totals.resets, 'reset')} on ${plural(totals.resetConnections, 'connection')}${share}: ${parts.join(', ')}.`
  return hidden > 0 ? `${all} ${count(hidden)} hidden by the options given.` : all
}

function noteLines(captures: CaptureInfo[], style: Style): string[] {
  const notes = captures.flatMap(capture =>
    capture.notes.map(note => ({ ...note, path: captures.length > 1 ? capture.path : '' })),
  )
  const lines = notes.slice(0, NOTES_SHOWN).map(({ name, message, count: times, firstFrame, path }) => {
    const where = [
      path && baseName(path),
      times > 1 ? `${count(times)} times` : '',
      firstFrame === null ? '' : `frame ${firstFrame}`,
    ]
    const details = where.filter(Boolean).join(', ')
    return dye(style, 'yellow', clip(`note   ${name}${details && ` (${details})`}: ${message}`, style.width))
  })
  const more = notes.length - NOTES_SHOWN
  return more > 0
    ? [...lines, dye(style, 'yellow', `note   and ${plural(more, 'more note')}: -o report.json`)]
    : lines
}

/** What can be said although nothing was reset. */
export function healthLines(report: Report, health: CaptureHealth, { width }: Style): string[] {
  const segments = report.captures.reduce((sum, capture) => sum + capture.tcpSegments, 0)
  const frames = report.captures.reduce((sum, capture) => sum + capture.frames, 0)
  if (frames === 0)
    return wrap(
      'Nothing was captured: wrong interface, wrong filter, or a capture that was stopped before anything passed.',
      width,
    )
  if (segments === 0) {
    const types = [...new Set(report.captures.flatMap(capture => capture.linkTypes))].join(', ')
    return wrap(
      `Link type ${types || 'unknown'}. If TCP was expected: a capture filter may have kept it out, or it runs inside a tunnel that is encrypted or not decoded.`,
      width,
    )
  }
  const lines = [...unansweredLines(health, width), ...lossLines(health, width)]
  if (lines.length === 0)
    lines.push(
      ...wrap(
        'Nothing else looks wrong either: connects were answered, and little had to be sent twice.',
        width,
      ),
    )
  if (health.oneSided) {
    lines.push(
      ...hang(
        '· ',
        'Most connections show one direction only: resets may have passed where this capture could not see them. Capture on the host itself.',
        width,
      ),
    )
  }
  return [
    ...lines,
    ...wrap(
      'If an application logged a reset, it happened elsewhere or at another time: compare its log time with the span above, and capture on the host that logged it.',
      width,
    ),
  ]
}

function unansweredLines({ unansweredSyns }: CaptureHealth, width: number): string[] {
  const most = unansweredSyns.slice(0, 3)
  const more = unansweredSyns.length - most.length
  const lines = most.flatMap(({ listener, count: times }) =>
    hang(
      '· ',
      `${plural(times, 'connect attempt')} to ${listener} got no answer at all: a firewall that drops silently, a host that is down, or answers that take another path. Callers see a timeout, not a reset.`,
      width,
    ),
  )
  return more > 0 ? [...lines, `· and ${plural(more, 'more listener')} that never answered`] : lines
}

function lossLines(health: CaptureHealth, width: number): string[] {
  const lines: string[] = []
  const share = health.dataSegments > 0 ? health.retransmittedSegments / health.dataSegments : 0
  if (health.dyingInRetransmission > 0) {
    const who =
      health.dyingInRetransmission === 1
        ? '1 connection ends'
        : `${count(health.dyingInRetransmission)} connections end`
    lines.push(
      ...hang(
        '· ',
        `${who} in retransmissions that nobody acknowledged: the path or the peer went away without a reset.`,
        width,
      ),
    )
  }
  if (share >= 0.01) {
    lines.push(
      ...hang(
        '· ',
        `${percent(share)} of the data segments were retransmissions (${count(health.retransmittedSegments)} of ${count(health.dataSegments)}): packets are being lost.`,
        width,
      ),
    )
  }
  return lines
}
