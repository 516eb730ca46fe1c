/** Whose turn it was when the reset came, and whether whoever spoke had said all, as far as TCP shows. */
import type { SegmentRecord, Side } from '../model.js'
import type { Facts } from './facts.js'
import { packetsUnseen } from './unseen.js'
import { distance, endOf, hasAck, isRst, msBetween, type ResetView, type SideView } from './view.js'

/**
 * The last payload of `speaker` was pushed and acknowledged by `listener`, and what followed was quiet for longer than any pause within that
 * turn: a stream that sends a pushed piece now and then has not paused.
 */
export function paused(view: ResetView, speaker: SideView, listener: SideView): boolean | undefined {
  const last = speaker.lastData
  if (!last) return undefined
  if (!(last.flags & PSH) || spokeOn(view, last) || stillSpeaking(view, last)) return false
  if (msBetween(view.first, last) <= usualGapInTurn(view, speaker.side)) return false
  // A reset's own acknowledgement counts once the data had time to be read: an ACK of its own would have followed within a delayed ACK's time.
  const own = view.first.from === listener.side && hasAck(view.first)
  const answered = msBetween(view.first, last) >= DELAYED_ACK_MS || packetsUnseen(view, last)
  const heard = own && answered ? newest(view.first.ack, listener.ackedTo) : listener.ackedTo
  return heard === undefined ? undefined : distance(heard, endOf(last)) >= 0
}

function newest(a: number, b: number | undefined): number {
  return b === undefined || distance(a, b) > 0 ? a : b
}

/** More of the same turn was on its way when the reset came. */
function spokeOn({ before }: ResetView, last: SegmentRecord): boolean {
  const next = before.slice(before.indexOf(last) + 1).find(r => r.newBytes > 0)
  return next !== undefined && next.from === last.from
}

/** What it had to say went on after the reset, which had not reached it yet: new data behind its last, in ignorance of anything newer. */
function stillSpeaking({ after, first, peer, sender }: ResetView, last: SegmentRecord): boolean {
  if (last.from === first.from) return false
  const own = last.from === peer.side ? peer : sender
  return after.some(
    r =>
      r.from === last.from &&
      r.newBytes > 0 &&
      !isRst(r) &&
      r.ack === last.ack &&
      own.nextSeq !== undefined &&
      distance(endOf(r), own.nextSeq) > 0 &&
      distance(r.seq, own.nextSeq) < 2 ** 20,
  )
}

const PSH = 0x008

/** Stacks delay a lone ACK by 40 to 200 ms (RFC 9293 §3.8.6.3 allows 500). */
const DELAYED_ACK_MS = 200

/** Pieces that come in a rhythm are late by some scheduling and jitter now and then. */
const PAUSES = 1.3

/** So many pieces, each pushed by itself, are a stream: its next piece may be late by a whole pause. */
const STREAM_PIECES = 4
const STREAM_PAUSES = 2

/** Longest pause within the newest turn of a side, and in how many pushed pieces it came. */
function turnOf({ before }: ResetView, side: Side): { longestMs: number; pieces: number } {
  const data = before.filter(r => r.newBytes > 0)
  let longestMs = 0
  let pieces = 0
  for (let i = data.findLastIndex(r => r.from === side); i >= 0 && data[i].from === side; i--) {
    if (data[i].flags & PSH) pieces++
    if (i > 0 && data[i - 1].from === side) longestMs = Math.max(longestMs, msBetween(data[i], data[i - 1]))
  }
  return { longestMs, pieces }
}

function usualGapInTurn(view: ResetView, side: Side): number {
  const { longestMs, pieces } = turnOf(view, side)
  return (pieces >= STREAM_PIECES ? STREAM_PAUSES : PAUSES) * longestMs
}

export function turnFacts(
  view: ResetView,
  goodbye: SegmentRecord | undefined,
): Pick<Facts, 'turnBytes' | 'turnSide' | 'turnStreamed'> {
  const data = view.before.filter(r => r.newBytes > 0 && r !== goodbye)
  const last = data.at(-1)
  const side = last?.from
  let turnBytes = 0
  for (let i = data.length - 1; i >= 0 && data[i].from === side; i--) turnBytes += data[i].newBytes
  const streamed =
    last !== undefined &&
    turnOf(view, last.from).pieces >= STREAM_PIECES &&
    msBetween(view.first, last) <= usualGapInTurn(view, last.from)
  return { turnBytes, turnSide: side, turnStreamed: streamed }
}
