/** One verdict while a capture runs: a line for the eye that scans, a line that says what happened. */
import type { Report, Reset, StoryPacket, Timebase } from '../../model.js'
import { deepVisible } from '../escape.js'
import { clipColored, wrap } from '../layout.js'
import { clock, sure } from '../units.js'
import { storyLines } from './story.js'
import { dye, impactPaint, originWords, pairOf, type Style } from './style.js'

const INDENT = 5

/** Two lines or so: time, number, connection, cause; below it the sentence. */
export function verdictLines(told: Reset, style: Style): string[] {
  const reset = deepVisible(told)
  const head = [
    clock(reset.time, 3),
    reset.id.padEnd(INDENT - 1),
    pairOf(reset),
    dye(style, impactPaint(reset.impact), `${reset.cause} ${sure(reset.confidence)}`),
    originWords([reset], reset),
  ].join('  ')
  const sentence = wrap(reset.summary, style.width - INDENT).map(line => ' '.repeat(INDENT) + line)
  return [head, ...sentence].map(line => clipColored(line.trimEnd(), style.width))
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
