/**
 * Which incarnation of a 4-tuple a segment belongs to: the newest, unless its numbers fit only the one before it; or a new one.
 * Only the newest and its predecessor are looked at, so that a 4-tuple used a million times costs no more than one used twice.
 */
import { ACK, RST, type Segment, SYN } from '../wire/segment.js'
import type { TrackedConnection } from './connection.js'
import { CLIENT, type ConnectionCursor, SERVER, type SideIndex } from './cursor.js'
import { acknowledgesSyn } from './handshake.js'
import type { TrackedSide } from './side.js'

/** Both sides are done and TIME-WAIT is over (RFC 9293 §3.4.2; Linux waits 60 s): what comes now is a new conversation. */
export const FORGET_CLOSED_NS = 60e9

/** Numbers this far above the highest one seen still belong to the same stream. */
const NEIGHBOURHOOD = 65535

/** Side of a connection that sent a segment. */
export function sideOf(c: ConnectionCursor, sourceLow: boolean): SideIndex {
  return sourceLow === c.clientLow ? CLIENT : SERVER
}

/**
 * @param newest the 4-tuple's newest incarnation
 * @returns the incarnation the segment belongs to, undefined when it begins a new one
 */
export function choose(
  newest: TrackedConnection,
  sourceLow: boolean,
  segment: Segment,
): TrackedConnection | undefined {
  const { flags } = segment
  if (flags & SYN && (flags & RST) === 0) {
    if (flags & ACK ? synAckFits(newest, sourceLow, segment) : synFits(newest, sourceLow, segment))
      return newest
    const older = newest.previous
    if (older && repeatsSyn(older, sourceLow, segment)) return older
    return undefined
  }
  const older = newest.previous
  if (older === undefined || fits(newest, sourceLow, segment)) return newest
  return fitsRange(older.side(sideOf(older, sourceLow)), segment.seq) ? older : newest
}

function synFits(c: TrackedConnection, sourceLow: boolean, segment: Segment): boolean {
  const from = sideOf(c, sourceLow)
  const side = c.side(from)
  if (side.isnKnown) {
    return side.isn === segment.seq || (from === SERVER && !side.synSeen && c.inSynSent)
  }
  // Both open at once (RFC 9293 §3.5, figure 7).
  if (from === SERVER && c.inSynSent) return true
  return recordedLate(side, segment)
}

function synAckFits(c: TrackedConnection, sourceLow: boolean, segment: Segment): boolean {
  const from = sideOf(c, sourceLow)
  const side = c.side(from)
  const opener = c.side(from === CLIENT ? SERVER : CLIENT)
  if (opener.isnKnown) {
    // Still waiting: an answer to something else is recorded here too.
    return c.inSynSent || (side.synSeen && side.isn === segment.seq) || acknowledgesIsn(opener, segment.ack)
  }
  return recordedLate(side, segment)
}

function acknowledgesIsn(opener: TrackedSide, ack: number): boolean {
  return ack === ((opener.isn + 1) | 0) || acknowledgesSyn(opener, ack)
}

/** The capture began before it or has it behind the segment that follows it. */
function recordedLate(side: TrackedSide, segment: Segment): boolean {
  return side.started && !side.isnKnown && side.lowestSeq === ((segment.seq + 1 + segment.payloadBytes) | 0)
}

function repeatsSyn(c: TrackedConnection, sourceLow: boolean, segment: Segment): boolean {
  const side = c.side(sideOf(c, sourceLow))
  return side.synSeen && side.isn === segment.seq
}

function fits(c: TrackedConnection, sourceLow: boolean, segment: Segment): boolean {
  const from = sideOf(c, sourceLow)
  const side = c.side(from)
  if (c.inSynSent) return fitsSynSent(c, from, segment)
  if (side.started) return fitsRange(side, segment.seq)
  const peer = c.side(from === CLIENT ? SERVER : CLIENT)
  return !peer.acked || Math.abs((segment.seq - peer.ackedTo) | 0) <= NEIGHBOURHOOD
}

/**
 * The client waits for its SYN-ACK. What the server sends instead of one (a challenge ACK for the incarnation before, RFC 5961 §4) and how
 * the client answers that belong to this SYN's story; a RST by the server does only if it acknowledges the SYN.
 */
function fitsSynSent(c: TrackedConnection, from: SideIndex, segment: Segment): boolean {
  if ((segment.flags & RST) === 0) return true
  if (from === SERVER) return (segment.flags & ACK) !== 0 && acknowledgesSyn(c.client, segment.ack)
  return (c.challenged && segment.seq === c.challengeAck) || fitsRange(c.client, segment.seq)
}

function fitsRange(side: TrackedSide, seq: number): boolean {
  if (!side.started) return false
  // One below the lowest: keepalive probes.
  return ((seq - side.lowestSeq) | 0) >= -1 && ((seq - side.nextSeq) | 0) <= NEIGHBOURHOOD
}
