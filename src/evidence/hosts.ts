/** What all traced connections show of one host, looked up once per host and not once per reset. */
import type { Connection, ConnectionOutline, Side, World } from '../model.js'
import { outlinesOf } from './outlines.js'
import { isRst } from './view.js'

export interface HostSide {
  connection: Connection
  side: Side
}

interface HostTraffic {
  /** Numbers of its connections, those in which it is the client inverted: connections are made when asked for, not held. */
  sides: number[]
  /** Latest packet (no RST) by hop limit; made when first asked for. */
  latest: Map<number, number> | undefined
  /** Hop limits of its packets (no RSTs), in order of appearance. */
  hopLimits: { value: number }[] | undefined
}

const cache = new WeakMap<World, Map<string, HostTraffic>>()

function trafficOf(world: World, address: string): HostTraffic | undefined {
  let hosts = cache.get(world)
  if (!hosts) {
    hosts = new Map()
    cache.set(world, hosts)
    for (const connection of outlinesOf(world)) {
      for (const side of ['client', 'server'] as const) add(hosts, connection, side)
    }
  }
  return hosts.get(address)
}

function add(hosts: Map<string, HostTraffic>, connection: ConnectionOutline, side: Side): void {
  const { address } = connection[side]
  const host = hosts.get(address)
  const number = side === 'client' ? ~connection.id : connection.id
  if (host) host.sides.push(number)
  else hosts.set(address, { sides: [number], latest: undefined, hopLimits: undefined })
}

/** The sides of traced connections that a host is, in order of the connections. */
export function* sidesOf(world: World, address: string): Generator<HostSide> {
  for (const number of trafficOf(world, address)?.sides ?? []) {
    const connection = world.connections.get(number < 0 ? ~number : number)
    if (connection) yield { connection, side: number < 0 ? 'client' : 'server' }
  }
}

/** Whether a packet of the host (no RST) with this hop limit came after a moment. */
export function seenAfter(world: World, address: string, hopLimit: number, timeNs: number): boolean {
  const host = trafficOf(world, address)
  if (!host) return false
  host.latest ??= latestByHopLimit(sidesOf(world, address))
  return (host.latest.get(hopLimit) ?? Number.NEGATIVE_INFINITY) > timeNs
}

function latestByHopLimit(sides: Iterable<HostSide>): Map<number, number> {
  const latest = new Map<number, number>()
  for (const { connection, side } of sides) {
    for (const r of connection.segments) {
      if (r.from !== side || isRst(r)) continue
      const known = latest.get(r.hopLimit)
      if (known === undefined || r.timeNs > known) latest.set(r.hopLimit, r.timeNs)
    }
  }
  return latest
}

/** Hop limits of the host's packets (no RSTs) in the traced connections. */
export function hopLimitsOf(world: World, address: string): readonly { value: number }[] {
  const host = trafficOf(world, address)
  if (!host) return []
  if (!host.hopLimits) {
    const values = new Set<number>()
    for (const { connection, side } of sidesOf(world, address)) {
      for (const { value } of connection.sides[side].hopLimits) values.add(value)
    }
    host.hopLimits = [...values].map(value => ({ value }))
  }
  return host.hopLimits
}
