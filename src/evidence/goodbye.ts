/** A goodbye (TLS close_notify, RFC 8446 §6.1) that left together with the reset: one close() of one program, not traffic before it. */
import { type ApplicationState, probableAlert, type SideIndex } from '../flow/application/index.js'
import type { SegmentRecord } from '../model.js'
import { TOGETHER_MS } from './timing.js'
import { endOf, msBetween, type ResetView } from './view.js'

/** Largest TLS record that says only goodbye: an encrypted alert (RFC 5246 §6.2.3.2, §7.2) is 5 + 16 (IV) + 2 + 48 (HMAC-SHA384) + padding to 16 bytes. */
export const GOODBYE_BYTES = 85

/** The side said that it will send no more: in so many words, or by a record of the size that only an alert has, after others had gone before. */
export function saidGoodbye(state: ApplicationState, side: SideIndex): boolean {
  return state.closing[side] || probableAlert(state, side)?.early === false
}

/** The goodbye that belongs to the reset. */
export function goodbyeOf(view: ResetView, state: ApplicationState): SegmentRecord | undefined {
  const { first, sender } = view
  const { lastData } = sender
  if (lastData === undefined || lastData.payloadBytes > GOODBYE_BYTES) return undefined
  // Of one socket: the reset's number stands right behind it.
  if (msBetween(first, lastData) > TOGETHER_MS || first.seq !== endOf(lastData)) return undefined
  const said = state.tls !== null && saidGoodbye(state, sender.side === 'client' ? 0 : 1)
  return said || unreadableFarewell(view, state, lastData) ? lastData : undefined
}

/**
 * Records cut by the snap length cannot be read. But a client that asks for something waits for the answer: a few bytes in the very moment in which
 * it hangs up, on a connection where it is not owed anything, are its goodbye.
 */
function unreadableFarewell(view: ResetView, state: ApplicationState, last: SegmentRecord): boolean {
  const { sender, before } = view
  if (sender.side !== 'client' || (state.protocol !== 'tls' && state.protocol !== null)) return false
  if (state.protocol === 'tls' && state.sides[0].framing !== 'lost' && !sizedLikeAlert(state)) return false
  const previous = before.findLast(r => r.newBytes > 0 && r !== last)
  return previous?.from === 'server' && sender.records.some(r => r.newBytes > 0 && r !== last)
}

/** Two bytes, their type and a tag of 16 (RFC 8446 §5.2): older versions have no record of that size, also where the snap length cut what names the version. */
function sizedLikeAlert({ tls }: ApplicationState): boolean {
  return tls !== null && tls.sides[0].lastType === 23 && tls.sides[0].lastLength === 19
}
