/** All resets over the capture, a lane per cause: single marks where there are few, bars where there are many. */
import { scaleLinear, scaleSqrt } from 'd3-scale'
import type { CauseId, Reset } from '../../model.js'
import { type Severity, severityOf } from '../rank.js'
import { count, plural, toMs } from '../../units.js'
import type { View } from '../view.js'
import { html, type Markup, NOTHING, px } from './markup.js'

const WIDTH = 960
const LEFT = 236
const RIGHT = WIDTH - 14
const LANE = 34
const TOP = 8
/** A lane with more resets than this is drawn as bars. */
const MARKS_AT_MOST = 150
const BINS = 120

interface Lane {
  cause: CauseId
  resets: Reset[]
  severity: Severity
}

/** Milliseconds on the reader's clock, as if it were UTC. */
interface Span {
  from: number
  to: number
}

export function timeline({ report }: View): Markup {
  const span = spanOf(report.captures, report.resets)
  if (report.resets.length === 0 || !span) return NOTHING
  const lanes = lanesOf(report.resets)
  const bottom = TOP + lanes.length * LANE
  const x = scaleLinear([span.from, span.to], [LEFT + 8, RIGHT - 8])
  const height = bottom + 30
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${spoken(lanes)}">${axis(x, span, bottom)}${lanes.map((lane, index) => laneSvg(lane, TOP + index * LANE, x))}</svg>`
}

function localMs(iso: string): number {
  return toMs(`${iso.replace(/(Z|[+-]\d\d:\d\d)$/, '')}Z`)
}

function spanOf(captures: View['report']['captures'], resets: Reset[]): Span | undefined {
  const times = [
    ...captures.flatMap(({ firstTime, lastTime }) => [firstTime ?? [], lastTime ?? []].flat()),
    ...resets.map(reset => reset.time),
  ].map(localMs)
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const time of times) {
    if (Number.isNaN(time)) continue
    from = Math.min(from, time)
    to = Math.max(to, time)
  }
  if (from > to) return undefined
  return { from, to: to > from ? to : from + 1 }
}

/** Those that did harm first, then the most frequent. */
function lanesOf(resets: Reset[]): Lane[] {
  const lanes = new Map<CauseId, Lane>()
  for (const reset of resets) {
    const lane = lanes.get(reset.cause) ?? { cause: reset.cause, resets: [], severity: 0 }
    lane.resets.push(reset)
    lane.severity = Math.max(lane.severity, severityOf(reset.impact)) as Severity
    lanes.set(reset.cause, lane)
  }
  return [...lanes.values()].sort((a, b) => b.severity - a.severity || b.resets.length - a.resets.length)
}

function laneSvg(lane: Lane, y: number, x: (ms: number) => number): Markup {
  const { cause, resets } = lane
  const base = y + LANE - 6
  const marks = resets.length > MARKS_AT_MOST ? bars(resets, base, x) : single(resets, y + LANE / 2 + 1, x)
  return html`<g><path class="grid" d="M${LEFT} ${base + 4}H${RIGHT}"/><text class="t-cause" x="0" y="${y + 22}">${cause}</text><text class="t-count" x="${LEFT - 14}" y="${y + 22}" text-anchor="end">${count(resets.length)}</text>${marks}</g>`
}

function single(resets: Reset[], y: number, x: (ms: number) => number): Markup[] {
  return resets.map(reset => {
    const at = px(x(localMs(reset.time)))
    const severity = severityOf(reset.impact)
    const shape =
      severity === 0
        ? html`<path class="t-none" d="M${at} ${y - 6}v12"/>`
        : html`<circle class="${severity === 2 ? 't-lost' : 't-unknown'}" cx="${at}" cy="${y}" r="4.5"/>`
    return html`<g class="t-mark" data-reset="${reset.id}"><title>${reset.id}, ${reset.time.slice(11, 23)}, ${reset.impact}</title>${shape}</g>`
  })
}

function bars(resets: Reset[], base: number, x: (ms: number) => number): Markup[] {
  const step = (RIGHT - LEFT) / BINS
  const bins = Array.from({ length: BINS }, () => ({ total: 0, severity: 0 as Severity }))
  for (const reset of resets) {
    const index = Math.min(BINS - 1, Math.max(0, Math.floor((x(localMs(reset.time)) - LEFT) / step)))
    bins[index].total++
    bins[index].severity = Math.max(bins[index].severity, severityOf(reset.impact)) as Severity
  }
  const height = scaleSqrt([0, Math.max(...bins.map(bin => bin.total))], [0, LANE - 10])
  return bins.flatMap(({ total, severity }, index) => {
    if (total === 0) return []
    const tall = Math.max(1.5, height(total))
    const style = (['t-none', 't-unknown', 't-lost'] as const)[severity]
    return html`<rect class="t-bar ${style}" x="${px(LEFT + index * step + 0.5)}" y="${px(base + 4 - tall)}" width="${px(step - 1)}" height="${px(tall)}"><title>${plural(total, 'reset')}</title></rect>`
  })
}

function axis(x: ReturnType<typeof scaleLinear<number, number>>, span: Span, bottom: number): Markup[] {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
  ]
  const length = span.to - span.from
  const step = steps.find(size => length / size <= 7) ?? Math.ceil(length / 7 / 86_400_000) * 86_400_000
  const ticks: number[] = []
  for (let at = Math.ceil(span.from / step) * step; at <= span.to; at += step) ticks.push(at)
  return ticks.map(
    tick =>
      html`<path class="grid" d="M${px(x(tick))} ${TOP - 4}V${bottom}"/><text class="t-tick" x="${px(x(tick))}" y="${bottom + 18}" text-anchor="${x(tick) > RIGHT - 26 ? 'end' : 'middle'}">${tickWords(tick, step)}</text>`,
  )
}

function tickWords(ms: number, step: number): string {
  const date = new Date(ms)
  // A clock at the end of what Date covers has no words beyond it.
  if (Number.isNaN(date.getTime())) return ''
  const [day, time] = date.toISOString().split('T')
  if (step >= 86_400_000) return day
  if (step >= 60_000) return time.slice(0, 5)
  return time.slice(0, step >= 1000 ? 8 : 12)
}

function spoken(lanes: Lane[]): string {
  return `Resets over time: ${lanes.map(({ cause, resets }) => `${cause} ${count(resets.length)}`).join(', ')}`
}

export function timelineLegend(): Markup {
  const key = (shape: Markup): Markup =>
    html`<svg class="timeline key" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">${shape}</svg>`
  return html`<ul class="legend"><li>${key(html`<circle class="t-lost" cx="8" cy="8" r="4.5"/>`)}did harm</li><li>${key(html`<circle class="t-unknown" cx="8" cy="8" r="4.5"/>`)}nobody can tell</li><li>${key(html`<path class="t-none" d="M8 2v12"/>`)}no harm</li></ul>`
}
