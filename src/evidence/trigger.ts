/**
 * The first fork of every judgement: did a socket reset itself (active), or did a stack answer a segment (passive), and which one?
 * RFC 9293 §3.5.2: an answer takes SEQ from the offending segment's ACK field; if that segment had no ACK (a SYN), it is RST+ACK with SEQ 0.
 */
import { CERTAIN_SHARE } from './paths.js'
import type { SegmentRecord } from '../model.js'
import { isForeignStack, linuxStack } from './stack.js'
import { hopsOf } from './timing.js'
import { distance, endOf, FIN, hasAck, isRst, msBetween, type ResetView, SYN } from './view.js'

export type TriggerKind = 'syn' | 'syn-ack' | 'data' | 'fin' | 'probe' | 'ack'

export interface Trigger {
  /** The segment the reset answers; undefined when it was not captured or the reset answers nothing visible. */
  record: SegmentRecord | undefined
  kind: TriggerKind | undefined
  delayMs: number | undefined
  /** True: a socket reset itself. False: a stack answered a segment. Undefined: cannot be told. */
  active: boolean | undefined
}

/** A reply later than this after its supposed trigger is no reply: the longest terrestrial and satellite round trips stay below (RFC 6298 §2.1 starts at 1 s). */
const LONGEST_REPLY_MS = 3000

export function findTrigger(view: ResetView): Trigger {
  view.trigger ??= triggerOf(view)
  return view.trigger
}

function triggerOf(view: ResetView): Trigger {
  const { first } = view
  const syn = answeredSyn(view)
  if (syn !== undefined)
    return {
      record: syn.record,
      kind: 'syn',
      delayMs: syn.record && msBetween(first, syn.record),
      active: false,
    }
  if (answersUnseenSynAck(view))
    return { record: undefined, kind: 'syn-ack', delayMs: undefined, active: false }
  const challenge = answeredWhileConnecting(view)
  if (challenge)
    return { record: challenge, kind: kindOf(challenge), delayMs: msBetween(first, challenge), active: false }
  const late = answeredByClosedSocket(view)
  if (late) return { record: late, kind: 'data', delayMs: msBetween(first, late), active: false }
  if (hasAck(first)) return { record: undefined, kind: undefined, delayMs: undefined, active: true }
  const record = answeredSegment(view)
  if (record) {
    const active = mayHaveAborted(view, record) ? undefined : false
    return { record, kind: kindOf(record), delayMs: msBetween(first, record), active }
  }
  const aborted = abortedWithoutAck(view) || undefined
  return { record: undefined, kind: undefined, delayMs: undefined, active: aborted }
}

/** The SYN a reset answers; an empty object when it must be one that was not captured. */
function answeredSyn(view: ResetView): { record: SegmentRecord | undefined } | undefined {
  const { first, peer, sender } = view
  const ownTraffic = sender.records.some(r => !(r.flags & SYN))
  // An ACK of the client shows that it had got a SYN-ACK.
  const answered = first.seq !== 0 && peer.records.some(r => !(r.flags & SYN) && r.ack === first.seq)
  if (hasAck(first) && !ownTraffic && !answered) {
    const syn = peer.records.findLast(
      r => r.flags & SYN && !hasAck(r) && (first.ack === endOf(r) || first.ack === (r.seq + 1) >>> 0),
    )
    if (syn && (first.seq === 0 || sender.syn === undefined)) return { record: syn }
  }
  // Sequence number 0 with ACK is what a stack gives a segment without ACK, that is a SYN.
  if (
    hasAck(first) &&
    first.seq === 0 &&
    !ownTraffic &&
    sender.syn === undefined &&
    !peer.records.some(hasAck)
  ) {
    return { record: undefined }
  }
  // Some devices answer a SYN by a bare RST.
  if (
    !hasAck(first) &&
    sender.records.length === 0 &&
    peer.records.length > 0 &&
    peer.records.every(isPlainSyn)
  ) {
    return { record: peer.records.at(-1) }
  }
  return undefined
}

/** A client that has sent nothing but its SYN takes the number of a bare RST from a SYN-ACK; no socket resets itself in SYN-SENT (RFC 9293 §3.10.5). */
function answersUnseenSynAck({ first, sender, peer }: ResetView): boolean {
  const { syn } = sender
  if (hasAck(first) || syn === undefined || peer.records.length > 0 || !sender.records.every(isPlainSyn))
    return false
  return first.seq === endOf(syn)
}

function isPlainSyn(r: SegmentRecord): boolean {
  return (r.flags & SYN) !== 0 && !hasAck(r)
}

/**
 * Windows answers data that arrives after close by RST+ACK with window 0, acknowledging that data (EVIDENCE-public: 598 of 619 of its RST+ACK
 * bear window 0; a live Linux socket announces its window).
 */
function answeredByClosedSocket({ first, peer, sender, senderPath }: ResetView): SegmentRecord | undefined {
  const { fin, last } = sender
  if (!hasAck(first) || first.window !== 0 || first.tsVal !== undefined) return undefined
  if (fin === undefined || last === undefined || last.window === 0) return undefined
  const responseNs = senderPath.ns ?? 0
  return peer.records.findLast(
    r =>
      r.payloadBytes > 0 &&
      endOf(r) === first.ack &&
      r.timeNs > fin.timeNs &&
      (responseNs < MEASURABLE_NS ||
        hopsOf(first.hopLimit) === 0 ||
        first.timeNs - r.timeNs >= responseNs * CERTAIN_SHARE) &&
      msBetween(first, r) <= responseNs / 1e6 + CLOSED_SOCKET_MS,
  )
}

/**
 * A client whose SYN met an old connection (challenge ACK, RFC 5961 §4) denies it by a bare RST (RFC 9293 §3.10.7.3); lwIP adds an acknowledgement of
 * what it denies (tcp_in.c, SYN_SENT). No socket resets itself at the number of an ACK for something that it has not sent.
 */
function answeredWhileConnecting({ first, peer, sender }: ResetView): SegmentRecord | undefined {
  const { syn } = sender
  if (!hasAck(first) || syn === undefined || !sender.records.every(isPlainSyn)) return undefined
  const denied = (r: SegmentRecord) => (r.flags & SYN) === 0 && hasAck(r) && r.ack === first.seq
  return peer.records.findLast(r => denied(r) && first.ack === endOf(r) && first.seq !== endOf(syn))
}

/** Below this a response time is the host's own scheduling. */
const MEASURABLE_NS = 3e6

/** A stack needs no application for its answer; the margin covers a busy host. */
const CLOSED_SOCKET_MS = 100

/** A live socket took this segment of the peer: it acknowledged it, or sent something a round trip after it. No stack denies the connection for it. */
function takenAlive({ sender, senderPath }: ResetView, r: SegmentRecord): boolean {
  const occupies = r.payloadBytes > 0 || (r.flags & (SYN | FIN)) !== 0
  return sender.records.some(p => {
    if (p.timeNs <= r.timeNs) return false
    if (occupies) return hasAck(p) && distance(p.ack, endOf(r)) >= 0
    return senderPath.ns !== undefined && p.timeNs - r.timeNs >= senderPath.ns * CERTAIN_SHARE
  })
}

/**
 * ABORT as RFC 9293 §3.10.5 has it: <SEQ=SND.NXT><CTL=RST>, without ACK (iOS drops the sockets of a suspended app like this). Linux never does:
 * its sockets reset themselves by RST+ACK.
 */
function abortedWithoutAck(view: ResetView): boolean {
  const { first, sender, peer } = view
  if (sender.last === undefined || sender.nextSeq !== first.seq || isLinux(view)) return false
  const answerable = peer.records.filter(r => msBetween(first, r) <= LONGEST_REPLY_MS)
  return peer.records.length > 0 && answerable.every(r => takenAlive(view, r))
}

/** The shortest default idle timers in use take 2 s (gunicorn `keepalive`): before that no timer has ended the socket. */
const ALIVE_MS = 2000

/**
 * A bare RST whose number fits the peer's segment fits the sender's own SND.NXT as well: a stack without a socket, or ABORT as RFC 9293 §3.10.5 has it
 * (Windows 9x, NetScaler, small stacks). Where the sender had just been alive, had not closed and had heard all, its socket was most likely still there.
 */
function mayHaveAborted(view: ResetView, answered: SegmentRecord): boolean {
  const { first, sender, peer, before } = view
  if (sender.last === undefined || sender.nextSeq !== first.seq || sender.fin || peer.fin) return false
  // Windows repeats the number in the ACK field of its answers (p0f's quirk Q), and aborts by RST+ACK.
  if (answered.kind !== 'data' || first.ack !== 0 || before.some(isRst)) return false
  if (msBetween(answered, sender.last) > ALIVE_MS || !foreignStack(view)) return false
  return !peer.records.some(r => r.kind === 'retransmission' && r.timeNs >= sender.last!.timeNs)
}

function foreignStack({ world, connection, sender }: ResetView): boolean {
  return isForeignStack(world, connection, sender.side, sender.records)
}

function isLinux({ world, connection, sender }: ResetView): boolean {
  return linuxStack(world, connection, sender.side, sender.records)
}

/**
 * The peer's segment whose ACK field the reset took its sequence number from. Data and FIN may cross, so the answered one need not be the
 * peer's last; of several candidates the newest that is old enough for the path is taken.
 */
function answeredSegment(view: ResetView): SegmentRecord | undefined {
  const { first, peer } = view
  const earliestNs = first.timeNs - LONGEST_REPLY_MS * 1e6
  const linux = isLinux(view)
  const candidates = peer.records.filter(
    r => hasAck(r) && r.ack === first.seq && r.timeNs >= earliestNs && (linux || !takenAlive(view, r)),
  )
  if (candidates.length === 0) return undefined
  const response = view.senderPath.ns
  if (response === undefined) return candidates.at(-1)
  const oldEnough = candidates.findLast(r => first.timeNs - r.timeNs >= response * CERTAIN_SHARE)
  return oldEnough ?? candidates.at(-1)
}

function kindOf(r: SegmentRecord): TriggerKind {
  if (r.flags & SYN) return 'syn-ack'
  if (r.kind === 'keepalive-probe' || r.kind === 'zero-window-probe') return 'probe'
  if (r.payloadBytes > 0) return 'data'
  return r.flags & FIN ? 'fin' : 'ack'
}

/** How far the reset's sequence number lies from the sender's next one: 0 = exactly there, negative = behind; undefined when that is unknown. */
export function seqOffset(view: ResetView, rst: SegmentRecord = view.first): number | undefined {
  const next = view.sender.nextSeq
  return next === undefined ? undefined : distance(rst.seq, next)
}
