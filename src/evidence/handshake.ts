/** Was the connection ever established, and what was odd about its beginning. */
import type { SegmentRecord } from '../model.js'
import type { Trigger } from './trigger.js'
import { distance, endOf, FIN, hasAck, isRst, msBetween, type ResetView, SYN } from './view.js'

/** Whether the three-way handshake was complete when the reset came; what a capture shows that began later speaks for itself. */
export function handshakeDone({ before, connection, first }: ResetView): boolean | undefined {
  const syn = before.find(r => r.flags & SYN && !hasAck(r))
  const synAck = before.findLast(r => r.flags & SYN && hasAck(r))
  const clientAck = (r: SegmentRecord) => r.from === 'client' && !isRst(r) && !(r.flags & SYN) && hasAck(r)
  // The server goes on only once the client has acknowledged its SYN-ACK, whether that was captured or not.
  const serverTalks =
    synAck !== undefined &&
    before.some(
      r =>
        r.from === synAck.from &&
        !isRst(r) &&
        !(r.flags & SYN) &&
        (r.newBytes > 0 || distance(r.ack, synAck.ack) > 0),
    )
  if (serverTalks) return true
  if (synAck && !before.some(r => r.from !== synAck.from && !isRst(r))) return undefined
  if (synAck) {
    // An ACK of what the server never sent, and that is what it resets (RFC 9293 §3.10.7.4), completes nothing.
    const refused = (r: SegmentRecord) =>
      !hasAck(first) && first.from === synAck.from && r.ack === first.seq && r.ack !== endOf(synAck)
    return before.some(r => clientAck(r) && distance(r.ack, endOf(synAck)) >= 0 && !refused(r))
  }
  const talk = before.filter(r => !isRst(r) && !(r.flags & SYN))
  // One direction only: the client would not go on without a SYN-ACK.
  if (syn) return talk.some(r => clientAck(r) && distance(r.seq, syn.seq) >= 1)
  const both = talk.some(r => r.from === 'client') && talk.some(r => r.from === 'server')
  return both || talk.some(r => r.newBytes > 0 || r.flags & FIN) || connection.handshake === 'complete'
    ? true
    : undefined
}

/** Old numbers, strange answers, repeated SYNs around a reset. */
export function handshakeOddities(view: ResetView, trigger: Trigger) {
  const { before, after, connection, first } = view
  const syns = before.filter(r => r.flags & SYN && !hasAck(r))
  const syn = syns[0]
  const synAcks = [...before, ...after].filter(r => r.flags & SYN && hasAck(r))
  const fits = (r: SegmentRecord) =>
    syn === undefined || (distance(r.ack, syn.seq) > 0 && distance(r.ack, syn.seq) <= 1 + syn.payloadBytes)
  // Only while the handshake is open: later every ACK lies beyond the SYN.
  const opening = syn !== undefined && handshakeDone(view) !== true
  const challenges = opening
    ? before.filter(
        r =>
          r.from !== syn.from &&
          !(r.flags & SYN) &&
          !isRst(r) &&
          hasAck(r) &&
          !fits(r) &&
          before.indexOf(r) > before.indexOf(syn),
      )
    : []
  // What follows a repeated SYN answers that one: the port may have been opened in between (Windows asks a refusing port three times).
  const again = after.findIndex(r => r.flags & SYN && !hasAck(r))
  const answers = [...before, ...(again < 0 ? after : after.slice(0, again))].filter(r => synAcks.includes(r))
  const accepted = after.some(r => r.flags & SYN && hasAck(r) && fits(r) && !refusedAgain(view, r))
  const handshakeAck = before.find(r => r.from === 'client' && hasAck(r) && !(r.flags & SYN) && !isRst(r))
  return {
    sinceHandshakeAckMs: handshakeAck && msBetween(first, handshakeAck),
    synRepeated:
      syn !== undefined && after.some(r => r.flags & SYN && !hasAck(r) && r.seq === syn.seq) && accepted,
    tupleReused: connection.previous !== undefined,
    challengeAck: trigger.record !== undefined && challenges.includes(trigger.record),
    strangeSynAck: synAcks.some(r => r.timeNs <= first.timeNs && !fits(r)),
    realAnswer: trigger.kind === 'syn' && answers.some(fits),
    oldSyn: oldSyn(view, trigger, syns),
  }
}

/** A SYN of this very connection came again when both sides had closed, and what the reset answers came after it. */
function oldSyn({ sender, peer }: ResetView, { record }: Trigger, syns: SegmentRecord[]): boolean {
  const [a, b] = [sender.fin, peer.fin]
  if (a === undefined || b === undefined || record === undefined) return false
  return syns.some(r => r.timeNs > a.timeNs && r.timeNs > b.timeNs && r.timeNs <= record.timeNs)
}

/** The client's stack denied this SYN-ACK, too: nothing else of the client came between. */
function refusedAgain({ rsts, after }: ResetView, synAck: SegmentRecord): boolean {
  const next = after.find(r => r.from !== synAck.from && r.timeNs > synAck.timeNs && !isRst(r))?.timeNs
  return rsts.some(
    r =>
      r.from !== synAck.from &&
      r.seq === synAck.ack &&
      r.timeNs >= synAck.timeNs &&
      !(r.timeNs > (next ?? r.timeNs)),
  )
}
