/** What all reports for people begin with: a rendering made safe to show, on the reader's clock, with names. */
import type { CaptureHealth, Report, Reset, StoryPacket } from '../model.js'
import { deepVisible } from './escape.js'
import type { Rendering } from './formats.js'
import { HEADLINE_WIDTH, headline } from './headline.js'
import { type Names, NO_NAMES, reportWithNames, shownNames, withNames } from './names.js'
import { type RankedIncident, rank } from './rank.js'
import { reportInZone, UTC, type Zone } from './zone.js'

export interface View {
  /** What is shown. */
  report: Report
  /** Everything that was found, for totals. */
  whole: Report
  /** How many resets the options hide. */
  hidden: number
  ranked: RankedIncident[]
  zone: Zone
  names: Names
  health: CaptureHealth
  headline: string
  /** True when everything was asked for. */
  all: boolean
  packets(reset: Reset): StoryPacket[]
  /** Unix second that the packets' times count from, moved so that UTC arithmetic gives the reader's clock. */
  secondsOf(reset: Reset): number
}

export function viewOf(rendering: Rendering): View {
  const { analysis, selection, zone = UTC } = rendering
  const names = namesOf(rendering)
  const report = presentable(selection.report, names, zone)
  const { seconds } = analysis.timebase
  return {
    report,
    whole: analysis.report,
    hidden: selection.hidden.resets,
    ranked: rank(report, selection.sizes),
    zone,
    names,
    health: deepVisible(analysis.health),
    headline: headlineOf(report, names, zone.label),
    all: rendering.stories !== 'worst',
    packets: reset => deepVisible(analysis.stories.get(reset.id) ?? []),
    secondsOf: reset => localSeconds(seconds, reset, zone),
  }
}

/** The names to show: those given, else all that are known. */
export function namesOf({ names, analysis }: Rendering): Names {
  return shownNames(names ?? analysis.names)
}

/** Visible characters only, local times, named addresses. */
export function presentable(report: Report, names: Names = NO_NAMES, zone: Zone = UTC): Report {
  return reportWithNames(reportInZone(deepVisible(report), zone), names)
}

/** One offset for the whole story: a clock that jumps in the middle of it would tell of silences that never were. */
export function localSeconds(seconds: number, { time }: Reset, zone: Zone = UTC): number {
  return seconds + zone.offsetMs(Date.parse(time.replace(/\.\d+/, ''))) / 1000
}

/** Names are added where the line still fits a ticket's title. */
export function headlineOf(report: Report, names: Names = NO_NAMES, zone = UTC.label): string {
  const plain = headline(report, zone)
  const named = withNames(plain, names)
  return named.length <= HEADLINE_WIDTH ? named : plain
}
