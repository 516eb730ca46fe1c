/** Resets that share a cause, a listener or source, and time: one incident with a title and a sentence fit for a ticket. */
import { CAUSES } from '../causes/index.js'
import { type About, aboutResets, groupOf, INCIDENT_WORDS, rhythm } from './words.js'
import type { CauseId, Incident, Reset } from '../model.js'
import { endpoint } from '../units.js'

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
 * @param resets in order of time
 * @param about what is asked of each of them, where that is at hand without its words
 */
export function findIncidents(resets: Reset[], about: About = aboutResets): Incident[] {
  const open = new Map<string, Group>()
  const all: Group[] = []
  const homes = new Map<string, Group>()
  let byId: Map<string, Reset> | undefined
  for (const reset of resets) {
    if (reset.consequenceOf !== null) byId ??= new Map(resets.map(r => [r.id, r]))
    const parent = reset.consequenceOf === null ? undefined : byId?.get(reset.consequenceOf)
    const home = (parent?.incident ? homes.get(parent.incident) : undefined) ?? deathOf(reset, open, about)
    if (home) {
      home.members.push(reset)
      reset.incident = home.incident.id
      continue
    }
    const key = keyOf(reset, about)
    const current = open.get(key)
    if (current && about.timeMs(reset) - about.timeMs(current.members.at(-1)!) <= NEW_INCIDENT_MS) {
      current.members.push(reset)
      reset.incident = current.incident.id
      continue
    }
    const group = { incident: begin(reset, `i${all.length + 1}`, about), members: [reset] }
    reset.incident = group.incident.id
    open.set(key, group)
    homes.set(group.incident.id, group)
    all.push(group)
  }
  return all.map(group => finish(group, about))
}

/** A service that is not back after this was not refused because of that death. */
const DEAD_MS = 60_000

/** Connects refused right after the process behind the listener died belong to its death. */
function deathOf(r: Reset, open: ReadonlyMap<string, Group>, about: About): Group | undefined {
  if (r.cause !== 'port-closed') return undefined
  for (const origin of ['endpoint', 'unknown']) {
    const death = open.get(`process-crash ${origin} server ${endpoint(about.ends(r).server)}`)
    if (death && about.timeMs(r) - about.timeMs(death.members.at(-1)!) <= DEAD_MS) return death
  }
  return undefined
}

function keyOf(r: Reset, about: About): string {
  const { client, server } = about.ends(r)
  if (BY_SOURCE.has(r.cause))
    return r.cause === 'port-scan'
      ? `${r.cause} ${client.address}`
      : `${r.cause} ${client.address} ${endpoint(server)}`
  return `${r.cause} ${r.origin} ${r.sender} ${endpoint(server)}`
}

function begin(r: Reset, id: string, about: About): Incident {
  const bySource = BY_SOURCE.has(r.cause)
  const { client, server } = about.ends(r)
  return {
    id,
    title: '',
    cause: r.cause,
    listener: r.cause === 'port-scan' ? null : endpoint(server),
    source: bySource ? client.address : null,
    resets: [],
    firstTime: r.time,
    lastTime: r.time,
    summary: '',
  }
}

function finish({ incident, members }: Group, about: About): Incident {
  const own = members.filter(m => m.cause === incident.cause)
  const group = groupOf(own, about)
  const words = INCIDENT_WORDS[incident.cause]
  const { first, last } = spanOf(members, about)
  return {
    ...incident,
    title: `${CAUSES.get(incident.cause)!.title}: ${words.title(group)}`,
    resets: members.map(m => m.id),
    firstTime: first.time,
    lastTime: last.time,
    summary:
      own.length === 1
        ? about.summary(own[0])
        : `${words.sentence(group)}${words.timed ? '' : `. ${rhythmOf(own, about)}`}`,
  }
}

function rhythmOf(resets: Reset[], about: About): string {
  const { first, last } = spanOf(resets, about)
  return rhythm(resets.length, about.timeMs(last) - about.timeMs(first))
}

/** A loop: a spread of 200,000 arguments overflows the stack. */
function spanOf(resets: Reset[], about: About): { first: Reset; last: Reset } {
  let [first] = resets
  let last = first
  let [from, to] = [about.timeMs(first), about.timeMs(first)]
  for (const reset of resets) {
    const ms = about.timeMs(reset)
    if (ms < from) [first, from] = [reset, ms]
    if (ms >= to) [last, to] = [reset, ms]
  }
  return { first, last }
}
