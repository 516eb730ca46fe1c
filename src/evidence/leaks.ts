/**
 * Packets that slipped past an address translation, seen in one capture: a host answers a segment of a connection that it does not know, and that
 * segment continues another connection of the very same port, whose other end has another address. So leak NATs that have lost an entry, and
 * load balancers whose connection tracking calls a segment invalid (kubernetes/kubernetes issue 74839).
 */
import type { Connection, Endpoint, SegmentRecord, World } from '../model.js'
import { hasAck, isRst, type ResetView, SYN } from './view.js'
import type { Trigger } from './trigger.js'

/** A leak is a packet or a few (retransmissions), not a life of its own. */
const MOST_STRAY_PACKETS = 16
/** Connections of one port that are looked at; a client's port has one or two, a listener's is narrowed by the other port. */
const MOST_CANDIDATES = 8

export interface Leak {
  /** The connection as it is known there: "10.72.1.1:40001 > 10.73.0.2:7000". */
  from: string
  frames: number[]
}

/** @param trigger what the reset answers */
export function leakBehind(view: ResetView, { active, record }: Trigger): Leak | undefined {
  const { connection, sender, peer, world } = view
  if (active !== false || record === undefined || !hasAck(record) || record.flags & SYN) return undefined
  const strays = connection.segments.filter(r => !isRst(r))
  if (connection.handshake !== 'not-captured' || strays.length > MOST_STRAY_PACKETS) return undefined
  // Its own side of a connection that began before the capture would be seen, too.
  if (strays.some(r => r.from === sender.side)) return undefined
  const here = connection[sender.side]
  for (const id of candidates(world, here, connection[peer.side].port)) {
    const whole = world.connections.get(id)
    const last = whole && whole !== connection && continued(whole, here, record)
    if (last)
      return { from: `${text(whole.client)} > ${text(whole.server)}`, frames: [last.frame, record.frame] }
  }
  return undefined
}

/** The packet of `whole` by which its other end had acknowledged the same number, or to which the stray one's number answers. */
function continued(whole: Connection, here: Endpoint, stray: SegmentRecord): SegmentRecord | undefined {
  const side = same(whole.client, here) ? 'client' : 'server'
  return whole.segments.findLast(
    r =>
      !isRst(r) &&
      r.timeNs <= stray.timeNs &&
      (r.from === side
        ? stray.ack === (r.seq + r.payloadBytes + (r.flags & 3 ? 1 : 0)) >>> 0
        : hasAck(r) && r.ack === stray.ack),
  )
}

/** Connections by one end, and by one end and the other's port: a translation leaves the far port alone where it can. */
type Index = Map<string, number[]>

const cache = new WeakMap<World, Index>()

function candidates(world: World, here: Endpoint, farPort: number): number[] {
  const index = cache.get(world) ?? indexOf(world)
  cache.set(world, index)
  return [...(index.get(`${text(here)} ${farPort}`) ?? []), ...(index.get(text(here)) ?? [])]
}

function indexOf(world: World): Index {
  const index: Index = new Map()
  const add = (key: string, id: number) => {
    const list = index.get(key)
    if (list === undefined) index.set(key, [id])
    else if (list.length < MOST_CANDIDATES) list.push(id)
  }
  for (const [id, c] of world.connections) {
    if (c.handshake === 'not-captured') continue
    add(text(c.client), id)
    add(`${text(c.server)} ${c.client.port}`, id)
  }
  return index
}

function same(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port
}

function text({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
