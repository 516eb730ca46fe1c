/** Incidents as people want them: with their resets at hand, the worst first. */
import type { CauseId, Impact, Incident, Listener, Report, Reset } from '../model.js'
import { count, endpoint, percent, plural } from '../units.js'

export interface RankedIncident {
  incident: Incident
  /** The resets that are shown, in order of time. */
  resets: Reset[]
  /** All of its resets, hidden ones included. */
  total: number
  /** How often each impact occurs among `resets`. */
  impacts: Map<Impact, number>
  severity: Severity
  /** Resets that did (or, when nobody can tell, may have done) harm. */
  harmed: number
  /** The reset whose story is told for all: of the incident's own cause, then the worst, then the surest, then the first. */
  example: Reset
  listener: Listener | null
}

/** 2 = something was lost, 1 = nobody can tell, 0 = no harm. */
export type Severity = 0 | 1 | 2

const SEVERITY: Record<Impact, Severity> = {
  'request-lost': 2,
  'transfer-cut': 2,
  'connect-failed': 2,
  unknown: 1,
  ignored: 0,
  none: 0,
}

export function severityOf(impact: Impact): Severity {
  return SEVERITY[impact]
}

/** Worst first; resets that belong to no incident stand for themselves. */
export function rank(report: Report, sizes: ReadonlyMap<string, number> = new Map()): RankedIncident[] {
  const byId = new Map(report.resets.map(reset => [reset.id, reset]))
  const listeners = new Map(report.listeners.map(listener => [endpoint(listener), listener]))
  const grouped = new Set(report.incidents.flatMap(incident => incident.resets))
  const lone = report.resets.filter(reset => !grouped.has(reset.id)).map(incidentOf)
  return [...report.incidents, ...lone]
    .flatMap(incident => {
      const resets = incident.resets.flatMap(id => byId.get(id) ?? [])
      const listener = listeners.get(incident.listener ?? '') ?? null
      return resets.length > 0
        ? [rankOne(incident, resets, sizes.get(incident.id) ?? resets.length, listener)]
        : []
    })
    .sort(
      (a, b) =>
        b.severity - a.severity ||
        b.harmed - a.harmed ||
        ignored(b) - ignored(a) ||
        b.resets.length - a.resets.length,
    )
}

/** A reset that was ignored did no harm, but somebody meant it: it comes before the harmless ones. */
function ignored({ impacts }: RankedIncident): number {
  return impacts.get('ignored') ?? 0
}

function rankOne(
  incident: Incident,
  resets: Reset[],
  total: number,
  listener: Listener | null,
): RankedIncident {
  const impacts = new Map<Impact, number>()
  for (const reset of resets) impacts.set(reset.impact, (impacts.get(reset.impact) ?? 0) + 1)
  const severity = Math.max(...[...impacts.keys()].map(severityOf)) as Severity
  const harmed = severity === 0 ? 0 : resets.filter(reset => severityOf(reset.impact) === severity).length
  let [example] = resets
  for (const reset of resets) if (isBetterExample(reset, example, incident.cause)) example = reset
  return { incident, resets, total, impacts, severity, harmed, example, listener }
}

function isBetterExample(a: Reset, b: Reset, cause: CauseId): boolean {
  if ((a.cause === cause) !== (b.cause === cause)) return a.cause === cause
  const difference = severityOf(a.impact) - severityOf(b.impact)
  return difference > 0 || (difference === 0 && a.confidence > b.confidence)
}

function incidentOf(reset: Reset): Incident {
  const { client, server } = reset.connection
  return {
    id: reset.id,
    title: `${reset.cause}: ${endpoint(client)} → ${endpoint(server)}`,
    cause: reset.cause,
    listener: endpoint(server),
    source: client.address,
    resets: [reset.id],
    firstTime: reset.time,
    lastTime: reset.time,
    summary: reset.summary,
  }
}

/** How many of a listener's connections an incident hit: `13 of 16 connections to 10.0.1.9:443 (81 %)`; nothing where that says nothing. */
export function shareWords({ incident, resets, total, listener }: RankedIncident): string {
  if (!listener || total > resets.length || listener.connections < 2) return ''
  const hit = new Set(resets.map(({ connection }) => endpoint(connection.client))).size
  if (hit > listener.connections) return ''
  const all = `${plural(listener.connections, 'connection')} to ${incident.listener}`
  if (hit < listener.connections) return `${count(hit)} of ${all} (${percent(hit / listener.connections)})`
  return hit === 2 ? `both connections to ${incident.listener}` : `all ${all}`
}

const IMPACT_WORDS: [Impact, (n: number) => string][] = [
  ['request-lost', n => `${plural(n, 'request')} lost`],
  ['transfer-cut', n => `${plural(n, 'transfer')} cut`],
  ['connect-failed', n => `${plural(n, 'connect')} failed`],
  ['unknown', n => `${count(n)} of unknown effect`],
  ['ignored', n => `${count(n)} ignored by the target`],
]

/** What it cost: `26 requests lost, 2 transfers cut`; `no harm`. At most `most` kinds. */
export function harmWords(impacts: ReadonlyMap<Impact, number>, most = 3): string {
  const words = IMPACT_WORDS.flatMap(([impact, say]) =>
    impacts.has(impact) ? [say(impacts.get(impact) as number)] : [],
  )
  return words.slice(0, most).join(', ') || 'no harm'
}
