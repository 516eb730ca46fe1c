/** Does a host's stack look like modern Linux? Rules learnt on Linux may accuse only where it does. */
import type { Connection, SegmentRecord, Side, World } from '../model.js'
import { sidesOf } from './hosts.js'
import { initialHopLimit } from './timing.js'
import { hasAck, isRst, SYN } from './view.js'

/** Windows and others count one IP ID for the whole host; a Linux socket counts its own: steps between neighbouring packets stay small. */
export const IP_ID_STEP = 64

const cache = new WeakMap<World, Map<string, boolean | undefined>>()

/**
 * By the packets of this side, and where they do not suffice by those of the host's other connections.
 * @param records this side's segments of one connection, RSTs left out
 */
export function linuxStack(
  world: World,
  connection: Connection,
  side: Side,
  records: SegmentRecord[],
): boolean {
  return shape(records, connection, side) ?? hostShape(world, connection[side].address) ?? false
}

/** Shown by its packets not to be Linux; where they are too few to tell, it is not. */
export function isForeignStack(
  world: World,
  connection: Connection,
  side: Side,
  records: SegmentRecord[],
): boolean {
  return (shape(records, connection, side) ?? hostShape(world, connection[side].address)) === false
}

/**
 * TTL from 64, DF, timestamps wherever negotiated, a window scale of at least 5, SYN-ACKs with IP ID 0 (net/ipv4/ip_output.c,
 * ip_build_and_send_pkt) and a per-connection IP ID counter. Undefined: too few packets to tell.
 */
function shape(records: SegmentRecord[], connection: Connection, side: Side): boolean | undefined {
  const syn = records.find(r => r.flags & SYN)
  const rest = records.filter(r => !(r.flags & SYN))
  const { windowScale, timestamps } = connection.sides[side]
  if (records.some(r => initialHopLimit(r.hopLimit) !== 64 || r.dontFragment === 0)) return false
  if (syn && (windowScale ?? 0) < 5) return false
  if (syn && hasAck(syn) && syn.ipId > 0) return false
  if (rest.length === 0) return undefined
  const ids = rest.map(r => r.ipId).filter(id => id >= 0)
  // Without identifications (IPv6) only the window scale sets Linux (7 and more by default) apart from macOS, iOS and FreeBSD (6).
  if (ids.length === 0) return timestamps === true && syn && (windowScale ?? 0) >= 7 ? true : undefined
  // One packet shows no counter: macOS and BSD send random or zero identifications.
  if (ids.length === 1 && !ids.includes(0)) return undefined
  const counting = ids.every((id, i) => i === 0 || ((id - ids[i - 1]) & 0xffff) <= IP_ID_STEP)
  return counting && ids.some(id => id !== 0)
}

function hostShape(world: World, address: string): boolean | undefined {
  let shapes = cache.get(world)
  if (!shapes) {
    shapes = new Map()
    cache.set(world, shapes)
  }
  if (!shapes.has(address)) shapes.set(address, anyShape(world, address))
  return shapes.get(address)
}

/** True when some connection of the host looks like Linux and none contradicts. */
function anyShape(world: World, address: string): boolean | undefined {
  let found: boolean | undefined
  for (const { connection, side } of sidesOf(world, address)) {
    const own = connection.segments.filter(r => r.from === side && !isRst(r))
    const one = own.length === 0 ? undefined : shape(own, connection, side)
    if (one === false) return false
    found ??= one
  }
  return found
}
