/** How a verdict is shown as it comes. */
import type { Told } from '../live/judge.js'
import type { LiveCapture } from '../live/run.js'
import type { Reset } from '../model.js'
import { safeJson } from '../report/escape.js'
import { type Names, shownNames, withNames } from '../report/names.js'
import { select } from '../report/select.js'
import { verdictLines, verdictLogLine, verdictStory } from '../report/text/live.js'
import type { Style } from '../report/text/style.js'
import type { Io } from './io.js'
import type { LivePlan } from './live-syntax.js'
import { isJournal, PRIORITY } from './log.js'
import { filtersOf, wantsColor, widthOf } from './settings.js'

/** @returns the text of a verdict, empty when it is not to be shown; undefined for formats that are written at the end */
export function printer(
  { format, options }: LivePlan,
  io: Io,
): ((told: Told, capture: LiveCapture) => string) | undefined {
  const isShown = (told: Told, capture: LiveCapture) =>
    select(capture.reportOf(told.reset), filtersOf(options)).report.resets.length > 0
  if (format === 'ndjson') {
    return (told, capture) =>
      isShown(told, capture) ? `${safeJson(JSON.stringify({ type: 'reset', ...told.reset }))}\n` : ''
  }
  if (format !== 'text') return undefined
  const plain: Style = { width: widthOf(io.stdout, io.env), color: wantsColor(options, io.stdout, io.env) }
  const journal = isJournal(io.env, 1)
  return (told, capture) => {
    if (!isShown(told, capture)) return ''
    const names = shownNames(capture.namesOf(told.reset))
    const reset = named(told.reset, names)
    const style = { ...plain, names }
    if (options.all) {
      const lines = verdictStory(reset, told.story, capture.reportOf(reset), capture.timebase, style)
      return `${lines.join('\n')}\n`
    }
    if (io.stdout.isTTY) return `${verdictLines(reset, style).join('\n')}\n`
    return `${journal ? `<${priorityOf(reset)}>` : ''}${verdictLogLine(reset, style)}\n`
  }
}

function named(reset: Reset, names: Names): Reset {
  const say = (text: string) => withNames(text, names)
  return {
    ...reset,
    summary: say(reset.summary),
    evidence: reset.evidence.map(line => ({ ...line, statement: say(line.statement) })),
  }
}

function priorityOf({ impact }: Reset): number {
  return impact === 'none' || impact === 'ignored' ? PRIORITY.info : PRIORITY.notice
}
