/** Facts of one reset that come from other connections: bursts, twins with the same timer, scans, probes, restarts. */
import type { Connection, SourceTimeline, World } from '../model.js'
import type { FactSheet } from './facts.js'
import type { CrossFacts, LocalSheet } from './local.js'
import { findNeighbours, indexEnds } from './neighbours.js'
import type { ResetGroup } from './resets.js'
import { sameAge, sameSilence, sameTime, type Timed } from './twins.js'

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

/** A restart's victims find out when they next speak; within this they are counted as one event. */
const FORGOTTEN_MS = 120_000

export function crossFacts(world: World, drafts: Draft[]): Case[] {
  const ends = indexEnds(world)
  const silences = counters(drafts, ownListenerKey, group => sameSilence(group.map(timed)))
  const ages = counters(drafts, ownerKey, group => sameAge(group.map(timed)))
  const byConnection = groupBy(drafts, d => d.group.view.connection.id)
  const forgotten = counters(drafts.filter(unaware), hostKey, group =>
    sameTime(group.map(timeOf), FORGOTTEN_MS * 1e6),
  )
  const probes = probeTrains(drafts)
  const breadths = silentBreadth(drafts)
  const failed = failedHandshakes(drafts)
  return drafts.map(draft => {
    const { view } = draft.group
    const near = findNeighbours(view, ends, failed)
    const train = probes.get(draft.id)
    const before = (byConnection.get(view.connection.id) ?? []).filter(d => d !== draft && precedes(d, draft))
    const forgedBefore = before.find(d => d.group.origin.origin === 'middlebox')
    const earlier = before.find(d => d.group.view.sender.side !== view.sender.side) ?? forgedBefore
    const cross: CrossFacts = {
      survivedSilenceMs: near.survivedSilenceMs,
      sameSilenceCount: silences.get(ownListenerKey(draft))!(timed(draft)),
      sameAgeCount: ages.get(ownerKey(draft))!(timed(draft)),
      resetBeforeId: earlier?.id,
      resetBeforeForged: earlier !== undefined && earlier.group.origin.origin === 'middlebox',
      forgedBefore: forgedBefore !== undefined,
      burstCount: near.burst.length + 1,
      burstSpanMs: near.burstSpanMs,
      refusalsAfter: near.refusalsAfter,
      nextAcceptMs: near.nextAcceptMs,
      acceptedBefore: near.acceptedBefore,
      forgottenCount: unaware(draft) ? forgotten.get(hostKey(draft))!(timeOf(draft)) : 0,
      ...breadthOf(near.source, breadths.get(view.connection.client.address)!),
      probeCount: train?.count ?? 0,
      probePeriodMs: train?.periodMs,
      probeJitter: train?.jitter,
      retrySucceeded: near.retrySucceeded,
      retryMs: near.retryMs,
      raceWon: near.raceWon,
    }
    return {
      id: draft.id,
      group: draft.group,
      facts: Object.assign<typeof draft.local.facts, CrossFacts>(draft.local.facts, cross),
      frames: draft.local.frames,
    }
  })
}

/** Side and address of whoever ended the connection: one process may own several listeners. */
function ownerKey({ group, local }: Draft): string {
  return `${local.facts.sender} ${group.view.connection[local.facts.sender].address}`
}

/** The listener, and which side of it the reset speaks for. */
function ownListenerKey({ group, local }: Draft): string {
  return `${local.facts.sender} ${listenerKey(group.view.connection)}`
}

function hostKey({ group: { view } }: Draft): string {
  return view.connection[view.sender.side].address
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

/** One counter per group of resets that belong together. */
function counters<K, C>(drafts: Draft[], key: (draft: Draft) => K, make: (group: Draft[]) => C): Map<K, C> {
  return new Map([...groupBy(drafts, key)].map(([k, group]) => [k, make(group)]))
}

/** Idle gap that a timer would have measured: before the FIN where the sender closed, else before the reset. */
function idleMs(f: LocalSheet['facts']): number | undefined {
  return f.senderFinMs !== undefined ? f.silenceBeforeFinMs : f.silenceMs
}

function timed({ local: { facts } }: Draft): Timed {
  return { idleMs: idleMs(facts), ageMs: facts.ageMs, silenceMs: facts.silenceMs }
}

/** Made by a stack without memory of the connection. */
function unaware({ local: { facts: f } }: Draft): boolean {
  return (
    f.active === false &&
    f.senderFinMs === undefined &&
    f.handshakeDone !== false &&
    f.trigger !== 'syn' &&
    f.trigger !== 'syn-ack' &&
    !f.resetBefore
  )
}

function timeOf(draft: Draft): number {
  return draft.group.view.first.timeNs
}

function failedHandshakes(drafts: Draft[]): Set<number> {
  const unfinished = drafts.filter(d => d.local.facts.handshakeDone === false)
  return new Set(
    unfinished.flatMap(d => d.group.view.before.filter(r => r.kind === 'syn-ack').map(r => r.timeNs)),
  )
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
    const breadth = byClient.get(client.address) ?? {
      hosts: new Set(),
      ports: new Set(),
      listeners: new Set(),
    }
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
  const activeMs = source ? (source.lastTimeNs - source.firstTimeNs) / 1e6 : 0
  return {
    sourceListeners: Math.max(source?.listeners ?? 0, silent.listeners.size),
    sourceHosts: Math.max(source?.hosts ?? 0, silent.hosts.size),
    sourcePorts: Math.max(source?.ports ?? 0, silent.ports.size),
    sourceRefused: source?.refused ?? 0,
    sourceSilent: silent.listeners.size,
    sourceSyns: source?.syns ?? 0,
    sourceRate: source && source.syns > 1 && activeMs > 0 ? (source.syns - 1) / (activeMs / 1000) : undefined,
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
  for (const group of groupBy(
    silent,
    d => `${d.group.view.connection.client.address} ${listenerKey(d.group.view.connection)}`,
  ).values()) {
    const times = group.map(d => d.group.view.connection.firstTimeNs).sort((a, b) => a - b)
    const gaps = times.slice(1).map((t, i) => (t - times[i]) / 1e6)
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length
    const spread = Math.sqrt(gaps.reduce((sum, g) => sum + (g - mean) ** 2, 0) / gaps.length)
    const train = {
      count: times.length,
      periodMs: gaps.length ? mean : undefined,
      jitter: gaps.length > 1 ? spread / mean : undefined,
    }
    for (const draft of group) trains.set(draft.id, train)
  }
  return trains
}
