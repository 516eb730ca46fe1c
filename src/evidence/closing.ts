/** Who closed first, and what crossed or ignored that FIN. */
import type { SegmentRecord } from '../model.js'
import type { Facts } from './facts.js'
import { GOODBYE_BYTES } from './goodbye.js'
import { TOGETHER_MS } from './timing.js'
import { distance, endOf, hasAck, isRst, msBetween, type ResetView } from './view.js'

type Closing = Pick<
  Facts,
  | 'senderFinMs'
  | 'peerFinMs'
  | 'peerFinUntaken'
  | 'peerClosedFirst'
  | 'silenceBeforeFinMs'
  | 'dataAfterFinMs'
  | 'dataAfterFinBytes'
  | 'dataAfterFinStartsMessage'
  | 'dataAfterFinIsGoodbye'
  | 'finWithReset'
  | 'answerDueAtFin'
  | 'gaveUpWaiting'
>

/** @param unreadable the protocol is not known (headers only, as a rule) */
export function closingFacts(
  view: ResetView,
  encrypted: boolean,
  unreadable: boolean,
): { facts: Closing; frames: number[]; dataFrames: number[] } {
  const { sender, peer, first } = view
  const { fin } = sender
  const met = fin ? meeting(view, fin) : []
  const firstMet = met[0]
  return {
    facts: {
      senderFinMs: fin && msBetween(first, fin),
      peerFinMs: peer.fin && msBetween(first, peer.fin),
      peerFinUntaken: finUntaken(view),
      peerClosedFirst: peer.fin ? fin === undefined || peer.fin.timeNs < fin.timeNs : fin ? false : undefined,
      silenceBeforeFinMs: fin && gapBefore(view, fin, met),
      dataAfterFinMs: fin && firstMet ? msBetween(firstMet, fin) : undefined,
      dataAfterFinBytes: fin ? met.reduce((sum, r) => sum + beyond(fin, r), 0) : 0,
      dataAfterFinStartsMessage: fin && firstMet && startsAfter(fin, firstMet),
      dataAfterFinIsGoodbye:
        firstMet && (encrypted || (unreadable && closedWith(view, met)))
          ? met.every(r => r.payloadBytes <= GOODBYE_BYTES) && total(met) <= 2 * GOODBYE_BYTES
          : false,
      answerDueAtFin: fin && !encrypted ? answerDue(view, fin, met) : undefined,
      gaveUpWaiting: fin !== undefined && !encrypted && waitedInVain(view, fin, met),
      finWithReset: fin !== undefined && msBetween(first, fin) <= TOGETHER_MS && metNothing(met, first),
    },
    frames: fin ? [fin.frame] : [],
    dataFrames: met.slice(0, 3).map(r => r.frame),
  }
}

/**
 * The peer's FIN lies behind a hole: what the sender acknowledged when it had come, the reset included, does not reach up to it (RFC 9293 §3.10.7.4: in
 * order only). Acknowledgements that crossed the FIN tell nothing.
 */
function finUntaken({ peer, sender, senderPath, first }: ResetView): boolean {
  const { fin } = peer
  if (fin === undefined) return false
  const end = (fin.seq + fin.payloadBytes) >>> 0
  const reaches = (r: SegmentRecord) => hasAck(r) && distance(r.ack, end) >= 0
  const answers = sender.records.filter(r => hasAck(r) && r.timeNs - fin.timeNs >= (senderPath.ns ?? 0))
  return answers.length > 0 && !sender.records.some(reaches) && !reaches(first)
}

/** The peer had spoken last before the FIN, what met the FIN left out: what it had said was never answered. */
function answerDue(view: ResetView, fin: SegmentRecord, met: SegmentRecord[]): boolean {
  const last = view.before.findLast(r => r.newBytes > 0 && r.timeNs <= fin.timeNs && !met.includes(r))
  return last?.from === view.peer.side
}

/** A program that has all it wants closes at once; one that asked and closes later than this had waited for an answer. */
const WAITED_MS = 500

/** The sender's own words came last before its FIN, and long before it: nobody had answered them. */
function waitedInVain(view: ResetView, fin: SegmentRecord, met: SegmentRecord[]): boolean {
  const last = view.before.findLast(r => r.newBytes > 0 && r.timeNs <= fin.timeNs && !met.includes(r))
  return last !== undefined && last.from === view.sender.side && msBetween(fin, last) >= WAITED_MS
}

/** The client closed as it said that: whoever wants an answer does not. */
function closedWith({ peer }: ResetView, met: SegmentRecord[]): boolean {
  const [last, ...more] = met
  const fresh = more.length === 0 && last.newBytes > 0 && last.kind !== 'retransmission'
  return fresh && peer.side === 'client' && peer.fin !== undefined && msBetween(peer.fin, last) <= TOGETHER_MS
}

function total(records: SegmentRecord[]): number {
  return records.reduce((sum, r) => sum + r.payloadBytes, 0)
}

function metNothing(met: SegmentRecord[], first: SegmentRecord): boolean {
  return met.every(r => r.timeNs >= first.timeNs)
}

/** The peer's payload that the sender, having closed, had not acknowledged by its FIN: it crossed or ignored the FIN. */
function meeting(view: ResetView, fin: SegmentRecord): SegmentRecord[] {
  const acked = fin.ack
  return view.peer.records.filter(r => {
    if (r.payloadBytes === 0 || r.kind === 'keepalive-probe') return false
    if (hasAck(fin) && distance(endOf(r), acked) <= 0) return false
    return r.timeNs > fin.timeNs || distance(r.ack, endOf(fin)) < 0
  })
}

/**
 * Payload of `r` that the FIN had not acknowledged. Captured on the sending host before the network card cuts it (segmentation offload), one
 * segment may have been read in part.
 */
function beyond(fin: SegmentRecord, r: SegmentRecord): number {
  return hasAck(fin)
    ? Math.min(r.payloadBytes, distance((r.seq + r.payloadBytes) >>> 0, fin.ack))
    : r.payloadBytes
}

/** What was read in part before the FIN begins no message behind it. */
function startsAfter(fin: SegmentRecord, r: SegmentRecord): boolean | undefined {
  return beyond(fin, r) < r.payloadBytes ? false : r.startsMessage
}

/** Data that crossed the FIN had not reached its sender: it did not end the silence. */
function gapBefore(view: ResetView, record: SegmentRecord, crossing: SegmentRecord[]): number | undefined {
  const earlier = view.before
    .slice(0, view.before.indexOf(record))
    .filter(r => !isRst(r) && !crossing.includes(r))
  let closing = record
  while (earlier.length > 0 && partOfClosing(earlier.at(-1)!, closing)) closing = earlier.pop()!
  const previous = earlier.at(-1)
  return previous && msBetween(closing, previous)
}

/** A goodbye right before the FIN (close_notify, QUIT's answer) and its acknowledgement belong to the close, not to the traffic before it. */
function partOfClosing(r: SegmentRecord, next: SegmentRecord): boolean {
  const small =
    r.payloadBytes <= GOODBYE_BYTES &&
    (r.payloadBytes > 0 ? r.from === next.from || next.payloadBytes === 0 : true)
  return small && msBetween(next, r) <= CLOSING_MS && (r.payloadBytes === 0 ? r.kind === 'ack' : true)
}

/** One close() call, its goodbye and FIN, seen with the acknowledgement in between. */
const CLOSING_MS = 20
