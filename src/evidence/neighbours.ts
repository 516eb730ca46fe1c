/** What happened to other connections of the same hosts around a reset: neighbours make causes. */
import type { Connection, SegmentRecord, SourceTimeline, World } from '../model.js'
import { firstAfter, inOrder } from './counting.js'
import { isRst, msBetween, type ResetView } from './view.js'

/** Everything the neighbours of one reset tell. Counts are of connections, times in ms relative to the reset. */
export interface Neighbours {
  /** Other connections that the same sender address ended (RST, or FIN by a server) within the burst window around this reset. */
  burst: Connection[]
  burstSpanMs: number | undefined
  /** SYNs to the listener refused after the reset, before anything was accepted again. */
  refusalsAfter: number
  /** Time until the listener accepted again. */
  nextAcceptMs: number | undefined
  /** The listener accepted connections before the reset. */
  acceptedBefore: boolean
  source: SourceTimeline | undefined
  /** Longest silence after which a connection of this listener still went on. */
  survivedSilenceMs: number | undefined
  /** The client tried the same listener again and was accepted within 3 s. */
  retrySucceeded: boolean
  retryMs: number | undefined
  raceWon: boolean
}

/** One process exit closes its sockets within milliseconds even with thousands of them (measured: 10 in 0.11 ms); the margin covers scheduling. */
const BURST_MS = 500

/** A service that is not back after this was not killed by the same event (systemd restarts within 100 ms, Kubernetes back-off starts at 10 s). */
const AFTERMATH_MS = 60_000

const RETRY_MS = 3000

/** @param failed times (ns) of SYN-ACKs whose connection was reset before its handshake was complete */
export function findNeighbours(view: ResetView, ends: EndsIndex, failed: ReadonlySet<number>): Neighbours {
  const { world, connection, first, sender } = view
  const listener = world.listener(connection.server.address, connection.server.port)
  const accepts = listener?.acceptTimesNs ?? []
  const nextAccept = nextWithin(accepts, first.timeNs)
  const address = connection[sender.side].address
  const key = sender.side === 'server' ? `${address}:${connection.server.port}` : address
  // What dies together lived together: connections made one after the other are no burst.
  const burst = ends
    .around(key, first, connection.id)
    .filter(e => aliveAt(e.connection, first) && aliveAt(connection, e.record))
  const retry = retryOf(view, failed)
  return {
    burst: burst.map(e => e.connection),
    burstSpanMs: burst.length === 0 ? undefined : span([...burst.map(e => e.record), first]),
    refusalsAfter: countAfter(listener?.refusalTimesNs ?? [], first.timeNs, nextAccept),
    nextAcceptMs: nextAccept === undefined ? undefined : (nextAccept - first.timeNs) / 1e6,
    acceptedBefore: inOrder(accepts)
      ? accepts.length > 0 && accepts[0] < first.timeNs
      : accepts.some(t => t < first.timeNs),
    source: world.source(connection.client.address),
    survivedSilenceMs: survivedSilence(view, listener?.siblings ?? []),
    retrySucceeded: retry !== undefined && retry <= RETRY_MS,
    retryMs: retry,
    raceWon: wonElsewhere(view, failed),
  }
}

/** The first time after a moment, if it lies within its aftermath. */
function nextWithin(times: number[], timeNs: number): number | undefined {
  const from = firstAfter(times, timeNs)
  for (let i = from; i < times.length; i++) {
    const t = times[i]
    if (t > timeNs && t - timeNs <= AFTERMATH_MS * 1e6) return t
    if (inOrder(times)) return undefined
  }
  return undefined
}

/** Times in the aftermath of a moment, before `end` where that is known. */
function countAfter(times: number[], timeNs: number, end: number | undefined): number {
  const last = timeNs + AFTERMATH_MS * 1e6
  if (inOrder(times)) {
    const beyond =
      end === undefined
        ? firstAfter(times, last)
        : Math.min(firstAfter(times, last), firstAfter(times, end - 1))
    return Math.max(0, beyond - firstAfter(times, timeNs))
  }
  return times.filter(t => t > timeNs && t <= last && (end === undefined || t < end)).length
}

/** Open at that moment; of connections that began before the capture that is taken as given. */
function aliveAt(c: Connection, at: SegmentRecord): boolean {
  return c.firstTimeNs < at.timeNs || c.handshake === 'not-captured'
}

function span(records: SegmentRecord[]): number {
  const times = records.map(r => r.timeNs)
  return (Math.max(...times) - Math.min(...times)) / 1e6
}

function survivedSilence(view: ResetView, siblings: number[]): number | undefined {
  let longest: number | undefined
  // The connection's own last silence is the one in question; what it survived earlier is in its records.
  const { before, sender } = view
  const lastWord = before.findLastIndex(r => r.from === sender.side)
  for (let i = 1; i <= lastWord; i++) longest = Math.max(longest ?? 0, msBetween(before[i], before[i - 1]))
  for (const id of siblings) {
    const ns = view.world.connections.get(id)?.longestSurvivedSilenceNs
    if (ns !== undefined && (longest === undefined || ns / 1e6 > longest)) longest = ns / 1e6
  }
  return longest
}

/** Time until another attempt of the same client for the same port was accepted, by this server or another address of the same name. */
function retryOf(view: ResetView, failed: ReadonlySet<number>): number | undefined {
  const { world, connection, first } = view
  const accepts = world.source(connection.client.address)?.accepts ?? []
  const fits = (a: Accept) =>
    a.timeNs > first.timeNs && a.port === connection.server.port && !failed.has(a.timeNs)
  const next = findFrom(accepts, firstAfter(accepts, first.timeNs), fits)
  return next && (next.timeNs - first.timeNs) / 1e6
}

/** Another attempt of the client for the same port was accepted while this one waited: the winner of a race between addresses (RFC 8305 §5). */
function wonElsewhere({ world, connection, first, before }: ResetView, failed: ReadonlySet<number>): boolean {
  const accepts = world.source(connection.client.address)?.accepts ?? []
  const own = new Set(before.filter(r => r.kind === 'syn-ack').map(r => r.timeNs))
  const until = inOrder(accepts) ? firstAfter(accepts, first.timeNs) : accepts.length
  for (let i = firstAfter(accepts, connection.firstTimeNs); i < until; i++) {
    const { timeNs, port } = accepts[i]
    const between = timeNs > connection.firstTimeNs && timeNs <= first.timeNs && !own.has(timeNs)
    if (between && port === connection.server.port && !failed.has(timeNs)) return true
  }
  return false
}

type Accept = SourceTimeline['accepts'][number]

function findFrom(accepts: Accept[], from: number, fits: (a: Accept) => boolean): Accept | undefined {
  for (let i = from; i < accepts.length; i++) if (fits(accepts[i])) return accepts[i]
  return undefined
}

interface End {
  record: SegmentRecord
  connection: Connection
}

/** Where and when each side ended its connections abnormally, for finding bursts without comparing all pairs. */
export interface EndsIndex {
  /** Ends of other connections by the same sender within the burst window. Key: client address, or server address:port. */
  around(key: string, at: SegmentRecord, except: number): End[]
}

export function indexEnds(world: World): EndsIndex {
  const byKey = new Map<string, End[]>()
  for (const connection of world.connections.values()) {
    for (const side of ['client', 'server'] as const) {
      const record = connection.segments.find(r => r.from === side && isRst(r))
      if (!record) continue
      const address = connection[side].address
      const key = side === 'server' ? `${address}:${connection.server.port}` : address
      const list = byKey.get(key)
      if (list) list.push({ record, connection })
      else byKey.set(key, [{ record, connection }])
    }
  }
  for (const list of byKey.values()) list.sort((a, b) => a.record.timeNs - b.record.timeNs)
  return {
    around(key, at, except) {
      const list = byKey.get(key) ?? []
      const from = lowerBound(list, at.timeNs - BURST_MS * 1e6)
      const found: End[] = []
      for (let i = from; i < list.length && found.length < 256; i++) {
        const end = list[i]
        if (msBetween(end.record, at) > BURST_MS) break
        if (end.connection.id !== except) found.push(end)
      }
      return found
    },
  }
}

function lowerBound(list: End[], timeNs: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle].record.timeNs < timeNs) low = middle + 1
    else high = middle
  }
  return low
}
