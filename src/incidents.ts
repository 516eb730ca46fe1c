/** Resets that share a cause, a listener or source, and time: one incident with a title and a sentence fit for a ticket. */
import { CAUSES } from './causes/index.js'
import type { CauseId, Incident, Reset } from './model.js'
import { count, endpoint, plural } from './report/units.js'

/** Causes that belong to whoever tries, not to the listener that answers. */
const BY_SOURCE: ReadonlySet<CauseId> = new Set(['port-scan', 'health-check-probe'])

/** A pause longer than this within one cause and listener begins a new incident. */
const NEW_INCIDENT_MS = 30 * 60_000

/** Marks each reset with its incident; aftermath joins the incident of what it follows. */
export function findIncidents(resets: Reset[]): Incident[] {
  const open = new Map<string, { incident: Incident; members: Reset[] }>()
  const all: { incident: Incident; members: Reset[] }[] = []
  const byId = new Map(resets.map(r => [r.id, r]))
  for (const reset of resets) {
    const parent = reset.consequenceOf === null ? undefined : byId.get(reset.consequenceOf)
    if (parent?.incident) {
      const home = all.find(a => a.incident.id === parent.incident)!
      home.members.push(reset)
      reset.incident = parent.incident
      continue
    }
    const key = keyOf(reset)
    const current = open.get(key)
    if (current && Date.parse(reset.time) - Date.parse(current.members.at(-1)!.time) <= NEW_INCIDENT_MS) {
      current.members.push(reset)
      reset.incident = current.incident.id
      continue
    }
    const group = { incident: begin(reset, `i${all.length + 1}`), members: [reset] }
    reset.incident = group.incident.id
    open.set(key, group)
    all.push(group)
  }
  return all.map(finish)
}

function keyOf(r: Reset): string {
  const { client, server } = r.connection
  if (BY_SOURCE.has(r.cause)) return r.cause === 'port-scan' ? `${r.cause} ${client.address}` : `${r.cause} ${client.address} ${endpoint(server)}`
  return `${r.cause} ${r.origin} ${r.sender} ${endpoint(server)}`
}

function begin(r: Reset, id: string): Incident {
  const bySource = BY_SOURCE.has(r.cause)
  return {
    id,
    title: '',
    cause: r.cause,
    listener: r.cause === 'port-scan' ? null : endpoint(r.connection.server),
    source: bySource ? r.connection.client.address : null,
    resets: [],
    firstTime: r.time,
    lastTime: r.time,
    summary: '',
  }
}

function finish({ incident, members }: { incident: Incident; members: Reset[] }): Incident {
  const own = members.filter(m => m.cause === incident.cause)
  const first = own[0]!
  const harm = harmOf(members)
  const times = members.map(m => m.time).sort()
  const where = incident.listener ?? incident.source ?? endpoint(first.connection.server)
  return {
    ...incident,
    title: `${CAUSES.get(incident.cause)!.title}: ${where}`,
    resets: members.map(m => m.id),
    firstTime: times[0]!,
    lastTime: times.at(-1)!,
    summary: members.length === 1 ? `${first.summary}${harm}` : `${first.summary}; ${plural(members.length, 'reset')} like this${harm}`,
  }
}

/** ": 26 requests lost", or nothing. */
function harmOf(members: Reset[]): string {
  const tally = (impact: Reset['impact']) => members.filter(m => m.impact === impact).length
  const parts = [
    [tally('request-lost'), 'request lost', 'requests lost'],
    [tally('transfer-cut'), 'transfer cut', 'transfers cut'],
    [tally('connect-failed'), 'connection attempt failed', 'connection attempts failed'],
  ] as const
  const said = parts.filter(([n]) => n > 0).map(([n, one, many]) => `${count(n)} ${n === 1 ? one : many}`)
  return said.length ? `; ${said.join(', ')}` : ''
}
