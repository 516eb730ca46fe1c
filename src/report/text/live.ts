/** One verdict while a capture runs: a line for the eye that scans, a line that says what happened. */
import type { Report, Reset, StoryPacket, Timebase } from '../../model.js'
import { deepVisible } from '../escape.js'
import { clipColored, wrap } from '../layout.js'
import { clock, sure } from '../../units.js'
import { storyLines } from './story.js'
import { dye, flow, impactPaint, originWords, pairOf, type Style } from './style.js'

const INDENT = 5

/** For a terminal: time, number, connection, cause, sender; below it the sentence. */
export function verdictLines(told: Reset, style: Style): string[] {
  const reset = deepVisible(told)
  const head = flow([`${clock(reset.time, 3)}  ${reset.id}`, ...parts(reset, style)], 0, style.width)
  const sentence = wrap(reset.summary, style.width - INDENT)
  const below = [...head.slice(1), ...sentence].map(line => ' '.repeat(INDENT) + line)
  return [head[0], ...below].map(line => clipColored(line.trimEnd(), style.width))
}

/** For a log: one line, with the date, as long as it needs to be. */
export function verdictLogLine(told: Reset, style: Style): string {
  const reset = deepVisible(told)
  return [reset.time, reset.id, ...parts(reset, style), reset.summary].join('  ')
}

function parts(reset: Reset, style: Style): string[] {
  const verdict = `${reset.cause} ${sure(reset.confidence)}`
  return [
    pairOf(reset, style.names),
    dye(style, impactPaint(reset.impact), verdict),
    originWords([reset], reset),
  ]
}

/** The whole story with its ladder, for those who asked for all. */
export function verdictStory(
  told: Reset,
  story: StoryPacket[],
  report: Report,
  timebase: Timebase,
  style: Style,
): string[] {
  const frame = { captures: deepVisible(report.captures), seconds: timebase.seconds }
  const lines = storyLines(deepVisible(told), deepVisible(story), frame, style, true)
  return ['', ...lines].map(line => clipColored(line.trimEnd(), style.width))
}
