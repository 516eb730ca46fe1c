/** Resets that share a cause, a listener or source, and time: one incident with a title and a sentence fit for a ticket. */
import { CAUSES } from './causes/index.js'
import type { Facts } from './evidence/index.js'
import { groupOf, INCIDENT_WORDS, rhythm } from './incident-words.js'
import type { CauseId, Incident, Reset } from './model.js'
import { endpoint, toMs } from './units.js'

/** Causes that belong to whoever tries, not to the listener that answers. */
const BY_SOURCE: ReadonlySet<CauseId> = new Set(['port-scan', 'health-check-probe'])

/** A pause longer than this within one cause and listener begins a new incident. */
const NEW_INCIDENT_MS = 30 * 60_000

interface Group {
  incident: Incident
  members: Reset[]
}

/**
 * Marks each reset with its incident; aftermath joins the incident of what it follows.
 * @param facts by id of the reset: figures for the sentences, where they are at hand
 */
export function findIncidents(resets: Reset[], facts: ReadonlyMap<string, Facts> = new Map()): Incident[] {
  const open = new Map<string, Group>()
  const all: Group[] = []
  const homes = new Map<string, Group>()
  const byId = new Map(resets.map(r => [r.id, r]))
  for (const reset of resets) {
    const parent = reset.consequenceOf === null ? undefined : byId.get(reset.consequenceOf)
    const home = (parent?.incident ? homes.get(parent.incident) : undefined) ?? deathOf(reset, open)
    if (home) {
      home.members.push(reset)
      reset.incident = home.incident.id
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
    homes.set(group.incident.id, group)
    all.push(group)
  }
  return all.map(group => finish(group, facts))
}

/** A service that is not back after this was not refused because of that death. */
const DEAD_MS = 60_000

/** Connects refused right after the process behind the listener died belong to its death. */
function deathOf(r: Reset, open: ReadonlyMap<string, Group>): Group | undefined {
  if (r.cause !== 'port-closed') return undefined
  for (const origin of ['endpoint', 'unknown']) {
    const death = open.get(`process-crash ${origin} server ${endpoint(r.connection.server)}`)
    if (death && toMs(r.time) - toMs(death.members.at(-1)!.time) <= DEAD_MS) return death
  }
  return undefined
}

function keyOf(r: Reset): string {
  const { client, server } = r.connection
  if (BY_SOURCE.has(r.cause))
    return r.cause === 'port-scan'
      ? `${r.cause} ${client.address}`
      : `${r.cause} ${client.address} ${endpoint(server)}`
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

function finish({ incident, members }: Group, facts: ReadonlyMap<string, Facts>): Incident {
  const own = members.filter(m => m.cause === incident.cause)
  const group = groupOf(own, id => facts.get(id))
  const words = INCIDENT_WORDS[incident.cause]
  const times = members.map(m => m.time).sort()
  return {
    ...incident,
    title: `${CAUSES.get(incident.cause)!.title}: ${words.title(group)}`,
    resets: members.map(m => m.id),
    firstTime: times[0],
    lastTime: times.at(-1)!,
    summary:
      own.length === 1
        ? own[0].summary
        : `${words.sentence(group)}${words.timed ? '' : `, ${rhythmOf(own)}`}`,
  }
}

function rhythmOf(resets: Reset[]): string {
  // A loop: a spread of 200,000 arguments overflows the stack.
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { time } of resets) {
    const ms = toMs(time)
    first = Math.min(first, ms)
    last = Math.max(last, ms)
  }
  return rhythm(resets.length, last - first)
}
