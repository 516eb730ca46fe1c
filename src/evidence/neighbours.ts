/** What happened to other connections of the same hosts around a reset: neighbours make causes. */
import type { Connection, ListenerTimeline, SegmentRecord, Side, SourceTimeline, World } from '../model.js'
import { firstAfter, inOrder, lowerBound } from './counting.js'
import type { Mark } from './mark.js'
import { isRst } from './view.js'

/** Everything the neighbours of one reset tell. Counts are of connections, times in ms relative to the reset. */
export interface Neighbours {
  /** Other connections that the same sender address ended (RST, or FIN by a server) within the burst window around this reset. */
  burst: number
  burstSpanMs: number | undefined
  /** SYNs to the listener refused after the reset, before anything was accepted again. */
  refusalsAfter: number | undefined
  /** The newest answer of the listener to a SYN before the reset was a refusal. */
  refusing: boolean | undefined
  /** Time until the listener accepted again. */
  nextAcceptMs: number | undefined
  /** The listener accepted connections before the reset. */
  acceptedBefore: boolean | undefined
  source: SourceTimeline | undefined
  /** Longest silence after which a connection of this listener still went on. */
  survivedSilenceMs: number | undefined
  /** The client tried the same listener again and was accepted within 3 s. */
  retrySucceeded: boolean | undefined
  retryMs: number | undefined
  raceWon: boolean
}

/** One process exit closes its sockets within milliseconds even with thousands of them (measured: 10 in 0.11 ms); the margin covers scheduling. */
const BURST_MS = 500

/** A service that is not back after this was not killed by the same event (systemd restarts within 100 ms, Kubernetes back-off starts at 10 s). */
const AFTERMATH_MS = 60_000

const RETRY_MS = 3000

/** What is looked up for every reset. */
export interface Neighbourhood {
  world: World
  ends: EndsIndex
  /** Times (ns) of SYN-ACKs whose connection was reset before its handshake was complete. */
  failed: ReadonlySet<number>
  /** Those that were asked for, by `Mark.listener`. */
  listeners: Map<string, Listener>
}

interface Listener {
  timeline: ListenerTimeline | undefined
  /** Longest silence that its siblings survived. */
  survivedSilenceMs: number | undefined
}

export function findNeighbours(mark: Mark, around: Neighbourhood): Neighbours {
  const { ends, failed } = around
  const { timeline: listener, survivedSilenceMs } = listenerOf(mark, around)
  const source = around.world.source(mark.client)
  const accepts = listener?.acceptTimesNs ?? []
  const nextAccept = nextWithin(accepts, mark.timeNs)
  const burst = ends.around(mark)
  const retry = retryOf(mark, source, failed)
  const { overflow } = around.world
  const known = listener !== undefined || overflow?.listeners !== true
  const heard = source === undefined ? overflow?.sources !== true : !source.thinned
  return {
    burst: burst.count,
    burstSpanMs: burst.count === 0 ? undefined : burst.spanMs,
    refusalsAfter: known ? countAfter(listener?.refusalTimesNs ?? [], mark.timeNs, nextAccept) : undefined,
    refusing: known ? refusedLast(listener, mark.timeNs) : undefined,
    nextAcceptMs: nextAccept === undefined ? undefined : (nextAccept - mark.timeNs) / 1e6,
    acceptedBefore: known ? someBefore(accepts, mark.timeNs) : undefined,
    source,
    survivedSilenceMs: longer(mark.ownSilenceMs, survivedSilenceMs),
    retrySucceeded: retry === undefined && !heard ? undefined : retry !== undefined && retry <= RETRY_MS,
    retryMs: retry,
    raceWon: wonElsewhere(mark, source, failed),
  }
}

function someBefore(times: number[], timeNs: number): boolean {
  return inOrder(times) ? times.length > 0 && times[0] < timeNs : times.some(t => t < timeNs)
}

/** It had accepted once and refused since, within the aftermath of whatever ended it. */
function refusedLast(listener: ListenerTimeline | undefined, timeNs: number): boolean {
  const refused = lastBefore(listener?.refusalTimesNs ?? [], timeNs)
  const accepted = lastBefore(listener?.acceptTimesNs ?? [], timeNs)
  return (
    refused !== undefined &&
    accepted !== undefined &&
    refused > accepted &&
    timeNs - refused <= AFTERMATH_MS * 1e6
  )
}

function lastBefore(times: number[], timeNs: number): number | undefined {
  if (inOrder(times)) return times[firstAfter(times, timeNs) - 1]
  let last: number | undefined
  for (const t of times) if (t <= timeNs && (last === undefined || t > last)) last = t
  return last
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

function longer(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function listenerOf(mark: Mark, { world, listeners }: Neighbourhood): Listener {
  let listener = listeners.get(mark.listener)
  if (listener === undefined) {
    const timeline = world.listener(mark.server, mark.port)
    listener = { timeline, survivedSilenceMs: timeline && siblingsSilence(timeline, world) }
    listeners.set(mark.listener, listener)
  }
  return listener
}

function siblingsSilence({ siblings }: ListenerTimeline, { connections }: World): number | undefined {
  let longest: number | undefined
  for (const id of siblings) {
    // Most siblings are looked at for nothing else: made for that they were a fifth of what a capture with few resets costs to judge.
    const ns = connections.survivedSilenceNs?.(id) ?? connections.get(id)?.longestSurvivedSilenceNs
    if (ns !== undefined) longest = Math.max(longest ?? 0, ns / 1e6)
  }
  return longest
}

/** Time until another attempt of the same client for the same port was accepted, by this server or another address of the same name. */
function retryOf(mark: Mark, source: Source, failed: ReadonlySet<number>): number | undefined {
  const accepts = source?.accepts ?? []
  const fits = (a: Accept) => a.timeNs > mark.timeNs && a.port === mark.port && !failed.has(a.timeNs)
  const next = findFrom(accepts, firstAfter(accepts, mark.timeNs), fits)
  return next && (next.timeNs - mark.timeNs) / 1e6
}

/** Another attempt of the client for the same port was accepted while this one waited: the winner of a race between addresses (RFC 8305 §5). */
function wonElsewhere(mark: Mark, source: Source, failed: ReadonlySet<number>): boolean {
  const accepts = source?.accepts ?? []
  const until = inOrder(accepts) ? firstAfter(accepts, mark.timeNs) : accepts.length
  for (let i = firstAfter(accepts, mark.beganNs); i < until; i++) {
    const { timeNs, port } = accepts[i]
    const between = timeNs > mark.beganNs && timeNs <= mark.timeNs && !mark.synAcksNs.includes(timeNs)
    if (between && port === mark.port && !failed.has(timeNs)) return true
  }
  return false
}

type Source = SourceTimeline | undefined
type Accept = SourceTimeline['accepts'][number]

function findFrom(accepts: Accept[], from: number, fits: (a: Accept) => boolean): Accept | undefined {
  for (let i = from; i < accepts.length; i++) if (fits(accepts[i])) return accepts[i]
  return undefined
}

/** A side's first RST on a connection. */
interface End {
  timeNs: number
  connection: number
  beganNs: number
  begunBefore: boolean
}

/** Where and when each side ended its connections abnormally, for finding bursts without comparing all pairs. */
export interface EndsIndex {
  /** Other connections that the same sender ended within the burst window, and the time from the first to the last of them. */
  around(mark: Mark): { count: number; spanMs: number }
}

export class Ends implements EndsIndex {
  /** By client address, or server address:port. */
  private readonly byKey = new Map<string, End[]>()
  private sorted = false

  /** Every connection, once. */
  add(connection: Connection): void {
    let client = false
    let server = false
    for (const r of connection.segments) {
      if (!isRst(r) || (r.from === 'client' ? client : server)) continue
      if (r.from === 'client') client = true
      else server = true
      this.note(connection, r)
    }
  }

  private note(connection: Connection, { from, timeNs }: SegmentRecord): void {
    const end: End = {
      timeNs,
      connection: connection.id,
      beganNs: connection.firstTimeNs,
      begunBefore: connection.handshake === 'not-captured',
    }
    const key = keyOf(from, connection[from].address, connection.server.port)
    const list = this.byKey.get(key)
    if (list) list.push(end)
    else this.byKey.set(key, [end])
  }

  around(mark: Mark): { count: number; spanMs: number } {
    if (!this.sorted) for (const list of this.byKey.values()) list.sort((a, b) => a.timeNs - b.timeNs)
    this.sorted = true
    const list = this.byKey.get(keyOf(mark.sender, mark[mark.sender], mark.port)) ?? []
    let seen = 0
    let count = 0
    let [first, last] = [mark.timeNs, mark.timeNs]
    for (let i = lowerBound(list, mark.timeNs - BURST_MS * 1e6); i < list.length && seen < 256; i++) {
      const end = list[i]
      if ((end.timeNs - mark.timeNs) / 1e6 > BURST_MS) break
      if (end.connection === mark.connection) continue
      seen++
      // What dies together lived together: connections made one after the other are no burst.
      if (!aliveAt(end, mark.timeNs) || !aliveAt(mark, end.timeNs)) continue
      count++
      if (end.timeNs < first) first = end.timeNs
      if (end.timeNs > last) last = end.timeNs
    }
    return { count, spanMs: (last - first) / 1e6 }
  }
}

/** Open at that moment; of connections that began before the capture that is taken as given. */
function aliveAt({ beganNs, begunBefore }: Pick<End, 'beganNs' | 'begunBefore'>, timeNs: number): boolean {
  return beganNs < timeNs || begunBefore
}

function keyOf(side: Side, address: string, serverPort: number): string {
  return side === 'server' ? `${address}:${serverPort}` : address
}

export function indexEnds(world: World): EndsIndex {
  const ends = new Ends()
  for (const connection of world.connections.values()) ends.add(connection)
  return ends
}
