/**
 * If a device made the reset: what it reacted to, and how. A filter acts on what was said and lets the connection's own packets pass or swallows
 * them; a device without state refuses whatever comes, in the form of a stack that knows no such connection (RFC 9293 §3.5.2).
 */
import { tookUnarrived } from './afterlife.js'
import { applicationAt } from './exchange.js'
import type { Facts } from './facts.js'
import type { SegmentRecord } from '../model.js'
import type { Trigger } from './trigger.js'
import { endOf, hasAck, isRst, msBetween, type ResetView, SYN } from './view.js'

/** A filter decides within the time it takes to look: what is older is not what it reacted to. */
const LATEST_REACTION_MS = 1000
/** Words of a packet in one sentence. */
const MOST_WORDS = 60
/** Beyond this a side's message is a transfer, not words. */
const TRANSFER_BYTES = 8000

type Reaction = Pick<
  Facts,
  'reactedTo' | 'spared' | 'refusalForm' | 'firstWords' | 'senderWentOn' | 'senderTookMore' | 'triggerArrived'
>

export function reactionFacts(view: ResetView, trigger: Trigger): Reaction {
  const said = view.before.findLast(r => !isRst(r) && r.newBytes > 0)
  return {
    reactedTo: reactedTo(view, said),
    spared: spared(view),
    refusalForm: refusalForm(view.rsts),
    firstWords: firstWords(view, trigger),
    senderWentOn: senderWentOn(view),
    senderTookMore: tookUnarrived(view, view.first),
    // One capture cannot tell what became of it; a comparison of two can.
    triggerArrived: undefined,
  }
}

function reactedTo(view: ResetView, said: SegmentRecord | undefined): string | undefined {
  if (view.before.length === 0) return undefined
  if (said === undefined) {
    if (view.before.some(r => (r.flags & SYN) === 0)) return 'the handshake: no data had been sent'
    return view.before.some(r => r.flags & SYN && hasAck(r)) ? 'the SYN-ACK' : 'the SYN'
  }
  if (msBetween(view.first, said) > LATEST_REACTION_MS) return 'a pause: nothing had been said right before'
  return words(view, said)
}

function words(view: ResetView, said: SegmentRecord): string {
  const { name, http } = applicationAt(view.connection, view.first)
  const { label, from } = said
  const sent = view.before.reduce((sum, r) => sum + (r.from === from ? r.newBytes : 0), 0)
  if (label?.startsWith('ClientHello'))
    return name === null ? 'the TLS ClientHello' : `the TLS server name "${cut(name)}"`
  if (label !== undefined && http !== null && from === 'client') {
    const host = name === null ? '' : ` to the host "${cut(name)}"`
    return `the request "${cut(label)}"${host}`
  }
  const speaker = `the ${from}`
  if (sent >= TRANSFER_BYTES && said.startsMessage !== true) return `what ${speaker} was sending, or how much`
  return label === undefined ? `data of ${speaker}` : `"${cut(label)}" from ${speaker}`
}

function cut(text: string): string {
  const characters = [...text]
  return characters.length <= MOST_WORDS ? text : `${characters.slice(0, MOST_WORDS - 1).join('')}…`
}

/** A name under which the same server was reached and answered in another connection. */
function spared({ world, connection, first }: ResetView): string | undefined {
  const own = applicationAt(connection, first).name
  if (own === null) return undefined
  const { address, port } = connection.server
  for (const id of world.listener(address, port)?.siblings ?? []) {
    const other = world.connections.get(id)
    if (other === undefined || other === connection || other.segments.some(isRst)) continue
    const { name } = other.application
    if (name !== null && name !== own && other.sides.server.payloadBytes > 0) return cut(name)
  }
  return undefined
}

/**
 * Bare, no window, no options, no payload: what Linux sends for want of a socket, and netfilter's REJECT (nf_reject_ipv4.c). Other systems count
 * their IP IDs, which tells neither way.
 */
function refusalForm(rsts: SegmentRecord[]): boolean | undefined {
  if (hasAck(rsts[0])) return undefined
  const bare = (r: SegmentRecord) =>
    !hasAck(r) && r.ack === 0 && r.window === 0 && r.headerBytes === 20 && r.payloadBytes === 0
  if (!rsts.every(bare)) return false
  return rsts.every(r => r.ipId <= 0 && r.dontFragment !== 0) ? true : undefined
}

/** Nothing had been said by that side before the answered segment. */
function firstWords(view: ResetView, { record }: Trigger): boolean | undefined {
  const asked = record ?? answeredBy(view)
  if (asked === undefined || asked.newBytes === 0) return undefined
  if (view.connection.handshake === 'not-captured') return undefined
  return !view.before.some(r => r.from === asked.from && r.newBytes > 0 && r.frame < asked.frame)
}

/** Of a RST+ACK: the segment up to which it acknowledges. */
function answeredBy({ first, peer }: ResetView): SegmentRecord | undefined {
  return hasAck(first) ? peer.records.findLast(r => r.newBytes > 0 && endOf(r) === first.ack) : undefined
}

/** New data of the side in whose name the reset came, later than the reset could have been overtaken by. */
function senderWentOn({ after, first, sender, senderPath, peerPath }: ResetView): boolean {
  const reorderNs = Math.max(((senderPath.ns ?? 0) + (peerPath.ns ?? 0)) / 2, 2e6)
  const reborn = after.find(r => r.flags & SYN && !hasAck(r))?.timeNs ?? Number.POSITIVE_INFINITY
  return after.some(
    r =>
      r.from === sender.side &&
      !isRst(r) &&
      r.newBytes > 0 &&
      r.timeNs - first.timeNs > reorderNs &&
      r.timeNs < reborn,
  )
}
