/** Facts of one reset that its own connection tells. What other connections add stands in cross.ts. */
import type { SegmentRecord } from '../model.js'
import { triggerFacts } from './answering.js'
import { applicationAt, exchangeFacts } from './exchange.js'
import { closingFacts } from './closing.js'
import { combine } from './combine.js'
import type { FactName, Facts, FactSheet } from './facts.js'
import { linuxSender } from './fingerprint.js'
import { framesOf } from './frames.js'
import { goodbyeOf } from './goodbye.js'
import { handshakeDone, handshakeOddities } from './handshake.js'
import { measureNumbers } from './numbers.js'
import { findProbePatterns, type ProbePatterns } from './probes.js'
import { leakBehind } from './leaks.js'
import { reactionFacts } from './reaction.js'
import type { ResetGroup } from './resets.js'
import { dataSilenceMs, responseTimes, silenceBefore } from './timing.js'
import { paused, turnFacts } from './turns.js'
import { findTrigger, type Trigger } from './trigger.js'
import { unheardOf } from './unheard.js'
import { unseenBefore, unseenTurn } from './unseen.js'
import { distance, endOf, hasAck, isRst, leftBefore, msBetween, type ResetView, SYN } from './view.js'

/** Facts that only other connections can give. */
export const CROSS_FACTS = [
  'survivedSilenceMs',
  'sameSilenceCount',
  'sameAgeCount',
  'resetBeforeId',
  'burstCount',
  'burstSpanMs',
  'refusalsAfter',
  'portRefuses',
  'nextAcceptMs',
  'acceptedBefore',
  'forgottenCount',
  'forgottenSilenceMs',
  'forgetfulHosts',
  'sourceListeners',
  'sourceHosts',
  'sourcePorts',
  'sourceRefused',
  'sourceSilent',
  'sourceSyns',
  'samePortListeners',
  'sourceRate',
  'probeCount',
  'probePeriodMs',
  'probeJitter',
  'retrySucceeded',
  'retryMs',
  'raceWon',
  'resetBeforeForged',
  'forgedBefore',
] as const satisfies FactName[]

export type CrossFacts = Pick<Facts, (typeof CROSS_FACTS)[number]>

export type LocalFacts = Omit<Facts, keyof CrossFacts>

export interface LocalSheet {
  facts: LocalFacts
  /** Which frames show which fact: asked only for what is told. */
  frames: () => FactSheet['frames']
  trigger: Trigger
}

export function localFacts(group: ResetGroup): LocalSheet {
  const { view } = group
  const trigger = findTrigger(view)
  const application = applicationAt(view.connection, view.first)
  const encrypted = application.protocol === 'tls'
  const goodbye = goodbyeOf(view, application)
  const closing = closingFacts(view, encrypted, application.protocol === null)
  const unheard = unheardOf(view, trigger.record)
  const probes = findProbePatterns(view, trigger.record, unheard)
  const time = timeFacts(view, trigger, goodbye)
  const leak = leakBehind(view, trigger)
  const facts: LocalFacts = combine(
    stageFacts(group, goodbye),
    triggerFacts(view, trigger, group.origin.origin),
    time.facts,
    closing.facts,
    numberFacts(view, trigger, unheard, goodbye),
    probeFacts(probes),
    {
      peerRetransmissions: view.peer.records.filter(r => r.kind === 'retransmission' && unacked(r, view))
        .length,
    },
    exchangeFacts(view, group.origin.origin, goodbye),
    otherResets(view, trigger),
    handshakeOddities(view, trigger),
    reactionFacts(view, trigger),
    { kernelReason: undefined, leakedFrom: leak?.from, unheardAnswers: unheard.length || undefined },
  )
  return {
    facts,
    trigger,
    frames: () =>
      framesOf({ view, trigger, closing, probes, time: time.frames, leaked: leak?.frames, unheard }),
  }
}

function probeFacts(probes: ProbePatterns) {
  return {
    keepaliveUnanswered: probes.keepaliveUnanswered.length,
    keepaliveIntervalMs: interval(probes.keepaliveUnanswered),
    windowProbes: probes.windowProbes.length,
    zeroWindowMs: probes.zeroWindowMs,
    retransmissions: probes.retransmissions.length,
    peerSilentMs: probes.peerSilentMs,
    gaveUpSilently: probes.gaveUpSilently,
  }
}

function interval(records: SegmentRecord[]): number | undefined {
  return records.length < 2 ? undefined : msBetween(records.at(-1)!, records.at(-2)!)
}

function unacked(r: SegmentRecord, view: ResetView): boolean {
  return view.sender.ackedTo === undefined || distance(endOf(r), view.sender.ackedTo) > 0
}

function stageFacts({ view, origin }: ResetGroup, goodbye: SegmentRecord | undefined) {
  const { sender, peer, before } = view
  return {
    sender: sender.side,
    rolesCertain: view.connection.rolesCertain,
    forgedProbability: origin.forged,
    origin: origin.origin,
    forgerySuspected: origin.signs.some(s => s.weight >= 1.5),
    orphan: before.length === 0 && view.after.length === 0,
    bothSidesSeen: sender.records.length > 0 && peer.records.length > 0,
    synSeen: before.some(r => r.flags & SYN && !hasAck(r)),
    synAckSeen: before.some(r => r.flags & SYN && hasAck(r)),
    handshakeDone: handshakeDone(view),
    midCapture: !before.some(r => r.flags & SYN),
    payloadSeen: (sender.lastData ?? peer.lastData) !== undefined || unseenBefore(view) > 1,
    senderPayloadBytes: sender.records.reduce((sum, r) => sum + r.newBytes, 0),
    peerPayloadBytes: peer.records.reduce((sum, r) => sum + r.newBytes, 0),
    senderSegments: sender.records.filter(r => !(r.flags & SYN)).length,
    peerPaused: paused(view, peer, sender),
    senderPaused: paused(view, sender, peer),
    ...turnFacts(view, goodbye),
    linuxSender: linuxSender(view),
  }
}

function timeFacts(view: ResetView, trigger: Trigger, goodbye: SegmentRecord | undefined) {
  const silence = silenceBefore(view, trigger, goodbye)
  const response = responseTimes(view)
  const syn = view.before.find(r => r.flags & SYN)
  const { sender, peer, first } = view
  const heard = peer.records.findLast(r => r !== trigger.record)
  return {
    facts: {
      ageMs: syn && msBetween(first, syn),
      silenceMs: silence?.ms,
      // What a bare RST answers, captured or not, came before it.
      silenceEndedByRepeat: silence && silence.to.kind === 'retransmission',
      silenceEndedByReset: silence?.endedByReset && (hasAck(first) || trigger.active === true),
      dataSilenceMs: dataSilenceMs(view, trigger, goodbye),
      sinceSenderPacketMs: sender.last && msBetween(first, sender.last),
      sincePeerPacketMs: heard && msBetween(first, heard),
      senderResponseMs: response.senderMs,
      peerResponseMs: response.peerMs,
      sincePeerDataMs: peer.lastData && msBetween(first, peer.lastData),
      sinceSenderDataMs: sender.lastData && msBetween(first, sender.lastData),
    },
    frames: {
      silenceMs: silence ? [silence.from.frame, silence.to.frame] : [],
      ageMs: syn ? [syn.frame] : [],
    },
  }
}

function numberFacts(
  view: ResetView,
  trigger: Trigger,
  unheard: readonly SegmentRecord[],
  goodbye: SegmentRecord | undefined,
) {
  const numbers = measureNumbers(view, trigger.active, unheard)
  const { sender, peer } = view
  const own =
    goodbye === undefined ? sender.lastData : sender.records.findLast(r => r.newBytes > 0 && r !== goodbye)
  return {
    senderUnackedBytes: numbers.senderUnackedBytes,
    peerUnackedBytes: numbers.peerUnackedBytes,
    peerUnderwayBytes: numbers.peerUnderwayBytes,
    ackOffsetBytes: numbers.ackOffset,
    windowShrunk: numbers.windowShrunk,
    resetWindowRatio: numbers.resetWindowRatio,
    unreadBytes: numbers.unreadBytes,
    peerSpokeLast: unseenTurn(view, trigger) ? undefined : spokeLast(own, peer.lastData),
  }
}

function spokeLast(own: SegmentRecord | undefined, peers: SegmentRecord | undefined): boolean | undefined {
  if (!own && !peers) return undefined
  return (
    peers !== undefined &&
    (own === undefined ||
      peers.timeNs > own.timeNs ||
      (peers.timeNs === own.timeNs && peers.frame > own.frame))
  )
}

/** By the same host, as far as the hop limit tells: a device may stand nearer to the target than the packets it overtakes. */
function sentBefore(a: SegmentRecord, b: SegmentRecord): boolean {
  return (
    a.hopLimit === b.hopLimit &&
    a.from === b.from &&
    (a.timeNs < b.timeNs || (a.timeNs === b.timeNs && a.frame < b.frame))
  )
}

function otherResets(view: ResetView, trigger: Trigger) {
  const { connection, first, sender, peer } = view
  const earlier = connection.segments.filter(
    r => isRst(r) && !view.rsts.includes(r) && r.timeNs <= first.timeNs && r.frame < first.frame,
  )
  const lastRstNs = Math.max(...view.rsts.map(r => r.timeNs))
  const rttNs = (view.senderPath.ns ?? 0) + (view.peerPath.ns ?? 0)
  // A new handshake on the same ports is another connection's beginning.
  const reborn = view.after.find(r => r.flags & SYN && !hasAck(r))?.timeNs ?? Number.POSITIVE_INFINITY
  const later = view.after.filter(r => !isRst(r) && r.timeNs > lastRstNs + rttNs && r.timeNs < reborn)
  const fresh = (r: SegmentRecord) => r.newBytes > 0 || (r.flags & 0x11) === 0x11 || r.kind === 'ack'
  const both =
    later.some(r => r.from === sender.side && fresh(r)) && later.some(r => r.from === peer.side && fresh(r))
  return {
    // What it answers was sent before that reset, and arrived before it; a socket that ended itself had done so before that reset could arrive.
    resetBefore: earlier.some(
      r =>
        r.from === peer.side &&
        !(trigger.record && sentBefore(trigger.record, r)) &&
        !(trigger.active === true && leftBefore(view, first, r)),
    ),
    mirrored: earlier.some(r => r.from === peer.side && msBetween(first, r) <= 1),
    wentOn: both,
  }
}
