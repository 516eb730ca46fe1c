/**
 * A capture shows what passed one point, not what the other host received. A sender that goes on probing or repeating itself although the answer is
 * in view never got that answer: it was lost behind the capture point. What follows from silence (RFC 9293 §3.8.1, §3.8.4) follows from this as well.
 */
import type { SegmentRecord } from '../model.js'
import { distance, endOf, FIN, hasAck, msBetween, type ResetView, SYN } from './view.js'

/** An answer older than this had arrived if it ever did; within it, it may still have been on the way (delayed or queued). */
const ARRIVAL_MS = 100
const ROUND_TRIPS = 2

/** Probes of one run come at one interval (net/ipv4/tcp_timer.c tcp_keepalive_timer); timers of a busy host are late by a little. */
const SAME_INTERVAL = 0.2

/**
 * Linux, BSD and Windows probe again after the whole idle time once an answer has come (tcp_keepalive_timer: keepalive_time_when - elapsed),
 * after the much shorter interval when none did.
 */
const IDLE_TO_INTERVAL = 1.5

const NONE: readonly SegmentRecord[] = []

/**
 * The peer's packets that are in the capture and never reached the reset's sender, oldest first: from the first one it shows not to know on.
 * @param answered what a passive reset answers: that one did arrive
 */
export function unheardOf(view: ResetView, answered: SegmentRecord | undefined): readonly SegmentRecord[] {
  const repeats = lastRepeats(view)
  if (repeats.length < 2) return NONE
  const since = firstUnheard(view, repeats, answered)
  if (since === undefined) return NONE
  return view.peer.records.filter(r => r !== answered && r.timeNs >= since.timeNs)
}

/** What the sender said since it last said anything new: probes and retransmissions; empty as soon as one of its words was an ordinary one. */
function lastRepeats({ sender }: ResetView): SegmentRecord[] {
  const fresh = sender.records.findLastIndex(r => r.newBytes > 0 || (r.flags & SYN) !== 0 || freshFin(r))
  return sender.records.slice(fresh + 1).filter(isRepeat)
}

function freshFin(r: SegmentRecord): boolean {
  return (r.flags & FIN) !== 0 && r.kind !== 'retransmission'
}

function isRepeat(r: SegmentRecord): boolean {
  return r.kind === 'keepalive-probe' || r.kind === 'retransmission'
}

function firstUnheard(
  view: ResetView,
  repeats: SegmentRecord[],
  answered: SegmentRecord | undefined,
): SegmentRecord | undefined {
  const last = answered ? [] : [view.first]
  const ignored = [...repeats, ...last].map(s => ignoredBy(view, s, answered)).filter(p => p !== undefined)
  // One may have met its answer on the way.
  if (ignored.length < 2) return undefined
  const echo = [...repeats, ...last].findLast(r => r.tsEcr !== undefined)?.tsEcr
  const stamped = echo !== undefined && ignored.every(p => p.tsVal !== undefined)
  // RFC 7323 §4.3: an answer that arrives is echoed from then on.
  if (stamped && ignored.some(p => distance(echo, p.tsVal!) >= 0)) return undefined
  if (repeats.some(r => r.kind === 'keepalive-probe') && !keptProbing(view, repeats, stamped))
    return undefined
  return ignored.reduce((a, b) => (b.timeNs < a.timeNs ? b : a))
}

/** The first packet of the peer that should have made this repetition needless, had it arrived. */
function ignoredBy(
  { sender, peer, senderPath }: ResetView,
  repeat: SegmentRecord,
  answered: SegmentRecord | undefined,
): SegmentRecord | undefined {
  const arrivedBy = Math.max(ARRIVAL_MS, (ROUND_TRIPS * (senderPath.ns ?? 0)) / 1e6)
  const previous = sender.records.findLast(r => r.timeNs < repeat.timeNs)
  return peer.records.find(p => {
    if (p === answered || !hasAck(p) || p.window === 0 || msBetween(repeat, p) < arrivedBy) return false
    if (repeat.kind === 'retransmission') return distance(p.ack, endOf(repeat)) >= 0
    return previous?.kind === 'keepalive-probe' && p.timeNs >= previous.timeNs
  })
}

/**
 * Probes of one interval, and the reset one interval later. That nothing was heard shows in the echoed timestamps, or in a silence before them that
 * is longer than their interval.
 */
function keptProbing({ before, first }: ResetView, probes: SegmentRecord[], stamped: boolean): boolean {
  if (probes.length < 2 || probes.some(r => r.kind !== 'keepalive-probe')) return false
  const gaps = [...probes.slice(1), first].map((r, i) => msBetween(r, probes[i]))
  const interval = Math.min(...gaps)
  if (Math.max(...gaps) > interval * (1 + SAME_INTERVAL)) return false
  const previous = before[before.indexOf(probes[0]) - 1]
  return stamped || (previous !== undefined && msBetween(probes[0], previous) >= interval * IDLE_TO_INTERVAL)
}
