/**
 * One reset looked at from its connection: the records before and after it, and each side's sequence numbers at that moment.
 * Everything the fact files measure starts here.
 */
import { CERTAIN_SHARE, type RoundTrip, roundTrip } from './paths.js'
import type { Connection, SegmentRecord, Side, SideState, World } from '../model.js'

export const FIN = 0x001
export const SYN = 0x002
export const RST = 0x004
export const ACK = 0x010

const NS_PER_MS = 1e6

/** One side of the connection as it stood right before the reset's first RST frame. */
export interface SideView {
  side: Side
  state: SideState
  /** This side's kept records before the reset, RSTs left out, in capture order. */
  records: SegmentRecord[]
  /** First sequence number it had not used yet (SND.NXT), unsigned; undefined when nothing of it was seen. */
  nextSeq: number | undefined
  /** Highest acknowledgement it had sent (RCV.NXT as it told), unsigned. */
  ackedTo: number | undefined
  last: SegmentRecord | undefined
  lastData: SegmentRecord | undefined
  syn: SegmentRecord | undefined
  fin: SegmentRecord | undefined
}

/** A reset with its surroundings. `sender` is the side in whose name it was sent, forged or not. */
export interface ResetView {
  world: World
  connection: Connection
  sender: SideView
  peer: SideView
  /** The reset's own RST records, in order; never empty. */
  rsts: SegmentRecord[]
  first: SegmentRecord
  /** RST frames beyond the connection's memory that belong to this reset. */
  further: { frame: number; capture: number }[]
  /** Round trip between the capture point and the sender, over all connections of the two hosts. */
  senderPath: RoundTrip
  peerPath: RoundTrip
  /** All kept records of both sides before `first`, RSTs of other resets included. */
  before: SegmentRecord[]
  /** All kept records after `first` that are not part of this reset. */
  after: SegmentRecord[]
}

/** Signed distance from b to a modulo 2^32 (RFC 9293 §3.4). */
export function distance(a: number, b: number): number {
  return (a - b) | 0
}

export function msBetween(later: { timeNs: number }, earlier: { timeNs: number }): number {
  return (later.timeNs - earlier.timeNs) / NS_PER_MS
}

export function isRst(r: SegmentRecord): boolean {
  return (r.flags & RST) !== 0
}

export function hasAck(r: SegmentRecord): boolean {
  return (r.flags & ACK) !== 0
}

/** Sequence number right behind a segment: payload plus one each for SYN and FIN (RFC 9293 §3.4). */
export function endOf(r: SegmentRecord): number {
  const phantom = (r.flags & SYN ? 1 : 0) + (r.flags & FIN ? 1 : 0)
  return (r.seq + r.payloadBytes + phantom) >>> 0
}

export function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client'
}

/** Bytes a window field stands for: windows in SYN segments are never scaled, others only if both sides announced scaling (RFC 7323 §2.2). */
export function windowBytes(r: SegmentRecord, connection: Connection): number | undefined {
  if (r.flags & SYN) return r.window
  const { client, server } = connection.sides
  if (!client.synSeen || !server.synSeen) return undefined
  if (client.windowScale === undefined || server.windowScale === undefined) return r.window
  return r.window * 2 ** connection.sides[r.from].windowScale!
}

function highest(
  records: SegmentRecord[],
  value: (r: SegmentRecord) => number | undefined,
): number | undefined {
  let best: number | undefined
  for (const r of records) {
    const v = value(r)
    if (v !== undefined && (best === undefined || distance(v, best) > 0)) best = v
  }
  return best
}

/** @param heard whether a record had reached the other side when that side reset; what crossed the reset says nothing about its reason */
function sideView(
  connection: Connection,
  side: Side,
  before: SegmentRecord[],
  heard: (r: SegmentRecord) => boolean,
): SideView {
  const records = before.filter(r => r.from === side && !isRst(r))
  const known = records.filter(heard)
  return {
    side,
    state: connection.sides[side],
    records,
    nextSeq: highest(known, r =>
      r.kind === 'keepalive-probe' || isStray(r, records) ? undefined : endOf(r),
    ),
    ackedTo: highest(records, r => (hasAck(r) ? r.ack : undefined)),
    last: records.at(-1),
    lastData: known.findLast(
      r => r.payloadBytes > 0 && r.kind !== 'keepalive-probe' && r.kind !== 'zero-window-probe',
    ),
    syn: records.find(r => r.flags & SYN),
    fin: records.find(r => (r.flags & FIN) !== 0 && (r.flags & SYN) === 0),
  }
}

/** A challenge ACK recorded beside a new SYN bears the numbers of the previous incarnation (RFC 5961 §4): far from the SYN's own. */
function isStray(r: SegmentRecord, records: SegmentRecord[]): boolean {
  const syn = records.find(s => s.flags & SYN)
  return syn !== undefined && r !== syn && Math.abs(distance(r.seq, syn.seq)) > 2 ** 30
}

/** A segment that was still on its way when the socket that it was meant for reset itself: too young, and not acknowledged by the reset. */
function crossing(r: SegmentRecord, rst: SegmentRecord, path: RoundTrip): boolean {
  if (!hasAck(rst) || rst.seq === 0 || path.ns === undefined) return false
  return rst.timeNs - r.timeNs < path.ns * CERTAIN_SHARE && distance(endOf(r), rst.ack) > 0
}

/** @param rsts records of one reset of `connection`, in capture order, at least one */
export function viewReset(world: World, connection: Connection, rsts: SegmentRecord[]): ResetView {
  const first = rsts[0]
  const at = connection.segments.indexOf(first)
  const before = connection.segments.slice(0, at)
  const senderPath = roundTrip(world, connection, first.from)
  const heard = (r: SegmentRecord) => !crossing(r, first, senderPath)
  const after = connection.segments.slice(at + 1).filter(r => !rsts.includes(r))
  return {
    world,
    connection,
    sender: sideView(connection, first.from, before, () => true),
    peer: sideView(connection, other(first.from), before, heard),
    rsts,
    first,
    further: [],
    senderPath,
    peerPath: roundTrip(world, connection, other(first.from)),
    before,
    after,
  }
}
