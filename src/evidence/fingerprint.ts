/**
 * What the headers of one RST frame say about who made it, against the other packets of the host it claims to come from.
 * Only measurements here; what they weigh is in origin.ts. Undefined = this capture cannot tell.
 */
import { CERTAIN_SHARE } from './paths.js'
import type { SegmentRecord } from '../model.js'
import { hopLimitsOf, seenAfter } from './hosts.js'
import { IP_ID_STEP, linuxStack } from './stack.js'
import { hopsOf } from './timing.js'
import { ACK, distance, endOf, hasAck, isRst, msBetween, type ResetView, SYN } from './view.js'

export interface Fingerprint {
  /** Hop limit of the RST minus that of the sender's latest packet of this connection. */
  hopLimitDelta: number | undefined
  /** The sender's latest packet that the RST was compared with. */
  baseline: SegmentRecord | undefined
  /** True when both would have crossed the same number of routers, counted from the next usual initial value. */
  sameHops: boolean | undefined
  /** The sender's own hop limits varied within this connection (path change, SYN proxy, randomised SYNs). */
  hopLimitVaries: boolean
  /** Another connection of the host shows its old hop limit after the RST: the path had not changed. */
  pathUnchanged: boolean
  /** Hop limit against the same host's packets in other connections; only where this connection has none of its packets. */
  hostHopLimitDelta: number | undefined
  /** IP ID: continues the sender's counter, is 0, repeats the segment it answers, or fits nothing. */
  ipId: 'continues' | 'zero' | 'echo' | 'elsewhere' | undefined
  /** Every non-SYN packet of the sender carried timestamps, its SYN negotiated them, and this RST+ACK has none. */
  timestampsMissing: boolean | undefined
  /** The RST carries a timestamp that continues the sender's clock and echoes one the peer sent. */
  timestampsContinue: boolean | undefined
  /** The sender's packets have the shape of a modern Linux host: per-connection IP ID counter with DF, or 0; TTL from 64; timestamps; scaled window. */
  linuxSender: boolean
  windowZero: boolean
  /** The RST repeats the window (not 0) of the segment it answers: made by reflecting that packet. */
  echoesWindow: boolean
  reservedFlags: boolean
  /** IPv6 flow label equals the sender's other packets of this connection. */
  flowLabelSame: boolean | undefined
  /** Source MAC differs from that of all the sender's other frames. */
  macDiffers: boolean | undefined
  badChecksum: boolean
  /** The RST bears a sequence number above everything its sender had sent, though nothing fills the gap later. */
  aboveNext: number | undefined
  /** An RST+ACK that bears a number below the sender's own data: bytes of payload between. */
  belowNext: number | undefined
  /** Of a RST+ACK on a connection seen from its SYN: its number is further from the sender's than any window reaches. */
  foreignNumber: number | undefined
  /** Time since the newest peer segment that the RST acknowledges (RST+ACK) or takes its number from (bare), against the path's round trip. */
  youngestAnsweredMs: number | undefined
  /** A bare RST: an older segment with the same ACK may have been answered very late instead. */
  lateAnswerPossible: boolean
  roundTripMs: number | undefined
  /** How many answers of the sender that round trip is the smallest of (bounded by what was kept). */
  roundTripSamples: number
}

/** @param rst the first record of `view` */
export function fingerprint(
  view: ResetView,
  rst: SegmentRecord,
  answered: SegmentRecord | undefined,
): Fingerprint {
  const { sender } = view
  const own = sender.records.filter(r => r.timeNs <= rst.timeNs)
  const last = own.at(-1)
  return {
    hopLimitDelta: last && nearestDelta(rst, last.hopLimit),
    baseline: last,
    sameHops: last && [rst, ...rst.copies].some(r => hopsOf(r.hopLimit) === hopsOf(last.hopLimit)),
    hopLimitVaries: new Set(own.map(r => r.hopLimit)).size > 1,
    pathUnchanged:
      last !== undefined &&
      last.hopLimit !== rst.hopLimit &&
      seenAfter(view.world, view.connection[sender.side].address, last.hopLimit, rst.timeNs),
    hostHopLimitDelta: last ? undefined : hostDelta(view, rst),
    ipId: ipIdClass(rst, own, view, answered),
    timestampsMissing: timestampsMissing(view, rst, own),
    timestampsContinue: timestampsContinue(rst, own, view.peer.records),
    linuxSender: linuxSender(view),
    windowZero: rst.window === 0,
    echoesWindow:
      answered !== undefined &&
      rst.window !== 0 &&
      rst.window === answered.window &&
      rst.window !== last?.window,
    reservedFlags: (rst.flags & 0xf00) !== 0 || (rst.flags & 0xe0) !== 0,
    flowLabelSame: flowLabelSame(rst, own),
    macDiffers: macDiffers(rst, view),
    badChecksum: rst.checksum === 'bad',
    aboveNext: aboveNext(view, rst),
    belowNext: belowNext(view, rst),
    foreignNumber: foreignNumber(view, rst),
    ...youth(view, rst),
  }
}

/** Whether the packets that its sender had sent by then have the shape of a modern Linux host. */
export function linuxSender(view: ResetView): boolean {
  const { world, connection, sender, first } = view
  view.linux ??= linuxStack(
    world,
    connection,
    sender.side,
    sender.records.filter(r => r.timeNs <= first.timeNs),
  )
  return view.linux
}

/** Of a RST recorded more than once (before and behind a router) the copy that is nearest to the baseline counts. */
function nearestDelta(rst: SegmentRecord, hopLimit: number): number {
  const deltas = [rst, ...rst.copies].map(r => r.hopLimit - hopLimit)
  return deltas.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a))
}

function hostDelta(view: ResetView, rst: SegmentRecord): number | undefined {
  const address = view.connection[view.sender.side].address
  const profile = view.world.host(address)
  const noted =
    profile?.hopLimits.filter(h => h.kind === 'syn-ack' || h.kind === 'fin' || h.kind === 'syn') ?? []
  const others = noted.length > 0 ? noted : hopLimitsOf(view.world, address)
  if (others.length === 0) return undefined
  const nearest = others.reduce((a, b) =>
    Math.abs(rst.hopLimit - b.value) < Math.abs(rst.hopLimit - a.value) ? b : a,
  )
  return rst.hopLimit - nearest.value
}

function ipIdClass(
  rst: SegmentRecord,
  own: SegmentRecord[],
  view: ResetView,
  answered: SegmentRecord | undefined,
): Fingerprint['ipId'] {
  if (rst.ipId < 0) return undefined
  const counted = own.filter(r => r.ipId >= 0)
  const last = counted.at(-1)
  const step = last && (rst.ipId - last.ipId) & 0xffff
  if (step !== undefined && last!.ipId !== 0 && step >= 1 && step <= IP_ID_STEP) return 'continues'
  if (rst.ipId === 0) return 'zero'
  const echoed = answered ?? view.peer.records.findLast(r => r.timeNs <= rst.timeNs)
  if (echoed && echoed.ipId === rst.ipId && step !== 0) return 'echo'
  // After nothing but a SYN-ACK (whose ID is 0 on Linux) any first number of the counter is fine.
  if (last === undefined || counted.every(r => r.ipId === 0)) return undefined
  // Out-of-order by a few, or a host-wide counter seen through many connections, still moves forward a little.
  return step !== undefined && (step <= 1024 || step >= 0xffc0) ? undefined : 'elsewhere'
}

function timestampsMissing(view: ResetView, rst: SegmentRecord, own: SegmentRecord[]): boolean | undefined {
  if (!hasAck(rst) || rst.seq === 0) return undefined
  const established = own.filter(r => !(r.flags & SYN))
  if (established.length === 0) return undefined
  if (view.sender.state.timestamps !== true || established.some(r => r.tsVal === undefined)) return undefined
  return rst.tsVal === undefined
}

function timestampsContinue(
  rst: SegmentRecord,
  own: SegmentRecord[],
  peers: SegmentRecord[],
): boolean | undefined {
  if (rst.tsVal === undefined) return undefined
  const last = own.findLast(r => r.tsVal !== undefined)
  if (!last) return undefined
  const echoed = peers.some(r => r.tsVal === rst.tsEcr) || rst.tsEcr === last.tsEcr
  return echoed && distance(rst.tsVal, last.tsVal!) >= 0
}

function flowLabelSame(rst: SegmentRecord, own: SegmentRecord[]): boolean | undefined {
  const labels = own.filter(r => r.flowLabel > 0)
  if (rst.flowLabel < 0 || labels.length === 0) return undefined
  return labels.some(r => r.flowLabel === rst.flowLabel)
}

function macDiffers(rst: SegmentRecord, view: ResetView): boolean | undefined {
  const own = view.connection.segments.filter(r => r.from === rst.from && !isRst(r) && r.mac >= 0)
  // Recorded on several interfaces, each copy bears the address of its own link.
  if (rst.mac < 0 || own.length < 2 || view.connection.copies > 0) return undefined
  return own.every(r => r.mac !== rst.mac)
}

/** Bytes by which RST.seq lies above the sender's next sequence number; undefined when it does not, or data fills the gap afterwards. */
function aboveNext(view: ResetView, rst: SegmentRecord): number | undefined {
  const next = view.sender.nextSeq
  if (next === undefined) return undefined
  const gap = distance(rst.seq, next)
  if (gap <= 0 || gap > 2 ** 30) return undefined
  const filled = view.after.some(
    r => r.from === rst.from && r.payloadBytes > 0 && distance(endOf(r), rst.seq) === 0,
  )
  const taken = view.peer.records.some(r => hasAck(r) && r.ack === rst.seq)
  return filled || taken ? undefined : gap
}

/**
 * NDSS 2009, DATA_SEQ_RST. A bare RST answers and may be older; the RST+ACK of a socket bears SND.NXT, less only where the peer's window had shrunk
 * (Linux tcp_acceptable_seq).
 */
function belowNext(view: ResetView, rst: SegmentRecord): number | undefined {
  const { nextSeq, lastData, fin, syn } = view.sender
  if (!hasAck(rst) || rst.seq === 0 || nextSeq === undefined || lastData === undefined || fin)
    return undefined
  const bytes = distance(nextSeq, rst.seq)
  const shrunk = view.peer.records.some(r => hasAck(r) && r.window === 0)
  if (bytes <= 1 || bytes > 2 ** 24 || shrunk || (syn && distance(rst.seq, syn.seq) <= 0)) return undefined
  return bytes
}

/** Windows end at 1 GiB (RFC 7323 §2.3), and hosts offer some megabytes. */
const FOREIGN_BYTES = 2 ** 26

function foreignNumber(view: ResetView, rst: SegmentRecord): number | undefined {
  const { nextSeq, syn, lastData } = view.sender
  if (!hasAck(rst) || rst.seq === 0 || syn === undefined || nextSeq === undefined || lastData === undefined)
    return undefined
  const bytes = Math.abs(distance(rst.seq, nextSeq))
  return bytes > FOREIGN_BYTES ? bytes : undefined
}

/**
 * A reply cannot know of a packet that has not reached its sender yet: what an RST acknowledges (or takes its number from) must be older than
 * the round trip between the capture point and that sender. Both times are measured at the capture point.
 */
function youth(
  view: ResetView,
  rst: SegmentRecord,
): Pick<Fingerprint, 'youngestAnsweredMs' | 'lateAnswerPossible' | 'roundTripMs' | 'roundTripSamples'> {
  const { ns, samples } = view.senderPath
  const roundTripMs = ns === undefined ? undefined : ns / 1e6
  const peers = view.peer.records.filter(r => r.timeNs <= rst.timeNs)
  if (rst.flags & ACK) {
    // The oldest segment that reaches up to the acknowledged number: the RST cannot have been sent before it arrived.
    const reached = peers.find(
      r =>
        r.payloadBytes + (r.flags & 3 ? 1 : 0) > 0 &&
        distance(endOf(r), rst.ack) >= 0 &&
        distance(rst.ack, r.seq) > 0,
    )
    return {
      youngestAnsweredMs: reached && rst.ack !== 0 ? msBetween(rst, reached) : undefined,
      lateAnswerPossible: false,
      roundTripMs,
      roundTripSamples: samples,
    }
  }
  // Every segment with this ACK may be the answered one: only if none of them stands one round trip before is the newest suspect.
  const ages = peers.filter(r => hasAck(r) && r.ack === rst.seq).map(r => msBetween(rst, r))
  const plausible =
    roundTripMs === undefined
      ? undefined
      : ages.find(age => age >= roundTripMs * CERTAIN_SHARE && age <= latestAnswerMs(roundTripMs))
  const older = ages.some(age => roundTripMs !== undefined && age > latestAnswerMs(roundTripMs))
  return {
    youngestAnsweredMs: plausible ?? ages.at(-1),
    lateAnswerPossible: older && !woken(view, rst),
    roundTripMs,
    roundTripSamples: samples,
  }
}

/** A stack answers at once: one round trip, doubled or plus a tenth of a second where the path or the host was busy. */
export function latestAnswerMs(roundTripMs: number): number {
  return roundTripMs + Math.max(roundTripMs, 100)
}

const LONG_SILENCE_MS = 1000

/** The newest segment ended a long silence: nothing older can be what is answered. */
function woken(view: ResetView, rst: SegmentRecord): boolean {
  const last = view.before.at(-1)
  const previous = view.before.at(-2)
  return (
    last !== undefined &&
    previous !== undefined &&
    last.from !== rst.from &&
    msBetween(last, previous) >= LONG_SILENCE_MS
  )
}
