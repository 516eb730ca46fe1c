/** Facts of one reset that come from other connections: bursts, twins with the same timer, scans, probes, restarts. */
import type { Connection, SourceTimeline, World } from '../model.js'
import type { Facts, FactSheet } from './facts.js'
import type { CrossFacts, LocalSheet } from './local.js'
import { findNeighbours, indexEnds } from './neighbours.js'
import type { ResetGroup } from './resets.js'

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

/**
 * Timers fire at the same value but for scheduling (measured: 7,006 / 7,006 / 7,012 ms, 20,025 / 20,003 ms) and, where they are checked
 * once a second, its tick.
 */
const SAME_SILENCE = 0.012
const SCHEDULING_MS = 20
const TICK_MS = 1000
const TICKING_FROM_MS = 20_000
const SAME_AGE = 0.03
/** A timer of less than this cannot be told from thinking. */
const SHORTEST_TIMER_MS = 900
/** A restart's victims find out when they next speak; within this they are counted as one event. */
const FORGOTTEN_MS = 120_000

export function crossFacts(world: World, drafts: Draft[]): Case[] {
  const ends = indexEnds(world)
  const byListener = groupBy(drafts, d => `${d.local.facts.sender} ${listenerKey(d.group.view.connection)}`)
  const byOwner = groupBy(drafts, ownerKey)
  const byConnection = groupBy(drafts, d => d.group.view.connection.id)
  const byHost = groupBy(drafts, d => d.group.view.connection[d.group.view.sender.side].address)
  const probes = probeTrains(drafts)
  const breadths = silentBreadth(drafts)
  const failed = failedHandshakes(drafts)
  return drafts.map(draft => {
    const { view } = draft.group
    const near = findNeighbours(view, ends, failed)
    const twins = byListener.get(`${draft.local.facts.sender} ${listenerKey(view.connection)}`)!
    const source = near.source
    const activeMs = source ? (source.lastTimeNs - source.firstTimeNs) / 1e6 : 0
    const train = probes.get(draft.id)
    const before = (byConnection.get(view.connection.id) ?? []).filter(d => d !== draft && precedes(d, draft))
    const forgedBefore = before.find(d => d.group.origin.origin === 'middlebox')
    const earlier = before.find(d => d.group.view.sender.side !== view.sender.side) ?? forgedBefore
    const cross: CrossFacts = {
      survivedSilenceMs: near.survivedSilenceMs,
      sameSilenceCount: twins.filter(t => t !== draft && sameSilence(t.local.facts, draft.local.facts)).length,
      sameAgeCount: byOwner.get(ownerKey(draft))!.filter(t => t !== draft && sameAge(t.local.facts, draft.local.facts)).length,
      resetBeforeId: earlier?.id,
      resetBeforeForged: earlier !== undefined && earlier.group.origin.origin === 'middlebox',
      forgedBefore: forgedBefore !== undefined,
      burstCount: near.burst.length + 1,
      burstSpanMs: near.burstSpanMs,
      refusalsAfter: near.refusalsAfter,
      nextAcceptMs: near.nextAcceptMs,
      acceptedBefore: near.acceptedBefore,
      forgottenCount: forgotten(draft, byHost.get(view.connection[view.sender.side].address)!),
      ...breadthOf(source, breadths.get(view.connection.client.address)!),
      sourceSyns: source?.syns ?? 0,
      sourceRate: source && source.syns > 1 && activeMs > 0 ? (source.syns - 1) / (activeMs / 1000) : undefined,
      probeCount: train?.count ?? 0,
      probePeriodMs: train?.periodMs,
      probeJitter: train?.jitter,
      retrySucceeded: near.retrySucceeded,
      retryMs: near.retryMs,
      raceWon: near.raceWon,
    }
    return { id: draft.id, group: draft.group, facts: { ...draft.local.facts, ...cross } as Facts, frames: draft.local.frames }
  })
}

/** Side and address of whoever ended the connection: one process may own several listeners. */
function ownerKey({ group, local }: Draft): string {
  return `${local.facts.sender} ${group.view.connection[local.facts.sender].address}`
}

function listenerKey(c: Connection): string {
  return `${c.server.address} ${c.server.port}`
}

function precedes(a: Draft, b: Draft): boolean {
  const [x, y] = [a.group.view.first, b.group.view.first]
  return x.timeNs < y.timeNs || (x.timeNs === y.timeNs && x.frame < y.frame)
}

function groupBy<T, K>(items: T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const list = groups.get(key(item))
    if (list) list.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}

function near(a: number, b: number, tolerance: number): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(a, b)
}

/** Idle gap that a timer would have measured: before the FIN where the sender closed, else before the reset. */
function idleMs(f: LocalSheet['facts']): number | undefined {
  return f.senderFinMs !== undefined ? f.silenceBeforeFinMs : f.silenceMs
}

function sameSilence(a: LocalSheet['facts'], b: LocalSheet['facts']): boolean {
  const [x, y] = [idleMs(a), idleMs(b)]
  return x !== undefined && y !== undefined && x >= SHORTEST_TIMER_MS && y >= SHORTEST_TIMER_MS && sameTimer(x, y)
}

function sameTimer(x: number, y: number): boolean {
  const tolerance = Math.max(SCHEDULING_MS, SAME_SILENCE * x, x >= TICKING_FROM_MS ? TICK_MS : 0)
  return Math.abs(x - y) <= tolerance
}

function sameAge(a: LocalSheet['facts'], b: LocalSheet['facts']): boolean {
  if (a.ageMs === undefined || b.ageMs === undefined || a.ageMs < SHORTEST_TIMER_MS || !near(a.ageMs, b.ageMs, SAME_AGE)) return false
  // Equal ages after equal silences are an idle timer on connections that did the same.
  const gaps = [a.silenceMs ?? 0, b.silenceMs ?? 0]
  return gaps.every(g => g < 0.8 * a.ageMs!)
}

/** Connections of this host that a stack without memory of them answered, around the same time. */
function forgotten(draft: Draft, sameHost: Draft[]): number {
  const unaware = (d: Draft) => {
    const f = d.local.facts
    return f.active === false && f.senderFinMs === undefined && f.handshakeDone !== false && f.trigger !== 'syn' && f.trigger !== 'syn-ack' && !f.resetBefore
  }
  if (!unaware(draft)) return 0
  const at = draft.group.view.first.timeNs
  return sameHost.filter(d => unaware(d) && Math.abs(d.group.view.first.timeNs - at) <= FORGOTTEN_MS * 1e6).length
}

function failedHandshakes(drafts: Draft[]): Set<number> {
  const unfinished = drafts.filter(d => d.local.facts.handshakeDone === false)
  return new Set(unfinished.flatMap(d => d.group.view.before.filter(r => r.kind === 'syn-ack').map(r => r.timeNs)))
}

interface Breadth {
  hosts: Set<string>
  ports: Set<number>
  listeners: Set<string>
}

/** Per client address: what it touched and had reset without ever sending data. Finds scans that send no SYN (ACK, FIN scans), too. */
function silentBreadth(drafts: Draft[]): Map<string, Breadth> {
  const byClient = new Map<string, Breadth>()
  for (const { group, local } of drafts) {
    const { client, server } = group.view.connection
    const breadth = byClient.get(client.address) ?? { hosts: new Set(), ports: new Set(), listeners: new Set() }
    byClient.set(client.address, breadth)
    const { sender, senderPayloadBytes, peerPayloadBytes } = local.facts
    if ((sender === 'client' ? senderPayloadBytes : peerPayloadBytes) > 0) continue
    breadth.hosts.add(server.address)
    breadth.ports.add(server.port)
    breadth.listeners.add(listenerKey(group.view.connection))
  }
  return byClient
}

function breadthOf(source: SourceTimeline | undefined, silent: Breadth) {
  return {
    sourceListeners: Math.max(source?.listeners ?? 0, silent.listeners.size),
    sourceHosts: Math.max(source?.hosts ?? 0, silent.hosts.size),
    sourcePorts: Math.max(source?.ports ?? 0, silent.ports.size),
    sourceRefused: source?.refused ?? 0,
    sourceSilent: silent.listeners.size,
  }
}

interface ProbeTrain {
  count: number
  periodMs: number | undefined
  jitter: number | undefined
}

/** Connections of one client to one listener that it reset without having asked anything: when they began, and how regularly. */
function probeTrains(drafts: Draft[]): Map<string, ProbeTrain> {
  const silent = drafts.filter(d => {
    const f = d.local.facts
    return f.sender === 'client' && f.synSeen && f.senderPayloadBytes === 0 && f.trigger !== 'syn'
  })
  const trains = new Map<string, ProbeTrain>()
  for (const group of groupBy(silent, d => `${d.group.view.connection.client.address} ${listenerKey(d.group.view.connection)}`).values()) {
    const times = group.map(d => d.group.view.connection.firstTimeNs).sort((a, b) => a - b)
    const gaps = times.slice(1).map((t, i) => (t - times[i]!) / 1e6)
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    const spread = Math.sqrt(gaps.reduce((sum, g) => sum + (g - mean) ** 2, 0) / gaps.length)
    const train = { count: times.length, periodMs: gaps.length ? mean : undefined, jitter: gaps.length > 1 ? spread / mean : undefined }
    for (const draft of group) trains.set(draft.id, train)
  }
  return trains
}
