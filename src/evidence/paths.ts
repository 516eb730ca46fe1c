/** Round trips between the capture point and a host, over all connections of the same two hosts: one connection alone has too few samples. */
import type { Connection, Side, World } from '../model.js'
import { distance, hasAck, isRst } from './view.js'

export interface RoundTrip {
  /** Smallest response ever seen; undefined when none could be timed. */
  ns: number | undefined
  /** Answers that acknowledged something new: each could have been the smallest (bounded by what was kept). */
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

function measurePaths(world: World): Map<string, RoundTrip> {
  const paths = new Map<string, RoundTrip>()
  for (const c of world.connections.values()) {
    for (const side of ['client', 'server'] as const) {
      const ns = c.sides[side].minResponseNs
      if (ns === undefined) continue
      const path = paths.get(key(c, side)) ?? { ns: undefined, samples: 0 }
      path.ns = path.ns === undefined ? ns : Math.min(path.ns, ns)
      path.samples += answersSeen(c, side)
      paths.set(key(c, side), path)
    }
  }
  return paths
}

function answersSeen(c: Connection, side: Side): number {
  let acked: number | undefined
  let count = 0
  for (const r of c.segments) {
    if (r.from !== side || isRst(r) || !hasAck(r)) continue
    if (acked !== undefined && distance(r.ack, acked) <= 0) continue
    acked = r.ack
    count++
  }
  return count
}
