/** Connections that are not the same but say the same at the same time: both sides of a proxy that terminates TCP. */
import { isRst } from '../evidence/view.js'
import type { Connection, Translation } from '../model.js'
import type { Clocks } from './clock.js'
import type { Link, Vantage } from './types.js'

/** What a proxy needs to pass a message on. */
const PASSING_ON_NS = 1e9
/** Messages whose first words were recognised and are equal. */
const LEAST_MESSAGES = 2

/** Reset connections without counterpart, and the one connection of the other capture that carries their messages. */
export function relatedConnections([a, b]: [Vantage, Vantage], links: Link[], clocks: Clocks): Translation[] {
  if (!clocks.known) return []
  const linked = new Set(links.flatMap(l => l.connections))
  const free = (v: Vantage) =>
    [...v.world.connections.values()].filter(c => !linked.has(c) && labelled(c).length >= LEAST_MESSAGES)
  const [mine, theirs] = [free(a), free(b)]
  const found: Translation[] = []
  for (const c of mine) {
    const alike = theirs.filter(d => (reset(c) || reset(d)) && sameTalk(c, d, clocks))
    if (alike.length === 1)
      found.push({
        a: { client: c.client, server: c.server },
        b: { client: alike[0].client, server: alike[0].server },
      })
  }
  return found
}

function reset(c: Connection): boolean {
  return c.segments.some(isRst)
}

function labelled(c: Connection) {
  return c.segments.filter(r => r.label !== undefined && r.newBytes > 0)
}

function sameTalk(c: Connection, d: Connection, clocks: Clocks): boolean {
  const [mine, theirs] = [labelled(c), labelled(d)]
  const slack = PASSING_ON_NS + clocks.uncertaintyNs
  const common = mine.filter(r =>
    theirs.some(
      s =>
        s.from === r.from && s.label === r.label && Math.abs(s.timeNs - clocks.convert(r.timeNs, 0)) <= slack,
    ),
  )
  return (
    common.length >= LEAST_MESSAGES &&
    common.length * 2 >= Math.min(mine.length, theirs.length) &&
    new Set(common.map(r => r.from)).size === 2
  )
}
