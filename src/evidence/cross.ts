/** Facts of one reset that come from other connections: bursts, twins with the same timer, scans, probes, restarts. */
import type { Side, SourceTimeline, World } from '../model.js'
import { denialsAmong } from './denials.js'
import type { FactSheet } from './facts.js'
import type { CrossFacts, LocalSheet } from './local.js'
import { hostKey, type Mark, markOf } from './mark.js'
import { type EndsIndex, findNeighbours, indexEnds, type Neighbourhood } from './neighbours.js'
import type { ResetGroup } from './resets.js'
import { sameAge, sameSilence } from './twins.js'

/** One reset on its way to a verdict. */
export interface Case extends FactSheet {
  id: string
  group: ResetGroup
}

interface Draft {
  id: string
  group: ResetGroup
  local: LocalSheet
}

export function crossFacts(world: World, drafts: Draft[]): Case[] {
  const marks = drafts.map(({ id, group, local }) => markOf(id, group, local.facts))
  const crossing = crossingOf(world, marks, indexEnds(world))
  return drafts.map(({ id, group, local }, i) => ({
    id,
    group,
    facts: Object.assign<typeof local.facts, CrossFacts>(local.facts, crossing(marks[i])),
    frames: local.frames(),
  }))
}

/**
 * @param marks of all resets, in order of time
 * @returns for one of these: its facts that come from other connections
 */
export function crossingOf(world: World, marks: Mark[], ends: EndsIndex): (mark: Mark) => CrossFacts {
  const sent = { client: marks.filter(byClient), server: marks.filter(byServer) }
  // The listener, and which side of it the reset speaks for.
  const silences = bySide(side => counters(sent[side], listenerOf, sameSilence))
  // Whoever ended the connection: one process may own several listeners.
  const ages = bySide(side => counters(sent[side], hostKey, sameAge))
  const byConnection = groupBy(marks, m => m.connection)
  const denials = denialsAmong(marks)
  const probes = probeTrains(marks)
  const breadths = silentBreadth(marks)
  const fromPort = touchedFromPort(marks)
  const around: Neighbourhood = { world, ends, failed: failedHandshakes(marks), listeners: new Map() }
  return mark => {
    const near = findNeighbours(mark, around)
    const train = probes.get(mark)
    const denied = denials(mark)
    const { earlier, forgedBefore } = resetsBefore(mark, byConnection.get(mark.connection)!)
    // Spread into the rest it took as long as all the neighbours.
    const breadth = breadthOf(near.source, breadths.get(mark.client)!, world)
    return {
      survivedSilenceMs: near.survivedSilenceMs,
      sameSilenceCount: silences[mark.sender].get(mark.listener)!(mark),
      sameAgeCount: ages[mark.sender].get(hostKey(mark))!(mark),
      resetBeforeId: earlier?.id,
      resetBeforeForged: earlier !== undefined && earlier.forged,
      forgedBefore: forgedBefore !== undefined,
      burstCount: near.burst + 1,
      burstSpanMs: near.burstSpanMs,
      refusalsAfter: near.refusalsAfter,
      portRefuses: near.refusing,
      nextAcceptMs: near.nextAcceptMs,
      acceptedBefore: near.acceptedBefore,
      forgottenCount: denied.forgottenCount,
      forgottenSilenceMs: denied.forgottenSilenceMs,
      forgetfulHosts: denied.forgetfulHosts,
      sourceListeners: breadth.sourceListeners,
      sourceHosts: breadth.sourceHosts,
      sourcePorts: breadth.sourcePorts,
      sourceRefused: breadth.sourceRefused,
      sourceSilent: breadth.sourceSilent,
      sourceSyns: breadth.sourceSyns,
      samePortListeners: fromPort(mark),
      sourceRate: breadth.sourceRate,
      probeCount: train?.count ?? 0,
      probePeriodMs: train?.periodMs,
      probeJitter: train?.jitter,
      retrySucceeded: near.retrySucceeded,
      retryMs: near.retryMs,
      raceWon: near.raceWon,
    }
  }
}

/** @param all resets of its connection */
function resetsBefore(mark: Mark, all: Mark[]): Record<'earlier' | 'forgedBefore', Mark | undefined> {
  if (all.length === 1) return NONE
  const before = all.filter(m => m !== mark && precedes(m, mark))
  const forgedBefore = before.find(m => m.forged)
  return { earlier: before.find(m => m.sender !== mark.sender) ?? forgedBefore, forgedBefore }
}

const NONE = { earlier: undefined, forgedBefore: undefined }

function byClient({ sender }: Mark): boolean {
  return sender === 'client'
}

function byServer({ sender }: Mark): boolean {
  return sender === 'server'
}

function bySide<T>(make: (side: Side) => T): Record<Side, T> {
  return { client: make('client'), server: make('server') }
}

function listenerOf({ listener }: Mark): string {
  return listener
}

function precedes(a: Mark, b: Mark): boolean {
  return a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.frame < b.frame)
}

function groupBy<T, K>(items: T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const name = key(item)
    const list = groups.get(name)
    if (list) list.push(item)
    else groups.set(name, [item])
  }
  return groups
}

/** One counter per group of resets that belong together. */
function counters<K, C>(marks: Mark[], key: (mark: Mark) => K, make: (group: Mark[]) => C): Map<K, C> {
  return new Map([...groupBy(marks, key)].map(([k, group]) => [k, make(group)]))
}

function failedHandshakes(marks: Mark[]): Set<number> {
  return new Set(marks.flatMap(m => (m.unfinished ? m.synAcksNs : [])))
}

interface Breadth {
  hosts: Set<string>
  ports: Set<number>
  listeners: Set<string>
}

/** Per client address: what it touched and had reset without ever sending data. Finds scans that send no SYN (ACK, FIN scans), too. */
function silentBreadth(marks: Mark[]): Map<string, Breadth> {
  const byClient = new Map<string, Breadth>()
  for (const { client, server, port, listener, clientSilent } of marks) {
    const breadth = byClient.get(client) ?? { hosts: new Set(), ports: new Set(), listeners: new Set() }
    byClient.set(client, breadth)
    if (!clientSilent) continue
    breadth.hosts.add(server)
    breadth.ports.add(port)
    breadth.listeners.add(listener)
  }
  return byClient
}

/** Most ports touch one listener only: a set is made for the others. */
function touchedFromPort(marks: Mark[]): (mark: Mark) => number {
  const first = new Map<string, string>()
  const several = new Map<string, Set<string>>()
  for (const mark of marks) {
    if (!mark.clientSilent) continue
    const port = portOf(mark)
    const known = first.get(port)
    if (known === undefined) first.set(port, mark.listener)
    else if (known !== mark.listener) {
      const set = several.get(port)
      if (set) set.add(mark.listener)
      else several.set(port, new Set([known, mark.listener]))
    }
  }
  return mark => several.get(portOf(mark))?.size ?? (first.has(portOf(mark)) ? 1 : 0)
}

function portOf({ client, clientPort }: Mark): string {
  return `${client} ${clientPort}`
}

function breadthOf(source: SourceTimeline | undefined, silent: Breadth, { overflow }: World) {
  const activeMs = source ? (source.lastTimeNs - source.firstTimeNs) / 1e6 : 0
  return {
    sourceListeners: Math.max(source?.listeners ?? 0, silent.listeners.size),
    sourceHosts: Math.max(source?.hosts ?? 0, silent.hosts.size),
    sourcePorts: Math.max(source?.ports ?? 0, silent.ports.size),
    sourceRefused: source?.refused ?? 0,
    sourceSilent: silent.listeners.size,
    sourceSyns: source?.syns ?? (overflow?.sources ? undefined : 0),
    sourceRate: source && source.syns > 1 && activeMs > 0 ? (source.syns - 1) / (activeMs / 1000) : undefined,
  }
}

interface ProbeTrain {
  count: number
  periodMs: number | undefined
  jitter: number | undefined
}

/**
 * Connections of one client to one listener that it reset without having asked anything: when they began, and how regularly. A monitor knocks
 * on at its pace while the service is down: attempts that were refused belong to the rhythm where they make it no worse.
 */
function probeTrains(marks: Mark[]): Map<Mark, ProbeTrain> {
  const trains = new Map<Mark, ProbeTrain>()
  const key = (m: Mark) => `${m.client} ${m.listener}`
  const silent = groupBy(
    marks.filter(m => m.probing),
    key,
  )
  const refused = groupBy(
    marks.filter(m => m.refused),
    key,
  )
  for (const [ends, group] of silent) {
    const own = rhythmOf(group)
    const vain = refused.get(ends)
    const joint = vain && rhythmOf([...group, ...vain])
    const steadier = joint?.jitter !== undefined && joint.jitter <= (own.jitter ?? Infinity)
    const train = { count: group.length, ...(steadier ? joint : own) }
    for (const mark of group) trains.set(mark, train)
  }
  return trains
}

function rhythmOf(marks: Mark[]): Pick<ProbeTrain, 'periodMs' | 'jitter'> {
  const times = marks.map(m => m.beganNs).sort((a, b) => a - b)
  return rhythm(times.slice(1).map((t, i) => (t - times[i]) / 1e6))
}

/** A probe that the capture lost, or that ended otherwise, leaves a gap of whole periods: within this share of one. */
const WHOLE = 0.15

/** Mean and spread of the gaps; gaps of two to four periods count as that many where most are of one. */
function rhythm(gaps: number[]): Pick<ProbeTrain, 'periodMs' | 'jitter'> {
  if (gaps.length === 0) return { periodMs: undefined, jitter: undefined }
  const one = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 3)]
  const periods = gaps.map(g => Math.round(g / one))
  const whole = gaps.filter(
    (g, i) => periods[i] >= 1 && periods[i] <= 4 && Math.abs(g / one - periods[i]) <= WHOLE,
  )
  const single = periods.filter(p => p === 1).length
  const missing = whole.length * 4 >= gaps.length * 3 && single * 2 >= gaps.length
  const even = missing ? whole.map(g => g / Math.round(g / one)) : gaps
  const mean = even.reduce((a, b) => a + b, 0) / even.length
  const spread = Math.sqrt(even.reduce((sum, g) => sum + (g - mean) ** 2, 0) / even.length)
  return { periodMs: mean, jitter: gaps.length > 1 ? spread / mean : undefined }
}
