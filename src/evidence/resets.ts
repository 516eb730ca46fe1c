/**
 * Groups a connection's RST frames into resets: all that one emitter sent in one side's name (contract §2). Usually one reset a side; where
 * forged and genuine RSTs bear the same address they are two.
 */
import { judgeOrigin, type OriginContext, type OriginVerdict } from '../origin.js'
import type { Connection, SegmentRecord, World } from '../model.js'
import { tookUnarrived } from './afterlife.js'
import { deviceBefore } from './devices.js'
import { type Fingerprint, fingerprint } from './fingerprint.js'
import { knownShape } from './injectors.js'
import { framesMissing } from './innocence.js'
import { CERTAIN_SHARE, MEASURABLE_RTT_MS } from './paths.js'
import { findTrigger, type Trigger } from './trigger.js'
import { distance, endOf, hasAck, isRst, msBetween, type ResetView, SYN, viewReset, widened } from './view.js'

export interface ResetGroup {
  view: ResetView
  origin: OriginVerdict
}

/** Forger and victim act within one round trip; the longest plausible one (RFC 6298 §2.1). */
const SAME_MOMENT_MS = 1000

/** @returns the connection's resets, ordered by their first frame */
export function groupResets(world: World, connection: Connection): ResetGroup[] {
  const groups: ResetGroup[] = []
  for (const side of ['client', 'server'] as const) {
    const rsts = connection.segments.filter(r => isRst(r) && r.from === side)
    if (rsts.length === 0) continue
    const own = splitByEmitter(world, connection, rsts)
    const emitters = new Map<number, ResetGroup>()
    for (const rst of connection.furtherRsts) {
      if (rst.from !== side) continue
      let emitter = emitters.get(rst.hopLimit)
      if (emitter === undefined) emitters.set(rst.hopLimit, (emitter = emitterOf(own, rst.hopLimit)))
      emitter.view.further.push(rst)
    }
    groups.push(...own)
  }
  return groups.sort(
    (a, b) => a.view.first.timeNs - b.view.first.timeNs || a.view.first.frame - b.view.first.frame,
  )
}

/** RSTs beyond the connection's memory are told apart by their hop limit alone. */
function emitterOf(groups: ResetGroup[], hopLimit: number): ResetGroup {
  return groups.find(g => g.view.rsts.some(r => r.hopLimit === hopLimit)) ?? groups.at(-1)!
}

/** A RST by itself: who sent it. */
interface Judged {
  view: ResetView
  verdict: OriginVerdict
}

function splitByEmitter(world: World, connection: Connection, rsts: SegmentRecord[]): ResetGroup[] {
  const judged = new Map(rsts.slice(0, JUDGED_RSTS).map(rst => [rst, judgeOne(world, connection, rst, rsts)]))
  const isForged = (rst: SegmentRecord) => judged.get(rst)!.verdict.origin === 'middlebox'
  const group = (own: SegmentRecord[]) =>
    groupOf(own, rst => judged.get(rst) ?? judgeOne(world, connection, rst, rsts))
  // Most resets are one frame.
  if (rsts.length === 1) return [group(rsts)]
  const forged = [...judged.keys()].filter(isForged)
  const genuine = [...judged.keys()].filter(rst => !isForged(rst))
  const rest = rsts.slice(JUDGED_RSTS)
  if (forged.length > 0 && genuine.length > 0) {
    const hopLimits = new Set(forged.map(r => r.hopLimit))
    // An RST that shares the forger's hop limit is his, unless that limit is the host's own.
    const own = connection.segments.findLast(r => r.from === rsts[0].from && !isRst(r))?.hopLimit
    const his = (r: SegmentRecord) => hopLimits.has(r.hopLimit) && r.hopLimit !== own
    const moved = genuine.filter(his)
    const a = [...forged, ...moved, ...rest.filter(his)]
    const b = [...genuine.filter(r => !his(r)), ...rest.filter(r => !his(r))]
    return [a, b].filter(g => g.length > 0).map(group)
  }
  return [group(rsts)]
}

/** Enough to see who sends; a flood of thousands is told by its first ones. */
const JUDGED_RSTS = 64

/** @param judged the verdict on one of them */
function groupOf(rsts: SegmentRecord[], judged: (rst: SegmentRecord) => Judged): ResetGroup {
  const ordered = rsts.sort((a, b) => a.timeNs - b.timeNs || a.frame - b.frame)
  const first = judged(ordered[0])
  // The view that the first one was judged by is the group's: made again it took a tenth of what a reset costs.
  const view = ordered.length === 1 ? first.view : widened(first.view, ordered)
  // The first RST tells most; a later one of the same emitter may carry the sign that settles it.
  let strongest = first.verdict
  for (const rst of ordered.slice(1, JUDGED_RSTS)) {
    const { verdict } = judged(rst)
    if (verdict.origin === 'middlebox' && verdict.forged > strongest.forged) strongest = verdict
  }
  return { view, origin: strongest }
}

export function originOf(
  world: World,
  connection: Connection,
  rst: SegmentRecord,
  direction: SegmentRecord[],
): OriginVerdict {
  return judgeOne(world, connection, rst, direction).verdict
}

function judgeOne(
  world: World,
  connection: Connection,
  rst: SegmentRecord,
  direction: SegmentRecord[],
): Judged {
  const view = viewReset(world, connection, [rst])
  return { view, verdict: judgeOrigin(originContext(view, rst, direction)) }
}

function originContext(view: ResetView, rst: SegmentRecord, direction: SegmentRecord[]): OriginContext {
  const trigger = findTrigger(view)
  const print = fingerprint(view, rst, trigger.record)
  const near = honestAnswer(trigger, print)
    ? []
    : direction.filter(
        r => Math.abs(msBetween(r, rst)) <= SAME_MOMENT_MS && likeHost(r, print) === likeHost(rst, print),
      )
  return {
    view,
    trigger,
    rst,
    print,
    climbing: climbs(view, near),
    resetTwice: ownNumber(rst) && near.some(r => ownNumber(r) && r.seq !== rst.seq),
    laterData: later(view, rst, goesOn),
    laterSegments: later(view, rst, r => r.kind !== 'retransmission' && (r.flags & 0x13) === 0x10),
    laterTaking: laterTaking(view, rst),
    tookUnarrived: tookUnarrived(view, rst),
    mirrored: mirrored(view, rst),
    mixedHopLimits: new Set(near.map(r => r.hopLimit)).size > 2,
    answersMissing:
      print.hopLimitDelta === 0 &&
      !hasAck(rst) &&
      (framesMissing(view) || !backToBack(near) || likeStack(near, print)),
    shape: knownShape(view, rst, near),
    deviceBefore: trigger.kind === 'syn' ? deviceBefore(view, rst, originOf) : undefined,
  }
}

/** RST+ACK at a number of its own: what a socket sends when it resets itself (0 answers a SYN). */
function ownNumber(r: SegmentRecord): boolean {
  return hasAck(r) && r.seq !== 0 && (r.flags & SYN) === 0
}

/** Bears the hop limit of the host's own packets, as the forged RSTs that it may stand among do not. */
function likeHost(r: SegmentRecord, { baseline }: Fingerprint): boolean {
  return baseline !== undefined && r.hopLimit === baseline.hopLimit
}

/** As Linux answers segments it has no socket for: bare, window 0, nothing but the number asked for (net/ipv4/tcp_ipv4.c tcp_v4_send_reset). */
function likeStack(near: SegmentRecord[], { linuxSender }: Fingerprint): boolean {
  return linuxSender === true && near.every(r => !hasAck(r) && r.window === 0 && r.ipId <= 0)
}

/** A genuine answer stands among forged resets of the same moment: their numbers and hop limits do not speak against it. */
function honestAnswer(trigger: Trigger, print: Fingerprint): boolean {
  const { roundTripMs } = print
  const limit = roundTripMs === undefined || roundTripMs < MEASURABLE_RTT_MS ? 0 : roundTripMs * CERTAIN_SHARE
  return trigger.record !== undefined && print.hopLimitDelta === 0 && trigger.delayMs! >= limit
}

/** Weaver, Sommer, Paxson (NDSS 2009), RST_SEQ_CHANGE: back-to-back RSTs, the later above everything sent and everything the peer acknowledged. */
function climbs(view: ResetView, near: SegmentRecord[]): boolean {
  const next = view.sender.nextSeq
  if (next === undefined || near.length < 2) return false
  const above = near.filter(r => distance(r.seq, next) > 2 && distance(r.seq, next) < 2 ** 24)
  const acked = new Set(view.peer.records.map(r => r.ack))
  const filled = (r: SegmentRecord) =>
    view.after.some(d => d.from === r.from && d.payloadBytes > 0 && distance(endOf(d), r.seq) >= 0)
  return (
    above.length > 0 &&
    new Set(near.map(r => r.seq)).size >= 2 &&
    above.some(r => !acked.has(r.seq) && !filled(r))
  )
}

/** Apart by no more than a program needs to send the next packet of a burst (measured: 0.1 to 0.4 ms); the segments that a stack answers come at the pace of the path. */
const BURST_GAP_MS = 0.5

function backToBack(near: SegmentRecord[]): boolean {
  return near.every((r, i) => i === 0 || msBetween(r, near[i - 1]) <= BURST_GAP_MS)
}

/** Same paper, RST_SEQ_DATA: a side that reset does not go on. Retransmissions and overtaken data (below RST.seq) do not count. */
function later(
  view: ResetView,
  rst: SegmentRecord,
  counts: (r: SegmentRecord, rst: SegmentRecord) => boolean,
): number[] {
  // Captures with several queues swap packets by microseconds, links by less than half a round trip.
  const reorderNs = Math.max(((view.senderPath.ns ?? 0) + (view.peerPath.ns ?? 0)) / 2, 2e6)
  // A new handshake on the same ports begins another life; so does a refused SYN that is sent again (Windows tries three times, 0.5 s apart).
  const reborn = view.after.find(r => r.flags & 2 && (rst.seq !== 0 || r.from !== rst.from))
  return view.after
    .filter(r => r.from === rst.from && !isRst(r) && r.timeNs - rst.timeNs > reorderNs && counts(r, rst))
    .filter(r => reborn === undefined || r.timeNs < reborn.timeNs)
    .map(r => r.frame)
}

/** It acknowledged more than ever before, though its socket is said to be gone: frames. */
function laterTaking(view: ResetView, rst: SegmentRecord): number[] {
  const { ackedTo } = view.sender
  if (ackedTo === undefined) return []
  return later(view, rst, r => {
    const beyond = distance(r.ack, ackedTo)
    return hasAck(r) && (r.flags & SYN) === 0 && beyond > 0 && beyond < 2 ** 30
  })
}

function goesOn(r: SegmentRecord, rst: SegmentRecord): boolean {
  const above = distance(r.seq, rst.seq)
  // SYN-ACK and data of a host that supposedly refused the SYN.
  if (rst.seq === 0) return (r.flags & 0x12) === 0x12
  return r.payloadBytes > 0 && r.newBytes > 0 && above >= 0 && above < 2 ** 30
}

/** RSTs of the other direction within the same round trip: a host answers no RST, so two hosts resetting at once is no dialogue. */
function mirrored({ connection, senderPath, peerPath }: ResetView, rst: SegmentRecord): number[] {
  const roundTripMs = ((senderPath.ns ?? 0) + (peerPath.ns ?? 0)) / 1e6
  const limit = Math.max(roundTripMs * 0.5, 1)
  return connection.segments
    .filter(r => isRst(r) && r.from !== rst.from && Math.abs(msBetween(r, rst)) <= limit)
    .map(r => r.frame)
}
