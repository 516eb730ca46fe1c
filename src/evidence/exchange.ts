/** The application's stage when the reset came, as far as the payload tells. */
import {
  applicationName,
  type ApplicationState,
  exchangeComplete,
  insideRequestHead,
  lastRejection,
  type Rejection,
  requestInProgress,
  requestOutstanding,
  responseInProgress,
  stage,
  type SideIndex,
} from '../flow/application/index.js'
import type { Connection, Origin, SegmentRecord, Side } from '../model.js'
import type { Facts } from './facts.js'
import { saidGoodbye } from './goodbye.js'
import { peerUnseen, unseenBefore } from './unseen.js'
import { distance, type ResetView } from './view.js'

type Exchange = Pick<
  Facts,
  | 'application'
  | 'encrypted'
  | 'requestOutstanding'
  | 'responseInProgress'
  | 'requestInProgress'
  | 'requestHeadOnly'
  | 'exchangeComplete'
  | 'exchanges'
  | 'senderRejection'
  | 'senderRejectionMs'
  | 'peerRejection'
  | 'peerRejectionMs'
  | 'refusedMidRequest'
  | 'senderGap'
  | 'senderSaidClosing'
  | 'peerSaidClosing'
  | 'mismatch'
  | 'sessionRefused'
>

/** The application's state when a RST came. */
export function applicationAt(connection: Connection, rst: SegmentRecord): ApplicationState {
  const frozen = connection.applicationAtRst.find(f => f.capture === rst.capture && rst.frame < f.beforeFrame)
  return frozen?.state ?? connection.application
}

export function sideIndex(side: Side): SideIndex {
  return side === 'client' ? 0 : 1
}

export function exchangeFacts(view: ResetView, origin: Origin, goodbye: SegmentRecord | undefined): Exchange {
  const state = applicationAt(view.connection, view.first)
  const own = sideIndex(view.sender.side)
  const rejectedBy = (side: SideIndex) => {
    const rejection = lastRejection(state, side) ?? refusedStatus(state, side)
    // Only the side's last words count: what was refused and then followed by business as usual is history.
    const stale = rejection && rejection.timeNs < (state.sides[side].messageStartNs ?? 0)
    return rejection && !stale
      ? { text: rejection.text, ms: (view.first.timeNs - rejection.timeNs) / 1e6 }
      : undefined
  }
  const lost = lostBytes(view, origin)
  // With one direction in the capture nobody knows what was answered.
  const heard = <T>(fact: T): T | undefined => (view.peer.records.length > 0 ? fact : undefined)
  // Nor where the last words are missing.
  const told = <T>(fact: T): T | undefined => (lost.lastWords ? undefined : heard(fact))
  const mine = rejectedBy(own)
  const theirs = rejectedBy(own === 0 ? 1 : 0)
  return {
    application: applicationName(state) ?? undefined,
    encrypted: isEncrypted(state),
    // A goodbye wants no answer.
    requestOutstanding: goodbye && !state.counted ? undefined : told(requestOutstanding(state)),
    responseInProgress: heard(responseInProgress(state)),
    requestInProgress: heard(requestInProgress(state)),
    requestHeadOnly: insideRequestHead(state),
    exchangeComplete: told(exchangeComplete(state)),
    exchanges: state.counted ? state.answers : Math.min(state.sides[0].turns, state.sides[1].turns),
    senderRejection: mine?.text,
    senderRejectionMs: mine?.ms,
    peerRejection: theirs?.text,
    peerRejectionMs: theirs?.ms,
    senderGap: lost.any,
    refusedMidRequest: refusedMidRequest(state, view),
    senderSaidClosing: goodbye !== undefined || saidGoodbye(state, own),
    peerSaidClosing: saidGoodbye(state, own === 0 ? 1 : 0),
    mismatch: state.mismatch ?? undefined,
    // A fatal alert in plaintext stands before any encryption, whatever else of the handshake could be read (RFC 8446 §6.2).
    sessionRefused:
      state.mismatch !== null || stage(state) === 'handshake-failed' || state.tls?.alert?.level === 2,
  }
}

/** More than this behind a refusal is no new request but the rest of the one that was refused. */
const UPLOAD_BYTES = 16_000

/**
 * The server's last words do not acknowledge what the client had sent by then, more than a new request would be; or the end of what the client had
 * been sending for long, in ignorance of them.
 */
function crossedByUpload({ sender, peer }: ResetView): boolean {
  const [client, server] = sender.side === 'client' ? [sender, peer] : [peer, sender]
  const last = server.lastData
  if (last === undefined || client.nextSeq === undefined) return false
  const crossing = distance(client.nextSeq, last.ack)
  if (crossing >= CROSSING_BYTES) return true
  const unaware = client.records.some(
    r => r.newBytes > 0 && distance(r.seq, last.ack) >= 0 && r.ack === last.seq,
  )
  const before = server.records.findLast(r => r.newBytes > 0 && distance(r.seq, last.seq) < 0)
  const begun = before?.ack ?? (client.state.isn === undefined ? undefined : client.state.isn + 1)
  return crossing > 0 && unaware && begun !== undefined && distance(last.ack, begun) >= LONG_REQUEST_BYTES
}

/** Two full segments (RFC 9293 §3.7.1, MSS 1460). */
const CROSSING_BYTES = 2920

/** Requests without a body are shorter (servers take 8 KB of head by default), and what follows them at once is a request of its own. */
const LONG_REQUEST_BYTES = 8192

/** The server refused what the client was still sending, and the client went on with it. */
function refusedMidRequest(state: ApplicationState, view: ResetView): boolean | undefined {
  const refusal = lastRejection(state, 1) ?? refusedStatus(state, 1)
  const [client] = state.sides
  if (crossedByUpload(view)) return refusal !== undefined
  if (!refusal || (client.messageStartNs ?? 0) > refusal.timeNs) return false
  if ((client.lastDataNs ?? 0) <= refusal.timeNs) return requestInProgress(state)
  if (client.inProgress !== null) return client.inProgress
  // Cut by the snap length: where messages begin is not known, but requests are short.
  return state.lastDataSide === 0 && state.turnBytes >= UPLOAD_BYTES ? true : undefined
}

/** More sequence space than payload that was seen, or acknowledged bytes that nobody saw; the reset's own numbers may show that the end is missing. */
function lostBytes(view: ResetView, origin: Origin): { any: boolean; lastWords: boolean } {
  const { connection, sender } = view
  const honest = origin !== 'middlebox'
  const ahead = honest ? unseenBefore(view) : 0
  const lastWords = ahead > 1 || (honest && peerUnseen(view))
  if (connection.unseenBytes > 1 || ahead > 0) return { any: true, lastWords }
  const { isn, payloadBytes } = sender.state
  if (isn === undefined || sender.nextSeq === undefined) return { any: false, lastWords }
  return { any: distance(sender.nextSeq, isn) - 1 - (sender.fin ? 1 : 0) > payloadBytes, lastWords }
}

/** A response whose header was cut by the snap length shows its status line all the same. */
function refusedStatus(state: ApplicationState, side: SideIndex): Rejection | undefined {
  const { http, sides } = state
  const timeNs = sides[side].messageStartNs
  if (
    side !== 1 ||
    http === null ||
    http.status < 400 ||
    timeNs === null ||
    sides[side].completed >= sides[side].started
  )
    return undefined
  return { side, text: `${http.status} ${http.reason}`.trim(), timeNs }
}

function isEncrypted(state: ApplicationState): boolean {
  return state.protocol === 'tls' || state.protocol === 'ssh' || state.tls !== null
}
