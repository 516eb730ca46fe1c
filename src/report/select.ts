/** What is shown of a report. Totals stay whole; what is left out is counted. */
import type { CauseId, Impact, Incident, Origin, Report, Reset } from '../model.js'
import { toMs } from '../units.js'
import { resolveWhen, type When } from './when.js'

/** Every given condition must hold; an absent one holds always. */
export interface Filters {
  causes?: CauseId[] | undefined
  origins?: Origin[] | undefined
  impacts?: Impact[] | undefined
  /** 0..1 */
  minConfidence?: number | undefined
  /** Leaves out impact `none`. */
  hideBenign?: boolean | undefined
  since?: When | undefined
  until?: When | undefined
}

/** A report reduced to what the filters let through. */
export interface Selection {
  /** Same totals, listeners and captures; `resets` and `incidents` reduced, each incident listing only resets that are shown. */
  report: Report
  hidden: { resets: number; incidents: number }
  /** Incident id → number of its resets before filtering. */
  sizes: Map<string, number>
}

/** Applies the filters. Without any, `report` is the very object that came in. */
export function select(report: Report, filters: Filters = {}): Selection {
  const sizes = new Map(report.incidents.map(incident => [incident.id, incident.resets.length]))
  const test = predicate(report, filters)
  const resets = report.resets.filter(test)
  if (resets.length === report.resets.length) return { report, hidden: { resets: 0, incidents: 0 }, sizes }
  return reduced(report, resets, sizes)
}

/** The report with these resets only, whatever the filters said (for `--reset` and `--at`). */
export function only(report: Report, resets: Reset[]): Selection {
  const sizes = new Map(report.incidents.map(incident => [incident.id, incident.resets.length]))
  return reduced(report, resets, sizes)
}

function reduced(report: Report, resets: Reset[], sizes: Map<string, number>): Selection {
  const shown = new Set(resets.map(reset => reset.id))
  const incidents: Incident[] = report.incidents
    .map(incident => ({ ...incident, resets: incident.resets.filter(id => shown.has(id)) }))
    .filter(incident => incident.resets.length > 0)
  return {
    report: { ...report, resets, incidents },
    hidden: {
      resets: report.resets.length - resets.length,
      incidents: report.incidents.length - incidents.length,
    },
    sizes,
  }
}

function predicate(report: Report, filters: Filters): (reset: Reset) => boolean {
  const { causes, origins, impacts, minConfidence = 0, hideBenign = false } = filters
  const since = filters.since ? resolveWhen(filters.since, report) : Number.NEGATIVE_INFINITY
  const until = filters.until ? resolveWhen(filters.until, report) : Number.POSITIVE_INFINITY
  return reset => {
    if (causes && !causes.includes(reset.cause)) return false
    if (origins && !origins.includes(reset.origin)) return false
    if (impacts && !impacts.includes(reset.impact)) return false
    if (reset.confidence < minConfidence || (hideBenign && reset.impact === 'none')) return false
    if (!filters.since && !filters.until) return true
    const time = toMs(reset.time)
    return time >= since && time <= until
  }
}

/** The resets around a moment: within three seconds of it, or else the nearest one. */
export function around(report: Report, when: When): Reset[] {
  const from = resolveWhen(when, report)
  const to = from + when.precisionMs
  const distance = (reset: Reset): number => {
    const time = toMs(reset.time)
    return time < from ? from - time : Math.max(0, time - to)
  }
  const near = report.resets.filter(reset => distance(reset) <= 3000)
  if (near.length > 0) return near
  let nearest: Reset | undefined
  for (const reset of report.resets) if (!nearest || distance(reset) < distance(nearest)) nearest = reset
  return nearest ? [nearest] : []
}

/** True when `--fail-on` names a cause among these resets; `any` = any reset that did harm or might have. */
export function failsOn(resets: Reset[], wanted: (CauseId | 'any')[]): boolean {
  return resets.some(
    reset => wanted.includes(reset.cause) || (wanted.includes('any') && reset.impact !== 'none'),
  )
}
