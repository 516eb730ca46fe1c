/**
 * One reset looked at from its connection: the records before and after it, and each side's sequence numbers at that moment.
 * Everything the fact files measure starts here.
 */
import { FrameList } from './frame-list.js'
import { CERTAIN_SHARE, MEASURABLE_RTT_MS, type RoundTrip, roundTrip } from './paths.js'
import type { Connection, SegmentRecord, Side, SideState, World } from '../model.js'
import type { Trigger } from './trigger.js'

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
  further: FrameList
  /** Round trip between the capture point and the sender, over all connections of the two hosts. */
  senderPath: RoundTrip
  peerPath: RoundTrip
  /** All kept records of both sides before `first`, RSTs of other resets included. */
  before: SegmentRecord[]
  /** All kept records after `first` that are not part of this reset. */
  after: SegmentRecord[]
  /** Found once per view, by `findTrigger` and `linuxSender`: each looks through all records, and several facts ask for it. */
  trigger: Trigger | undefined
  linux: boolean | undefined
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

/**
 * One round over the records: with a callback for each of these figures this was a fifth of what a reset costs.
 * @param path that of a side whose records may have crossed the reset, still on their way when the other side reset: what it had not heard
 * says nothing about its reason
 */
function sideView(
  connection: Connection,
  side: Side,
  before: SegmentRecord[],
  rst: SegmentRecord,
  path: RoundTrip | undefined,
): SideView {
  const records: SegmentRecord[] = []
  for (const r of before) if (r.from === side && !isRst(r)) records.push(r)
  const syn = records.find(r => r.flags & SYN)
  let nextSeq: number | undefined
  let ackedTo: number | undefined
  let lastData: SegmentRecord | undefined
  let fin: SegmentRecord | undefined
  for (const r of records) {
    if (hasAck(r) && (ackedTo === undefined || distance(r.ack, ackedTo) > 0)) ackedTo = r.ack
    if ((r.flags & (FIN | SYN)) === FIN) fin ??= r
    if (path !== undefined && crossing(r, rst, path)) continue
    const { kind } = r
    if (kind === 'keepalive-probe') continue
    if (r.payloadBytes > 0 && kind !== 'zero-window-probe') lastData = r
    const end = endOf(r)
    if ((nextSeq === undefined || distance(end, nextSeq) > 0) && !isStray(r, syn)) nextSeq = end
  }
  return {
    side,
    state: connection.sides[side],
    records,
    nextSeq,
    ackedTo,
    last: records.at(-1),
    lastData,
    syn,
    fin,
  }
}

/** A challenge ACK recorded beside a new SYN bears the numbers of the previous incarnation (RFC 5961 §4): far from the SYN's own. */
function isStray(r: SegmentRecord, syn: SegmentRecord | undefined): boolean {
  return syn !== undefined && r !== syn && Math.abs(distance(r.seq, syn.seq)) > 2 ** 30
}

/** A segment that was still on its way when the socket that it was meant for reset itself: too young, and not acknowledged by the reset. */
export function crossing(r: SegmentRecord, rst: SegmentRecord, path: RoundTrip): boolean {
  if (!hasAck(rst) || rst.seq === 0 || path.ns === undefined) return false
  return rst.timeNs - r.timeNs < path.ns * CERTAIN_SHARE && distance(endOf(r), rst.ack) > 0
}

/** @param rsts records of one reset of `connection`, in capture order, at least one */
export function viewReset(world: World, connection: Connection, rsts: SegmentRecord[]): ResetView {
  const [first] = rsts
  const at = connection.segments.indexOf(first)
  const before = connection.segments.slice(0, at)
  const senderPath = roundTrip(world, connection, first.from)
  return {
    world,
    connection,
    sender: sideView(connection, first.from, before, first, undefined),
    peer: sideView(connection, other(first.from), before, first, senderPath),
    rsts,
    first,
    further: new FrameList(),
    senderPath,
    peerPath: roundTrip(world, connection, other(first.from)),
    before,
    after: afterwards(connection, at, rsts),
    trigger: undefined,
    linux: undefined,
  }
}

/** The same for more records: what came before the first of them is what it was. */
export function widened(view: ResetView, rsts: SegmentRecord[]): ResetView {
  const { connection, first } = view
  return {
    ...view,
    rsts,
    further: new FrameList(),
    after: afterwards(connection, connection.segments.indexOf(first), rsts),
  }
}

function afterwards({ segments }: Connection, at: number, rsts: SegmentRecord[]): SegmentRecord[] {
  const after = segments.slice(at + 1)
  return rsts.length === 1 ? after : after.filter(r => !rsts.includes(r))
}

/** The reset had left its sender before `r` could get there; never where the path is too short to tell. */
export function leftBefore({ senderPath }: ResetView, rst: SegmentRecord, r: SegmentRecord): boolean {
  const rttNs = senderPath.ns ?? 0
  return rttNs >= MEASURABLE_RTT_MS * 1e6 && rst.timeNs - r.timeNs < rttNs * CERTAIN_SHARE
}
