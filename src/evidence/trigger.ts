/**
 * The first fork of every judgement: did a socket reset itself (active), or did a stack answer a segment (passive), and which one?
 * RFC 9293 §3.5.2: an answer takes SEQ from the offending segment's ACK field; if that segment had no ACK (a SYN), it is RST+ACK with SEQ 0.
 */
import { CERTAIN_SHARE } from './paths.js'
import type { SegmentRecord } from '../model.js'
import { distance, endOf, FIN, hasAck, msBetween, type ResetView, SYN } from './view.js'

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
  const { first } = view
  const syn = answeredSyn(view)
  if (syn !== undefined)
    return {
      record: syn.record,
      kind: 'syn',
      delayMs: syn.record && msBetween(first, syn.record),
      active: false,
    }
  const late = answeredByClosedSocket(view)
  if (late) return { record: late, kind: 'data', delayMs: msBetween(first, late), active: false }
  if (hasAck(first)) return { record: undefined, kind: undefined, delayMs: undefined, active: true }
  const record = answeredSegment(view)
  if (record) return { record, kind: kindOf(record), delayMs: msBetween(first, record), active: false }
  return { record: undefined, kind: undefined, delayMs: undefined, active: undefined }
}

/** The SYN a reset answers; an empty object when it must be one that was not captured. */
function answeredSyn(view: ResetView): { record: SegmentRecord | undefined } | undefined {
  const { first, peer, sender } = view
  const ownTraffic = sender.records.some(r => !(r.flags & SYN))
  if (hasAck(first) && !ownTraffic) {
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
      (responseNs < MEASURABLE_NS || first.timeNs - r.timeNs >= responseNs * CERTAIN_SHARE) &&
      msBetween(first, r) <= responseNs / 1e6 + CLOSED_SOCKET_MS,
  )
}

/** Below this a response time is the host's own scheduling. */
const MEASURABLE_NS = 3e6

/** A stack needs no application for its answer; the margin covers a busy host. */
const CLOSED_SOCKET_MS = 100

/**
 * The peer's segment whose ACK field the reset took its sequence number from. Data and FIN may cross, so the answered one need not be the
 * peer's last; of several candidates the newest that is old enough for the path is taken.
 */
function answeredSegment(view: ResetView): SegmentRecord | undefined {
  const { first, peer } = view
  const earliestNs = first.timeNs - LONGEST_REPLY_MS * 1e6
  const candidates = peer.records.filter(r => hasAck(r) && r.ack === first.seq && r.timeNs >= earliestNs)
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
