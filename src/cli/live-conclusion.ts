/** The end of a live capture: the report, into files whole, to standard output only what it has not had yet. */
import type { Outlet } from '../live/outlet.js'
import type { Remote } from '../live/remote.js'
import type { Analysis } from '../model.js'
import { Notes } from '../notes.js'
import { failsOn, select } from '../report/select.js'
import { deliver } from './analyze.js'
import { EXIT } from './errors.js'
import type { Io, Output } from './io.js'
import type { LivePlan } from './live-syntax.js'
import { logTo } from './log.js'
import { filtersOf } from './settings.js'
import { batches } from './targets.js'
import { plural } from '../units.js'

/** A reader of standard output that does not read for so long at the end is given up. */
const PATIENCE_MS = 10_000

export interface Conclusion {
  plan: LivePlan
  outlet: Outlet
  remote: Remote
}

/** @returns the exit code */
export async function conclude(
  analysis: Analysis,
  { plan, outlet, remote }: Conclusion,
  io: Io,
): Promise<number> {
  const { format, targets, options } = plan
  await outlet.drained(PATIENCE_MS)
  if (outlet.lost > 0) {
    logTo(io).warn(`${plural(outlet.lost, 'verdict')} not written: standard output was not read`)
    const notes = new Notes()
    notes.add('verdicts-not-written', null, outlet.lost)
    analysis.report.captures[0].notes.push(...notes.list())
  }
  const shown = select(analysis.report, filtersOf(options))
  const code = options.failOn && failsOn(shown.report.resets, options.failOn) ? EXIT.matched : EXIT.ok
  // Files belong to whoever started all this: the supervisor writes them.
  const write = (path: string, pieces: Iterable<string>) =>
    remote.write(
      targets.findIndex(target => target.path === path),
      batches(pieces),
    )
  let failure: unknown
  await deliver(analysis, shown, { format, targets, options: { ...options, quiet: true }, write }, io).catch(
    (error: unknown) => {
      failure = error
    },
  )
  const rest = format === 'ndjson' ? { ...shown, report: { ...shown.report, resets: [] } } : shown
  const patient = { ...io, stdout: impatient(io.stdout) }
  if (outlet.open) await deliver(analysis, rest, { format, targets: [], options }, patient)
  if (failure) throw failure
  return code
}

/** A standard output that counts as gone when nobody reads it for long. */
function impatient(stdout: Output): Output {
  return {
    isTTY: stdout.isTTY,
    columns: stdout.columns,
    hasColors: stdout.hasColors,
    write: async text => {
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<'late'>(resolve => {
        timer = setTimeout(() => resolve('late'), PATIENCE_MS)
      })
      const outcome = await Promise.race([stdout.write(text), timeout])
      clearTimeout(timer)
      // What is stuck in a pipe would keep the process from ending.
      if (outcome === 'late') process.exit(EXIT.failed)
      return outcome
    },
  }
}
