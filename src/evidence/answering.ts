/** Active or passive, and what a passive reset answers: the first fork of every judgement, as facts. */
import type { Origin, SegmentRecord } from '../model.js'
import { linuxSender } from './fingerprint.js'
import { handshakeDone } from './handshake.js'
import { seqOffset, type Trigger } from './trigger.js'
import { distance, hasAck, msBetween, type ResetView, SYN } from './view.js'

export function triggerFacts(view: ResetView, trigger: Trigger, origin: Origin) {
  const record = trigger.record
  return {
    active: activeOf(view, trigger, origin),
    trigger: trigger.kind,
    triggerDelayMs: trigger.delayMs,
    triggerStartsMessage: record?.payloadBytes ? record.startsMessage : undefined,
    triggerAckUnacceptable: record ? ackUnacceptable(view, record) : undefined,
    seqOffsetBytes: seqOffset(view),
    flowLabelKept: flowLabelKept(view, trigger),
    finUnseen: finUnseen(view, trigger),
    triggerUnseen: triggerUnseen(view, trigger),
    rstFrames: view.rsts.reduce((sum, r) => sum + 1 + r.copies.length, 0),
    distinctSeqs: new Set(view.rsts.map(r => r.seq)).size,
    rstMoments: view.rsts.filter((r, i) => i === 0 || msBetween(r, view.rsts[i - 1]) > ONE_MOMENT_MS).length,
    resetText: view.rsts.find(r => r.resetText)?.resetText,
    mptcpResetReason: view.rsts.find(r => r.mptcpResetReason !== undefined)?.mptcpResetReason,
  }
}

/** Two recordings of one packet stand closer than that (measured below 0.02 ms). */
const ONE_MOMENT_MS = 0.2

/** Linux sockets reset themselves by RST+ACK only (tcp_send_active_reset): a host's bare RST answers a segment, whether that was captured or not. */
function activeOf(view: ResetView, trigger: Trigger, origin: Origin): boolean | undefined {
  if (trigger.active !== undefined || origin !== 'endpoint' || view.peer.records.length === 0)
    return trigger.active
  return linuxSender(view) ? false : undefined
}

/** Jitter and load: measured replies came within 300 ms of the round trip. */
const LATEST_REPLY_MS = 300

/** A reply follows its trigger by one round trip: where all that fits is older, or nothing does, the true one was not captured. */
function triggerUnseen(view: ResetView, trigger: Trigger): boolean {
  if (hasAck(view.first) || trigger.active || trigger.kind === 'syn') return false
  if (trigger.delayMs === undefined) return view.peer.records.length > 0
  return view.senderPath.ns !== undefined && trigger.delayMs > view.senderPath.ns / 1e6 + LATEST_REPLY_MS
}

/**
 * IPv6 only: Linux answers for a socket or TIME-WAIT entry it still holds with that connection's flow label, for one it knows nothing of with
 * another (net/ipv6/tcp_ipv6.c tcp_v6_send_response; measured 5 of 5 and 7 of 7). Undefined where nothing can be compared, where hosts set no
 * labels, and where the reset merely reflects the label of what it answers (sysctl flowlabel_reflect).
 */
function flowLabelKept({ sender, first }: ResetView, trigger: Trigger): boolean | undefined {
  const own = sender.records.findLast(r => !(r.flags & SYN))?.flowLabel
  if (own === undefined || own <= 0 || first.flowLabel <= 0) return undefined
  if (trigger.record?.flowLabel === first.flowLabel) return undefined
  return own === first.flowLabel
}

/** A bare RST one beyond all that was seen of its sender: the peer had acknowledged a FIN that the capture missed. */
function finUnseen(view: ResetView, trigger: Trigger): boolean {
  if (trigger.active || view.sender.fin || view.sender.records.length === 0) return false
  return view.rsts.some(r => !hasAck(r) && seqOffset(view, r) === 1)
}

/** RFC 9293 §3.10.7.4: an ACK is acceptable between SND.UNA and SND.NXT. Far below is an old connection's, above was never sent. */
function ackUnacceptable(view: ResetView, record: SegmentRecord): boolean | undefined {
  const next = view.sender.nextSeq
  if (next === undefined || !hasAck(record)) return undefined
  const syn = view.sender.syn
  const ahead = distance(record.ack, next)
  // On an established connection a little more than was seen is what the capture lost.
  if (ahead > 0)
    return ahead < 65_536 && handshakeDone(view) !== false && view.sender.records.some(r => !(r.flags & SYN))
      ? undefined
      : true
  return syn !== undefined && distance(record.ack, syn.seq) <= 0
}
