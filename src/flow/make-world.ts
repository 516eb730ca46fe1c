/** Tracked state → `World`, the plain data everything behind this folder works on. May be called at any time: the flow goes on. */
import type { CaptureHealth, Connection, ListenerTimeline, SourceTimeline, World } from '../model.js'
import { parseAddress } from '../wire/text.js'
import { AddressTexts } from './address-texts.js'
import type { TrackedConnection } from './connection.js'
import { MadeConnections } from './connections.js'
import type { Flow } from './flow.js'
import { HealthSums } from './health.js'
import { NEARBY_CONNECTIONS } from './interest.js'
import {
  ACCEPT_TIMES,
  REFUSAL_TIMES,
  SERVER_FIN_TIMES,
  SYN_TIMES,
  type TrackedListener,
} from './listeners.js'
import { face, outline, snapshot } from './snapshot.js'
import { ADDRESS_WORDS } from './tuple.js'

/** Listeners named in `CaptureHealth.unansweredSyns`. */
const MAX_UNANSWERED = 20

export interface MadeWorld {
  world: World
  sums: HealthSums
}

/**
 * @param held the connections to look at, in order of appearance; a live capture names the few that its new resets need. Left out: all of a
 * flow that has ended; unless every one is kept, they are made when asked for
 */
export function makeWorld(flow: Flow, held?: Iterable<TrackedConnection>): MadeWorld {
  const { skim } = flow
  // Asked before listeners known by their resets alone are added: a first pass over a file knows none of these either.
  const comparable: Comparable = {
    nearby: skim.interest.nearby(),
    perListener: skim.interest.siblingsPerListener,
  }
  const candidates = [...(held ?? flow.tracker.held)].filter(c => !c.leftOut)
  const resets = candidates.filter(c => c.reset)
  const byListener = new Map<number, TrackedConnection[]>()
  for (const c of resets) {
    const id = flow.ensureListener(c)
    const list = byListener.get(id)
    if (list) list.push(c)
    else byListener.set(id, [c])
  }
  const siblings = new Map<number, TrackedConnection[]>()
  const kept = chooseKept(flow, candidates, byListener, siblings, comparable)
  const ids = numbersOf(kept, siblings)
  const connections = connectionsOf(flow, kept, ids, held === undefined)
  const timelines = skim.listeners.list.map((listener, id) =>
    listenerTimeline(
      listener,
      byListener.get(id) ?? [],
      (siblings.get(id) ?? []).map(c => ids.get(c)!),
    ),
  )
  const sums = healthSums(flow, kept, resets.length > 0)
  const withoutSyn = resets.filter(c => c.synFrame < 0).length
  const world: World = {
    timebase: flow.options.timebase,
    connections,
    listeners: timelines,
    ...lookUps(flow, timelines),
    totals: {
      connections: skim.connections + withoutSyn,
      resetConnections: resets.length,
      rstFrames: skim.rstFrames,
      tcpSegments: flow.tcpSegments.reduce((sum, n) => sum + (n ?? 0), 0),
    },
    health: health(flow, sums, skim.connections + withoutSyn),
    endTimeNs: flow.endTimeNs,
    startTimeNs: flow.startTimeNs,
    overflow: { listeners: skim.listeners.overflow > 0, sources: skim.sources.overflow > 0 },
    captureLoss: sums.captureLoss || flow.leftOut > 0,
  }
  return { world, sums }
}

/** Numbers of the connections that others refer to. */
function numbersOf(
  kept: TrackedConnection[],
  siblings: Map<number, TrackedConnection[]>,
): Map<TrackedConnection, number> {
  const wanted = new Set<TrackedConnection>([...siblings.values()].flat())
  for (const { previous } of kept) if (previous) wanted.add(previous)
  const numbers = new Map<TrackedConnection, number>()
  for (const [id, c] of kept.entries()) if (wanted.has(c)) numbers.set(c, id)
  return numbers
}

function connectionsOf(
  flow: Flow,
  kept: TrackedConnection[],
  ids: ReadonlyMap<TrackedConnection, number>,
  ended: boolean,
): World['connections'] {
  const { log, tuples } = flow.tracker
  const context = { log, tuples, addresses: new AddressTexts(), goesOn: !ended }
  const before = ({ previous }: TrackedConnection) => previous && ids.get(previous)
  const make = (id: number): Connection => snapshot(context, kept[id], id, before(kept[id]))
  // Two captures are matched by their connections: these have to stay what they are.
  if (ended && flow.options.keepAll !== true)
    return new MadeConnections(
      kept.length,
      make,
      id => outline(context, kept[id], id),
      id => face(context, kept[id], id, before(kept[id])),
      id => kept[id].longestSilenceNs,
    )
  return new Map(kept.map((_, id) => [id, make(id)]))
}

/** Which connections that were not reset stay for comparison. */
interface Comparable {
  nearby: Set<TrackedListener>
  perListener: number
}

/** Reset connections, what used their 4-tuple right before, and siblings: in order of appearance. */
function chooseKept(
  flow: Flow,
  candidates: TrackedConnection[],
  byListener: Map<number, TrackedConnection[]>,
  siblings: Map<number, TrackedConnection[]>,
  { nearby, perListener }: Comparable,
): TrackedConnection[] {
  const before = new Set<TrackedConnection>()
  for (const c of candidates) if (c.reset && c.previous) before.add(c.previous)
  return candidates.filter(c => {
    if (c.reset) return true
    const id = flow.listenerOf(c)
    if (id >= 0 && nearby.has(flow.skim.listeners.list[id])) {
      const order = flow.siblingIndex(c)
      return flow.options.keepAll === true || (order >= 0 && order < NEARBY_CONNECTIONS) || before.has(c)
    }
    const index = byListener.has(id) ? flow.siblingIndex(c) : -1
    if (index >= 0 && index < perListener) {
      const list = siblings.get(id)
      if (list) list.push(c)
      else siblings.set(id, [c])
      return true
    }
    return flow.options.keepAll === true || before.has(c)
  })
}

/**
 * Over all connections where none was reset, else over the kept ones: only these are traced when a file is skimmed first, and the answer
 * does not depend on how the capture was read.
 */
function healthSums(flow: Flow, kept: TrackedConnection[], hasResets: boolean): HealthSums {
  if (hasResets) {
    const sums = new HealthSums()
    for (const c of kept) sums.add(c)
    return sums
  }
  const sums = flow.forgotten.clone()
  for (const c of flow.tracker.held) sums.add(c)
  return sums
}

function health(flow: Flow, sums: HealthSums, connections: number): CaptureHealth {
  // Where one direction is missing, so are the answers.
  const unanswered = (sums.oneSided ? [] : flow.skim.listeners.list)
    .filter(l => l.opened > l.answered)
    .sort((a, b) => b.opened - b.answered - (a.opened - a.answered))
    .slice(0, MAX_UNANSWERED)
  return {
    connections,
    unansweredSyns: unanswered.map(l => ({
      listener: hostPort(l.address, l.port),
      count: l.opened - l.answered,
    })),
    dyingInRetransmission: sums.dyingInRetransmission,
    retransmittedSegments: sums.retransmittedSegments,
    dataSegments: sums.dataSegments,
    oneSided: sums.oneSided,
  }
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function listenerTimeline(
  listener: TrackedListener,
  resets: TrackedConnection[],
  siblings: number[],
): ListenerTimeline {
  return {
    address: listener.address,
    port: listener.port,
    connections: listener.connections + resets.filter(c => c.synFrame < 0).length,
    resetConnections: resets.length,
    synTimesNs: [...listener.times[SYN_TIMES].entries],
    acceptTimesNs: [...listener.times[ACCEPT_TIMES].entries],
    refusalTimesNs: [...listener.times[REFUSAL_TIMES].entries],
    serverFinTimesNs: [...listener.times[SERVER_FIN_TIMES].entries],
    siblings,
  }
}

/** Sources held as plain data; up to 300 bytes each. */
const MAX_CONVERTED = 4096

/** Look-ups by address as text; sources and hosts are converted when asked for. */
function lookUps(flow: Flow, timelines: ListenerTimeline[]): Pick<World, 'listener' | 'source' | 'host'> {
  const listeners = new Map(timelines.map(t => [`${t.address} ${t.port}`, t]))
  const { sources, hosts, listeners: tracked } = flow.skim
  const converted = new Map<string, SourceTimeline | undefined>()
  const words = new Int32Array(ADDRESS_WORDS)
  return {
    listener: (address, port) => listeners.get(`${address} ${port}`),
    source: address => {
      if (!converted.has(address)) {
        parseAddress(address, words)
        // A scan's resets have one source, a flood's as many as there are: only the first is asked for again.
        if (converted.size === MAX_CONVERTED) converted.clear()
        converted.set(
          address,
          sources.timeline(words, listener => tracked.list[listener]),
        )
      }
      return converted.get(address)
    },
    host: address => {
      parseAddress(address, words)
      const id = hosts.find(words)
      return id < 0 ? undefined : hosts.profile(id)
    },
  }
}
