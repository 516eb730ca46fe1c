/** Whether a capture would have recorded a packet that it does not show: only then does its absence prove anything. */
import { distance, endOf, hasAck, isRst, other, SYN } from '../evidence/view.js'
import type { Connection, SegmentRecord, Side } from '../model.js'
import { duration } from '../units.js'
import type { Clocks } from './clock.js'
import type { CaptureIndex, Link, Vantage } from './types.js'

export type Coverage =
  /** It was running, saw this sender's packets, and dropped none. */
  | { kind: 'sure'; says: string; frames: number[] }
  /** Nothing speaks against it, but nothing shows that it was still running, or that its filter let this port pass. */
  | { kind: 'likely'; says: string; frames: number[] }
  | { kind: 'none'; why: string }

/** A capture whose last packet came so long before was perhaps stopped. */
const STILL_RUNNING_NS = 30e9
/** A capture that shows so many ports of a host has no filter for one of them. */
const PORTS_WITHOUT_FILTER = 3

export interface Question {
  /** The capture in which the packet is missing. */
  vantage: Vantage
  /** The packet where it was seen, and its connection there. */
  rst: SegmentRecord
  connection: Connection
  side: Side
  /** Links of that connection. */
  links: Link[]
  /** All links. */
  all: Link[]
  clocks: Clocks
}

export function coverage(question: Question): Coverage {
  const { vantage, rst, clocks } = question
  if (!clocks.known) return none('no packet is in both captures: their clocks cannot be related')
  const there = clocks.convert(rst.timeNs, seenIn(question))
  const { startTimeNs, endTimeNs } = vantage.world
  if (startTimeNs > there - clocks.uncertaintyNs)
    return none(`${vantage.name} begins only ${duration((startTimeNs - there) / 1e6)} later`)
  if (lossy(vantage)) return none(`${vantage.name} has lost packets itself`)
  const seen = question.links.length > 0 ? ofConnection(question, there) : ofHost(question)
  if (seen.kind === 'none') return seen
  // It left before it arrived elsewhere: a frame recorded after that moment shows that the capture was running.
  const lateNs = there - endTimeNs
  if (lateNs <= (clocks.oneWay ? -clocks.uncertaintyNs : 0)) return seen
  if (lateNs > STILL_RUNNING_NS) return none(`${vantage.name} ends ${duration(lateNs / 1e6)} before`)
  return {
    ...seen,
    kind: 'likely',
    says: `${seen.says} (it ends ${lateNs > clocks.uncertaintyNs ? `${duration(lateNs / 1e6)} before` : 'in that very moment'})`,
  }
}

function none(why: string): Coverage {
  return { kind: 'none', why }
}

function seenIn({ vantage }: Question): CaptureIndex {
  return vantage.index === 0 ? 1 : 0
}

function lossy({ world, info }: Vantage): boolean {
  return world.captureLoss || info.notes.some(n => n.name === 'capture-drops')
}

/** The connection is in both: did the capture see this sender's packets of it, all of them as far as can be told? */
function ofConnection(question: Question, there: number): Coverage {
  const { vantage, connection, side, links, rst, all, clocks } = question
  const { index, name } = vantage
  const counterparts = links.map(link => link.connections[index])
  if (counterparts.some(c => c.unseenBytes > 0)) return none(`${name} has gaps in this connection`)
  if (counterparts.some(c => c.furtherRsts.length > 0))
    return none(`${name} holds more resets of this connection than are remembered`)
  const sideThere = links[0].flipped ? other(side) : side
  const rows = counterparts
    .flatMap(c => c.segments)
    .toSorted((x, y) => x.timeNs - y.timeNs || x.frame - y.frame)
  const paired = new Set(links.flatMap(l => l.packets.flatMap(p => p.records)))
  const own = connection.segments.filter(
    r =>
      r.from === side &&
      !isRst(r) &&
      r.timeNs <= rst.timeNs &&
      kept(rows, clocks.convert(r.timeNs, seenIn(question)), clocks),
  )
  const common = own.filter(r => paired.has(r)).length
  if (common === 0 && !heardFrom(all, index, counterparts[0][sideThere].address))
    return none(`${name} shows no packet of this sender`)
  if (own.length > 2 * common + 2) return none(`${name} lacks many packets of this sender`)
  // Offload cuts data into other segments in each capture, but leaves what carries none alone.
  const missing = own.filter(r => r.payloadBytes === 0 && !paired.has(r))
  const frames = around(rows, there)
  const says =
    frames.length > 1
      ? `which saw this connection's packets ${frames[0]}–${frames.at(-1)} around that moment`
      : `which saw this connection (packet ${frames[0] ?? '?'})`
  return { kind: missing.length > 0 ? 'likely' : 'sure', says, frames }
}

/** Whether a packet of that moment would be among the rows: memory of a connection has a hole in its middle. */
function kept(rows: SegmentRecord[], timeNs: number, { uncertaintyNs }: Clocks): boolean {
  const next = rows.find(r => r.timeNs >= timeNs - uncertaintyNs)
  return (
    next === undefined ||
    rows.every(r => r.omittedBefore === 0 || r.timeNs < next.timeNs || r.timeNs > timeNs + 2 * uncertaintyNs)
  )
}

function heardFrom(links: Link[], index: CaptureIndex, address: string): boolean {
  return links.some(({ connections }) => {
    const c = connections[index]
    return (['client', 'server'] as const).some(
      side => c[side].address === address && c.sides[side].segments > 0,
    )
  })
}

/** The packets of the connection nearest to a moment, two on each side. @param ordered by time */
function around(ordered: SegmentRecord[], there: number): number[] {
  const after = ordered.findIndex(r => r.timeNs > there)
  const at = after < 0 ? ordered.length : after
  return ordered.slice(Math.max(at - 2, 0), at + 2).map(r => r.frame)
}

/** The connection is not in the capture at all: only a refused SYN is expected to stop on the way. */
function ofHost({ vantage, connection, side, all }: Question): Coverage {
  const { index, name } = vantage
  const answered = connection.segments.some(r => r.from === side && !isRst(r))
  const asked = connection.segments.find(r => r.from === other(side) && r.flags & SYN)
  if (answered || !asked) return none(`${name} does not show this connection`)
  if (vantage.incomplete) return none(`${name} has more connections than are remembered`)
  const here = index === 0 ? 1 : 0
  const { address, port } = connection[side]
  const peers = all.filter(l => ends(l.connections[here]).some(e => e.address === address))
  const pair = peers.filter(l =>
    ends(l.connections[here]).some(e => e.address === connection[other(side)].address),
  )
  if (pair.length === 0) return none(`${name} shows nothing between these two hosts`)
  // Behind a virtual address other ports may lead to other hosts, which this capture does not see.
  if (peers.some(l => !ends(l.connections[index]).some(e => e.address === address)))
    return none(`${address} is a translated address: other hosts may answer for it`)
  const ports = new Set(peers.map(l => portOf(l.connections[here], address)))
  const frames = pair[0].connections[index].segments.slice(-2).map(r => r.frame)
  if (ports.has(port) || ports.size >= PORTS_WITHOUT_FILTER) {
    return {
      kind: 'sure',
      says: `which saw other connections of ${address} and neither this reset nor the SYN it answers`,
      frames,
    }
  }
  return {
    kind: 'likely',
    says: `which saw another port of ${address} and neither this reset nor the SYN it answers`,
    frames,
  }
}

function ends({ client, server }: Connection) {
  return [client, server]
}

function portOf({ client, server }: Connection, address: string): number {
  return server.address === address ? server.port : client.port
}

/** Whether what a segment carries is in the other capture too, in whatever segments, and the frame that shows it. */
export function arrival(
  record: SegmentRecord,
  links: Link[],
  index: CaptureIndex,
): SegmentRecord | undefined {
  const there = index === 0 ? 1 : 0
  for (const link of links) {
    const pair = link.packets.find(p => p.records[index] === record)
    if (pair) return pair.records[there]
    const side = link.flipped ? other(record.from) : record.from
    const sideOf0 = index === 0 ? record.from : side
    const end = (endOf(record) + (index === 0 ? 1 : -1) * link.shift[sideOf0]) >>> 0
    const reached = link.connections[there].segments.find(r =>
      r.from === side
        ? !isRst(r) && distance(endOf(r), end) >= 0 && r.payloadBytes > 0
        : !isRst(r) && hasAck(r) && distance(r.ack, end) >= 0 && record.payloadBytes > 0,
    )
    if (reached) return reached
  }
  return undefined
}
