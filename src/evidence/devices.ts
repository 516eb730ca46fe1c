/** Devices that were convicted on one connection explain the refusals of others between the same two hosts. */
import type { Connection, SegmentRecord, World } from '../model.js'
import type { OriginSign, OriginVerdict } from '../origin.js'
import { connectionsBetween } from './paths.js'
import { isRst, type ResetView, SYN } from './view.js'

/** Of connections between two hosts that many are looked at: a rule that rejects shows on the first ones or not at all. */
const LOOKED_AT = 16

type Judge = (
  world: World,
  connection: Connection,
  rst: SegmentRecord,
  direction: SegmentRecord[],
) => OriginVerdict

const cache = new WeakMap<World, Map<string, ReadonlyMap<number, number>>>()

/**
 * Of a refused SYN: the RST that a device on the path sent in the same host's name, on another connection of these two hosts, with the same hop
 * limit. A convicted device explains the refusal better than a second host behind the address.
 * Such a device is no longer rare between these hosts. Undefined when there is none.
 */
export function deviceBefore(view: ResetView, rst: SegmentRecord, judge: Judge): OriginSign | undefined {
  const { world, connection, sender, peer } = view
  if (sender.records.length > 0) return undefined
  let known = cache.get(world)
  if (!known) {
    known = new Map()
    cache.set(world, known)
  }
  const [claimed, other] = [connection[sender.side].address, connection[peer.side].address]
  const key = `${claimed} ${other}`
  let hopLimits = known.get(key)
  if (hopLimits === undefined) {
    hopLimits = convicted(world, claimed, other, judge)
    known.set(key, hopLimits)
  }
  const frame = hopLimits.get(rst.hopLimit)
  if (frame === undefined) return undefined
  const statement = `a device between these hosts sent a reset in the same name with the same hop limit (${rst.hopLimit}) on another connection`
  return { statement, weight: 2, frames: [frame, rst.frame] }
}

/** Hop limits of devices that spoke in the name of `claimed`, which the host's own packets on these connections never bore. */
function convicted(world: World, claimed: string, other: string, judge: Judge): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  const own = new Set<number>()
  for (const id of connectionsBetween(world, claimed, other).slice(0, LOOKED_AT)) {
    const connection = world.connections.get(id)!
    const side = connection.client.address === claimed ? 'client' : 'server'
    const said = connection.segments.filter(r => r.from === side)
    for (const r of said) if (!isRst(r)) own.add(r.hopLimit)
    const rsts = said.filter(isRst)
    if (rsts.length === 0) continue
    const [first] = rsts
    // It had spoken before it was reset: no refused SYN, whose judgement would ask for the others in turn.
    if (!said.slice(0, said.indexOf(first)).some(r => !(r.flags & SYN))) continue
    if (judge(world, connection, first, rsts).origin === 'middlebox') found.set(first.hopLimit, first.frame)
  }
  for (const value of own) found.delete(value)
  return found
}
