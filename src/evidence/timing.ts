/** How long nothing happened before a reset, how old the connection was, and where on the path the capture stood. */
import type { SegmentRecord } from '../model.js'
import { crossing, msBetween, type ResetView } from './view.js'
import { IP_ID_STEP } from './stack.js'
import type { Trigger } from './trigger.js'

export interface Silence {
  /** Longest gap between two packets since the reset's sender last spoke, up to the reset. */
  ms: number
  /** The packets on both sides of the gap. */
  from: SegmentRecord
  to: SegmentRecord
  /** True when the reset itself ended the silence, false when a segment of the peer did. */
  endedByReset: boolean
}

/** What one close() says, a FIN or a TLS goodbye, and the reset it ends in leave the host within a scheduling quantum or two (measured 0.02 to 0.1 ms). */
export const TOGETHER_MS = 2

/** Timers of one length end this close to each other. */
const AS_LONG = 0.98

/**
 * The silence that a timer would have measured: from the sender's last sign of life on, the longest gap between neighbouring packets, the
 * reset included. Undefined when nothing of the connection precedes the reset, or packets were dropped from memory in between.
 */
export function silenceBefore(
  view: ResetView,
  trigger: Trigger,
  goodbye: SegmentRecord | undefined,
): Silence | undefined {
  // What was still on its way to the socket that reset itself broke no silence there.
  const late = (r: SegmentRecord) =>
    trigger.active === true &&
    r.from !== view.sender.side &&
    crossing(r, view.first, view.senderPath) &&
    !turnedRound(view, r)
  const all = view.before.filter(r => r.kind !== 'rst' && !late(r))
  // A socket that ends itself serves a program, whose timers know nothing of the kernels' probes; a device's timer does.
  const records = trigger.active === true ? withoutProbes(all) : all
  // A FIN or a goodbye that left together with the reset is part of the same event.
  const withReset = (r: SegmentRecord) =>
    r === goodbye ||
    ((r.flags & 1) !== 0 && r.from === view.sender.side && msBetween(view.first, r) <= TOGETHER_MS)
  const lastOfSender = records.findLastIndex(
    r => r.from === view.sender.side && notKeepalive(r) && !withReset(r),
  )
  const chain = [...records.slice(Math.max(lastOfSender, 0)).filter(r => !withReset(r)), view.first]
  if (chain.length < 2) return undefined
  let best: Silence | undefined
  for (let i = 1; i < chain.length; i++) {
    const from = chain[i - 1]
    const to = chain[i]
    // A passive reset follows its trigger by one round trip: that is no silence.
    if (to === view.first && trigger.active === false) continue
    const ms = msBetween(to, from)
    // Of gaps as long as each other (keepalive probes) the one that the reset ended counts.
    const least = best === undefined ? -1 : to === view.first ? best.ms * AS_LONG : best.ms
    if (best === undefined || ms > least) best = { ms, from, to, endedByReset: to === view.first }
  }
  return best
}

/** The reset bears the IP ID of this packet, and not the next of its sender's counter: a device turned the packet round that it refuses. */
function turnedRound({ first, sender }: ResetView, r: SegmentRecord): boolean {
  const own = sender.records.findLast(s => s.ipId > 0)
  return (
    r.ipId > 0 &&
    r.ipId === first.ipId &&
    own !== undefined &&
    ((first.ipId - own.ipId) & 0xffff) > IP_ID_STEP
  )
}

/** The packets without keepalive probes and their answers (RFC 9293 §3.8.4); all of them where the last probe was not answered. */
function withoutProbes(records: SegmentRecord[]): SegmentRecord[] {
  const isProbe = (r: SegmentRecord | undefined) => r?.kind === 'keepalive-probe'
  const last = records.findLastIndex(isProbe)
  if (last < 0 || !records.slice(last + 1).some(r => r.from !== records[last].from)) return records
  const isAnswer = (r: SegmentRecord, i: number) =>
    isProbe(records[i - 1]) && r.from !== records[i - 1].from && r.payloadBytes === 0 && (r.flags & 7) === 0
  return records.filter((r, i) => !isProbe(r) && !isAnswer(r, i))
}

function notKeepalive(r: SegmentRecord): boolean {
  return r.kind !== 'keepalive-probe' && r.kind !== 'zero-window-probe'
}

/** Time between the reset and the last payload of either side before it (for a passive reset: before the segment it answers). */
export function dataSilenceMs(
  view: ResetView,
  trigger: Trigger,
  goodbye: SegmentRecord | undefined,
): number | undefined {
  const end = trigger.record ?? view.first
  const last = view.before.findLast(
    r =>
      r.payloadBytes > 0 &&
      notKeepalive(r) &&
      r.timeNs <= end.timeNs &&
      r !== trigger.record &&
      r !== goodbye,
  )
  return last && msBetween(end, last)
}

/** Smallest response times seen from the capture point: toward the reset's sender and toward its peer, in ms. */
export function responseTimes(view: ResetView): { senderMs: number | undefined; peerMs: number | undefined } {
  const ms = (ns: number | undefined) => (ns === undefined ? undefined : ns / 1e6)
  return { senderMs: ms(view.senderPath.ns), peerMs: ms(view.peerPath.ns) }
}

/** Initial hop limits in use (IANA and vendor defaults: 64 Linux/BSD/macOS, 128 Windows, 255 routers; 32 in old stacks). */
export function initialHopLimit(value: number): number {
  if (value <= 32) return 32
  if (value <= 64) return 64
  return value <= 128 ? 128 : 255
}

/** Routers a packet crossed if it started at the next usual initial value. */
export function hopsOf(value: number): number {
  return initialHopLimit(value) - value
}
