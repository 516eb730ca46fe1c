/** Sums over both captures: what is in both counts once. */
import type { Comparison, Connection, Listener, Reset, Totals, Translation } from '../model.js'
import { isRst } from '../evidence/view.js'
import type { Scene } from './fate.js'
import type { Union } from './merge.js'
import { translated } from './proof.js'
import { relatedConnections } from './related.js'
import { summaryOf } from './summary.js'
import type { Read } from './read.js'
import type { Census } from './select.js'
import type { Link, Vantage } from './types.js'

export function totalsOf(
  { vantages, links }: Scene,
  unions: Union[],
  resets: Reset[],
  census: Census,
): Totals {
  const [a, b] = vantages.map(v => v.world.totals)
  const groups = components(links)
  const inBoth = [...new Set(groups.values())].filter(g =>
    [0, 1].every(i => [...g].some(c => c.capture === i && counted(c))),
  )
  const pairs =
    new Set(links.flatMap(l => l.resets.map(p => p.records[0]))).size +
    links.reduce((sum, l) => sum + furtherInBoth(l), 0)
  const hit = new Set(unions.flatMap(u => u.parts.map(p => groups.get(p.connection) ?? p.connection)))
  const totals: Totals = {
    connections: a.connections + b.connections - inBoth.length - census.untraced,
    resetConnections: hit.size,
    rstFrames: a.rstFrames + b.rstFrames - pairs,
    resets: resets.length,
    byCause: {},
    byOrigin: {},
  }
  for (const r of resets) {
    totals.byCause[r.cause] = (totals.byCause[r.cause] ?? 0) + 1
    totals.byOrigin[r.origin] = (totals.byOrigin[r.origin] ?? 0) + 1
  }
  return totals
}

/** RST frames beyond what is remembered of a flood: the smaller number of the two captures is taken to be in both. */
function furtherInBoth({ connections: [a, b], flipped, resets }: Link): number {
  const of = (c: Connection, side: 'client' | 'server') => {
    let count = 0
    for (const rst of c.furtherRsts) if (rst.from === side) count++
    return count
  }
  return (['client', 'server'] as const).reduce((sum, side) => {
    const there = flipped ? (side === 'client' ? 'server' : 'client') : side
    return resets.some(p => p.from === side) ? sum + Math.min(of(a, side), of(b, there)) : sum
  }, 0)
}

/** Contract §2: seen by SYN or SYN-ACK, or reset. */
function counted(c: Connection): boolean {
  return c.sides.client.synSeen || c.sides.server.synSeen || c.segments.some(isRst)
}

/** Connections that are one, over links: a translated connection and the packet that slipped past the translation belong together. */
function components(links: Link[]): Map<Connection, Set<Connection>> {
  const home = new Map<Connection, Set<Connection>>()
  for (const { connections } of links) {
    const joined = new Set(connections.flatMap(c => [...(home.get(c) ?? [c])]))
    for (const c of joined) home.set(c, joined)
  }
  return home
}

/** Listeners with resets, those with most reset connections first. */
export function listenersOf(vantages: [Vantage, Vantage], resets: Reset[]): Listener[] {
  const found = new Map<string, { listener: Listener; clients: Set<string> }>()
  for (const { connection, cause } of resets) {
    const { address, port } = connection.server
    const key = `${address} ${port}`
    const connections = Math.max(...vantages.map(v => v.world.listener(address, port)?.connections ?? 0))
    const entry = found.get(key) ?? {
      listener: { address, port, connections, resetConnections: 0, byCause: {} },
      clients: new Set(),
    }
    found.set(key, entry)
    entry.listener.byCause[cause] = (entry.listener.byCause[cause] ?? 0) + 1
    entry.clients.add(`${connection.client.address} ${connection.client.port}`)
    entry.listener.resetConnections = entry.clients.size
  }
  const order = (x: Listener, y: Listener) =>
    y.resetConnections - x.resetConnections || (x.address < y.address ? -1 : 1) || x.port - y.port
  return [...found.values()].map(e => e.listener).sort(order)
}

export function comparisonOf(scene: Scene, unions: Union[], { census, matching }: Read): Comparison {
  const { vantages, links, clocks } = scene
  const round = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 1000) / 1000)
  const alone = (i: 0 | 1) =>
    [...vantages[i].world.connections.values()].filter(c => c.segments.some(isRst) && !scene.linksOf.has(c))
      .length
  const comparison = {
    clockOffsetMs: round(clocks.offsetMs),
    clockUncertaintyMs: clocks.known ? round(clocks.uncertaintyNs / 1e6) : null,
    clockDriftPpm: round(clocks.driftPpm),
    matchedConnections: new Set(components(links).values()).size + census.untraced,
    unmatchedResetConnections: [alone(0), alone(1)] as [number, number],
    ambiguousConnections: matching.ambiguous,
    translated: translationsOf(links),
    related: relatedConnections(vantages, links, clocks),
  }
  return { ...comparison, summary: summaryOf(vantages, comparison, unions, census) }
}

function translationsOf(links: Link[]): Translation[] {
  return links.filter(translated).map(({ connections: [a, b], flipped }) => ({
    a: { client: a.client, server: a.server },
    b: flipped ? { client: b.server, server: b.client } : { client: b.client, server: b.server },
  }))
}
