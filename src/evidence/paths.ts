/** Round trips between the capture point and a host, over all connections of the same two hosts: one connection alone has too few samples. */
import type { Connection, SegmentKind, Side, World } from '../model.js'
import { outlinesOf } from './outlines.js'
import { distance, endOf, hasAck, isRst } from './view.js'

/** Share of the smallest round trip that certainly has to pass before an answer; the rest is jitter. */
export const CERTAIN_SHARE = 0.7

/** Below this, round trips are dominated by scheduling and nothing follows from a quick answer. */
export const MEASURABLE_RTT_MS = 3

export interface RoundTrip {
  /** Smallest response ever seen; undefined when none could be timed. */
  ns: number | undefined
  /** Answers that were no slower than 1.5 times that, as far as kept: one alone may have been anything, several agreeing ones are the path. */
  samples: number
}

interface Paths {
  /** Numbers of the connections between two hosts, whoever of them opened. */
  between: Map<string, number[]>
  /** By answering and asking host; one key of both, made for every reset and hashed anew, took as long as everything else here. */
  measured: Map<string, Map<string, RoundTrip>>
}

const cache = new WeakMap<World, Paths>()

/** @param side whose answers are timed, seen from the capture point */
export function roundTrip(world: World, connection: Connection, side: Side): RoundTrip {
  const answering = connection[side].address
  const asking = connection[otherSide(side)].address
  const paths = pathsOf(world)
  let answers = paths.measured.get(answering)
  if (answers === undefined) paths.measured.set(answering, (answers = new Map()))
  let measured = answers.get(asking)
  if (measured === undefined) {
    measured = measure(world, paths.between.get(pairOf(answering, asking)) ?? [], answering, asking)
    answers.set(asking, measured)
  }
  return measured
}

function pathsOf(world: World): Paths {
  let paths = cache.get(world)
  if (!paths) {
    paths = { between: betweenHosts(world), measured: new Map() }
    cache.set(world, paths)
  }
  return paths
}

/** Numbers of the traced connections between two hosts, whoever of them opened, in order of appearance. */
export function connectionsBetween(world: World, a: string, b: string): readonly number[] {
  return pathsOf(world).between.get(pairOf(a, b)) ?? []
}

function otherSide(side: Side): Side {
  return side === 'client' ? 'server' : 'client'
}

function pairOf(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

function betweenHosts(world: World): Map<string, number[]> {
  const between = new Map<string, number[]>()
  for (const { id, client, server } of outlinesOf(world)) {
    const pair = pairOf(client.address, server.address)
    const ids = between.get(pair)
    if (ids) ids.push(id)
    else between.set(pair, [id])
  }
  return between
}

interface Samples {
  ns: number
  responses: number[]
}

/** Only paths that somebody asks about: of most siblings no segment has to be looked at. */
function measure(world: World, ids: number[], answering: string, asking: string): RoundTrip {
  let path: Samples | undefined
  for (const id of ids) {
    const c = world.connections.get(id)!
    for (const side of ['client', 'server'] as const) {
      if (c[side].address !== answering || c[otherSide(side)].address !== asking) continue
      const responses = responsesOf(c, side)
      // The tracker times all segments, but one at a time: what answers others is timed here, among those that were kept.
      const ns = Math.min(c.sides[side].minResponseNs ?? Number.POSITIVE_INFINITY, ...responses)
      if (!Number.isFinite(ns)) continue
      path ??= { ns, responses: [] }
      if (ns < path.ns) path.ns = ns
      addResponses(responses, path)
    }
  }
  if (path === undefined) return { ns: undefined, samples: 0 }
  const slowest = path.ns * AGREEING
  return { ns: path.ns, samples: path.responses.filter(r => r <= slowest).length }
}

/** Beyond so many agreeing samples nothing depends on how many there are. */
const MOST_SAMPLES = 64

/** The minimum only falls: what does not agree with it now never will. */
function addResponses(responses: number[], path: Samples): void {
  const limit = path.ns * AGREEING
  for (const ns of responses) if (ns <= limit) path.responses.push(ns)
  if (path.responses.length > 2 * MOST_SAMPLES)
    path.responses = path.responses.sort((a, b) => a - b).slice(0, MOST_SAMPLES)
}

/** Responses no slower than this times the smallest confirm it; a slower one held thinking time or waited for a busy host. */
const AGREEING = 1.5

// Reused: a connection keeps some hundred segments, and a Map for each side of each took longer than all that is done with it.
const ends: number[] = []
const sentNs: number[] = []

/** What was sent before, whether that was captured or not. */
const REPEATS: ReadonlySet<SegmentKind> = new Set(['retransmission', 'keepalive-probe', 'zero-window-probe'])

/** Times from a segment of the other side to this side's first acknowledgement of exactly its end. */
function responsesOf(c: Connection, side: Side): number[] {
  const responses: number[] = []
  ends.length = 0
  sentNs.length = 0
  let acked: number | undefined
  for (const r of c.segments) {
    if (isRst(r)) continue
    if (r.from !== side) {
      const end = endOf(r)
      if (end === r.seq) continue
      // Karn: what was sent twice times nothing.
      const again = ends.lastIndexOf(end)
      if (again >= 0) sentNs[again] = Number.NaN
      else if (!REPEATS.has(r.kind)) {
        ends.push(end)
        sentNs.push(r.timeNs)
      }
      continue
    }
    if (!hasAck(r) || (acked !== undefined && distance(r.ack, acked) <= 0)) continue
    acked = r.ack
    const answered = ends.lastIndexOf(r.ack)
    if (answered >= 0 && !Number.isNaN(sentNs[answered])) responses.push(r.timeNs - sentNs[answered])
  }
  return responses
}
