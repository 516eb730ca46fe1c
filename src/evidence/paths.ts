/** Round trips between the capture point and a host, over all connections of the same two hosts: one connection alone has too few samples. */
import type { Connection, Side, World } from '../model.js'
import { distance, endOf, hasAck, isRst } from './view.js'

/** Share of the smallest round trip that certainly has to pass before an answer; the rest is jitter. */
export const CERTAIN_SHARE = 0.7

export interface RoundTrip {
  /** Smallest response ever seen; undefined when none could be timed. */
  ns: number | undefined
  /** Answers that were no slower than 1.5 times that, as far as kept: one alone may have been anything, several agreeing ones are the path. */
  samples: number
}

const cache = new WeakMap<World, Map<string, RoundTrip>>()

/** @param side whose answers are timed, seen from the capture point */
export function roundTrip(world: World, connection: Connection, side: Side): RoundTrip {
  let paths = cache.get(world)
  if (!paths) {
    paths = measurePaths(world)
    cache.set(world, paths)
  }
  return paths.get(key(connection, side)) ?? { ns: undefined, samples: 0 }
}

function key(c: Connection, side: Side): string {
  const other = side === 'client' ? 'server' : 'client'
  return `${c[side].address} ${c[other].address}`
}

interface Samples {
  ns: number
  responses: number[]
}

function measurePaths(world: World): Map<string, RoundTrip> {
  const paths = new Map<string, Samples>()
  for (const c of world.connections.values()) {
    for (const side of ['client', 'server'] as const) {
      const ns = c.sides[side].minResponseNs
      if (ns === undefined) continue
      const name = key(c, side)
      let path = paths.get(name)
      if (path === undefined) paths.set(name, (path = { ns, responses: [] }))
      else if (ns < path.ns) path.ns = ns
      addResponses(c, side, path)
    }
  }
  const trips = new Map<string, RoundTrip>()
  for (const [name, { ns, responses }] of paths)
    trips.set(name, { ns, samples: responses.filter(r => r <= ns * AGREEING).length })
  return trips
}

/** Beyond so many agreeing samples nothing depends on how many there are. */
const MOST_SAMPLES = 64

/** The minimum only falls: what does not agree with it now never will. */
function addResponses(c: Connection, side: Side, path: Samples): void {
  const limit = path.ns * AGREEING
  for (const ns of responsesOf(c, side)) if (ns <= limit) path.responses.push(ns)
  if (path.responses.length > 2 * MOST_SAMPLES)
    path.responses = path.responses.sort((a, b) => a - b).slice(0, MOST_SAMPLES)
}

/** Responses no slower than this times the smallest confirm it; a slower one held thinking time or waited for a busy host. */
const AGREEING = 1.5

// Reused: a connection keeps some hundred segments, and a Map for each side of each took longer than all that is done with it.
const ends: number[] = []
const sentNs: number[] = []

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
      else {
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
