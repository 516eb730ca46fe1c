/** Patterns of a sender that waits in vain: keepalive probes, zero-window probes, retransmissions. */
import type { SegmentRecord } from '../model.js'
import { distance, endOf, FIN, hasAck, msBetween, type ResetView, SYN } from './view.js'

export interface ProbePatterns {
  /** Keepalive probes of the sender since the peer's last packet (RFC 9293 §3.8.4). */
  keepaliveUnanswered: SegmentRecord[]
  /** Window probes of the sender while the peer's window was closed (RFC 9293 §3.8.6.1). */
  windowProbes: SegmentRecord[]
  /** How long the peer's window had been closed, up to the reset or the reopening; undefined when it was open at the end. */
  zeroWindowMs: number | undefined
  /** Segments of the sender that repeat what the peer never acknowledged, since the peer last acknowledged anything new. */
  retransmissions: SegmentRecord[]
  /** Time from the peer's last packet to the reset. */
  peerSilentMs: number | undefined
  /** True when the peer spoke again right before a passive reset: the sender had given up silently before (Linux, TCP_USER_TIMEOUT). */
  gaveUpSilently: boolean
}

/** @param unheard packets of the peer that never reached the sender */
export function findProbePatterns(
  view: ResetView,
  trigger: SegmentRecord | undefined,
  unheard: readonly SegmentRecord[],
): ProbePatterns {
  const { sender, peer, first } = view
  // What the peer said last before it was answered by a passive reset does not count: it is the reset's occasion, not an answer to the probes.
  const heard = peer.records.filter(r => r !== trigger && !unheard.includes(r))
  const lastHeard = heard.at(-1)
  const since = (r: SegmentRecord) => lastHeard === undefined || r.timeNs >= lastHeard.timeNs
  const retransmissions = unacknowledgedRepeats(view, heard)
  const probes = sender.records.filter(
    r => (r.kind === 'keepalive-probe' || isUnseenProbe(r, view)) && since(r),
  )
  return {
    keepaliveUnanswered: lastHeard === undefined && backsOff(probes) ? [] : probes,
    windowProbes: windowProbes(view, heard),
    zeroWindowMs: zeroWindow(heard, trigger, first),
    retransmissions,
    peerSilentMs: lastHeard && msBetween(first, lastHeard),
    gaveUpSilently: trigger !== undefined && retransmissions.length >= 2,
  }
}

/** Each gap is longer than the one before, by half at least. */
const BACKOFF = 1.5

/**
 * Probes of a closed window look like keepalive probes, but their gaps double (RFC 9293 §3.8.6.1): where nothing of the peer was captured, its
 * window and its answers are not known.
 */
function backsOff(probes: SegmentRecord[]): boolean {
  const gaps = probes.slice(1).map((r, i) => msBetween(r, probes[i]))
  return gaps.length >= 2 && gaps.every((gap, i) => i === 0 || gap >= gaps[i - 1] * BACKOFF)
}

/**
 * Where the capture began after all data, nothing shows that an empty ACK is a probe, but the reset's own sequence number: a probe stands one byte
 * before it (RFC 9293 §3.8.4, SEG.SEQ = SND.NXT-1).
 */
function isUnseenProbe(r: SegmentRecord, { sender, first }: ResetView): boolean {
  if (!hasAck(first) || r.payloadBytes > 1 || (r.flags & (SYN | FIN)) !== 0) return false
  return distance(first.seq, r.seq) === 1 && sender.lastData === undefined && sender.syn === undefined
}

function windowProbes(view: ResetView, heard: SegmentRecord[]): SegmentRecord[] {
  const closed = lastClosedRun(heard)
  if (!closed) return []
  return view.sender.records.filter(
    r =>
      r.timeNs > closed.timeNs &&
      (r.kind === 'zero-window-probe' || r.kind === 'keepalive-probe' || r.kind === 'retransmission'),
  )
}

/** First of the trailing run of the peer's segments that all announce window 0. */
function lastClosedRun(heard: SegmentRecord[]): SegmentRecord | undefined {
  let start: SegmentRecord | undefined
  for (let i = heard.length - 1; i >= 0; i--) {
    const r = heard[i]
    if (!hasAck(r) || r.flags & (SYN | FIN) || r.window !== 0) break
    start = r
  }
  return start
}

function zeroWindow(
  heard: SegmentRecord[],
  trigger: SegmentRecord | undefined,
  first: SegmentRecord,
): number | undefined {
  const start = lastClosedRun(heard)
  return start && msBetween(trigger ?? first, start)
}

function unacknowledgedRepeats(view: ResetView, heard: SegmentRecord[]): SegmentRecord[] {
  let acked: number | undefined
  let lastProgress = Number.NEGATIVE_INFINITY
  for (const r of heard) {
    if (!hasAck(r)) continue
    if (acked === undefined || distance(r.ack, acked) > 0) {
      acked = r.ack
      lastProgress = r.timeNs
    }
  }
  return view.sender.records.filter(
    r =>
      r.kind === 'retransmission' &&
      r.timeNs >= lastProgress &&
      (acked === undefined || distance(endOf(r), acked) > 0),
  )
}
