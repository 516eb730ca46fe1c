/** How a verdict is shown as it comes. */
import type { Shown } from '../live/cloak.js'
import type { Reset, Timebase } from '../model.js'
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
): ((shown: Shown, known: ReadonlyMap<string, string>, timebase: Timebase) => string) | undefined {
  const isWanted = ({ report }: Shown) => select(report, filtersOf(options)).report.resets.length > 0
  if (format === 'ndjson') {
    return shown =>
      isWanted(shown) ? `${safeJson(JSON.stringify({ type: 'reset', ...shown.reset }))}\n` : ''
  }
  if (format !== 'text') return undefined
  const plain: Style = { width: widthOf(io.stdout, io.env), color: wantsColor(options, io.stdout, io.env) }
  const journal = isJournal(io.env, 1)
  return (shown, known, timebase) => {
    if (!isWanted(shown)) return ''
    const names = shownNames(known)
    const reset = named(shown.reset, names)
    const style = { ...plain, names }
    if (options.all) return `${verdictStory(reset, shown.story, shown.report, timebase, style).join('\n')}\n`
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
