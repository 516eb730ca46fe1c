/**
 * What a judge of resets asks of the application state. Three values throughout: undefined = this capture cannot tell
 * (encrypted, cut by the snap length, begun in mid-stream, a protocol not recognised); it is never a no.
 */
import { cut } from './bytes.js'
import { protocolName } from './protocols.js'
import type { ApplicationState, Rejection, SideIndex } from './state.js'

/** TLS 1.3 turns no longer than this may be mere housekeeping (HTTP/2 acknowledgements, window updates). */
const HOUSEKEEPING_BYTES = 64
/** Client data in a protocol without a single answer so far is one request only if it came at once. */
const ONE_BURST_NS = 1e9

/**
 * Whether a message of this side is cut at this moment: begun, not all of it sent. For TLS: true when a record is cut,
 * else undefined. undefined too where bytes are missing and for bodies that only the connection's end delimits when
 * nothing of them is known.
 */
export function messageInProgress(state: ApplicationState, side: SideIndex): boolean | undefined {
  const me = state.sides[side]
  if (me.bytes === 0) return false
  if (state.protocol === null && me.framing !== 'until-close') return undefined
  if (me.skip > 0 || me.carry !== '' || me.longLine || me.framing === 'until-close') return true
  if (state.protocol === 'tls' && me.framing === 'framed' && me.step > 0) return true
  return me.inProgress ?? undefined
}

/** The server has begun a message and not ended it. */
export function responseInProgress(state: ApplicationState): boolean | undefined {
  return messageInProgress(state, 1)
}

/** The client has begun a message and not ended it: an upload is running. */
export function requestInProgress(state: ApplicationState): boolean | undefined {
  return messageInProgress(state, 0)
}

/**
 * Whether the client has asked something that the server has not, or not completely, answered.
 * Counted where requests and answers can be paired. Elsewhere by turns: true when the client spoke last (in TLS: more
 * than `HOUSEKEEPING_BYTES`), false when the client never spoke, else undefined.
 */
export function requestOutstanding(state: ApplicationState): boolean | undefined {
  if (state.lastDataSide === null || state.sides[0].bytes === 0) return false
  // A refusal in another protocol is an answer, if not the one hoped for.
  if (state.mismatch !== null && state.lastDataSide === 1) return false
  if (!state.counted) return outstandingByTurns(state)
  const [client, server] = state.sides
  if (state.outstanding > 0) {
    if (server.inProgress !== null && server.framing !== 'opaque') return true
    // The server has sent something unreadable since; only a request newer than that is surely unanswered.
    const newer = state.lastDataSide === 0 && (client.messageStartNs ?? 0) >= (state.turnStartNs ?? 0)
    return newer ? true : undefined
  }
  // Requests are counted when they begin: one still being sent with none outstanding was answered early (HTTP 413).
  if (client.inProgress !== true && client.carry !== '') return true
  if (client.inProgress === null)
    return state.lastDataSide === 1 && server.inProgress === false ? false : undefined
  return server.inProgress === null ? undefined : false
}

function outstandingByTurns(state: ApplicationState): boolean | undefined {
  const [client, server] = state.sides
  if (state.lastDataSide === 1) return undefined
  if (state.protocol === 'tls') {
    const { tls } = state
    if (tls === null || probableAlert(state)?.side === 0 || state.closing[0]) return undefined
    // The client's Finished, and nothing after it yet.
    if (tls.handshakeDone && tls.sides[0].dataRecords <= tls.handshakeRecords[0]) return undefined
    return state.turnBytes > HOUSEKEEPING_BYTES ? true : undefined
  }
  if (state.protocol !== null) return undefined
  if (server.turns > 0) return true
  return (client.lastDataNs ?? 0) - (state.turnStartNs ?? 0) < ONE_BURST_NS ? true : undefined
}

/** Everything asked was answered and neither side is in the middle of a message. */
export function exchangeComplete(state: ApplicationState): boolean | undefined {
  const parts = [requestOutstanding(state), messageInProgress(state, 0), messageInProgress(state, 1)]
  if (parts.includes(true)) return false
  return parts.includes(undefined) ? undefined : true
}

export type Stage =
  | 'nothing'
  | 'greeting'
  | 'handshake'
  | 'handshake-failed'
  | 'request'
  | 'response'
  | 'exchanged'

/**
 * How far the conversation came. `greeting`: only the server has spoken; `handshake`: TLS not finished; `request`: only
 * the client has spoken; `response`: the first answer is incomplete; `exchanged`: both sides have had their say.
 */
export function stage(state: ApplicationState): Stage {
  const [client, server] = state.sides
  if (state.lastDataSide === null) return 'nothing'
  if (state.protocol === 'tls' && tlsHandshakeDone(state) === false) {
    return state.tls?.alert?.level === 2 ? 'handshake-failed' : 'handshake'
  }
  if (client.bytes === 0) return 'greeting'
  if (server.bytes === 0) return 'request'
  if (state.counted && state.answers === 0 && messageInProgress(state, 1) === true) return 'response'
  return 'exchanged'
}

/** An alert that TLS 1.3 hides: the newest record of a side is 19 bytes long, which only an alert is as a rule. */
export interface ProbableAlert {
  side: SideIndex
  timeNs: number
  /** It stands where a refusal would: a client's in place of its Finished, a server's before any data of its own. */
  early: boolean
}

/**
 * The encrypted TLS 1.3 alert that the newest record (of `side`, or of whichever sent last) probably is: two bytes, their
 * type and a 16-byte tag (RFC 8446 §5.2, §6). Which alert cannot be told; after data, close_notify is the usual one.
 */
export function probableAlert(state: ApplicationState, side?: SideIndex): ProbableAlert | undefined {
  const { tls } = state
  if (tls === null || state.protocol !== 'tls' || tls.version !== 0x0304) return undefined
  let found: ProbableAlert | undefined
  for (const one of [0, 1] as const) {
    const mine = tls.sides[one]
    if ((side !== undefined && side !== one) || mine.lastType !== 23 || mine.lastLength !== 19) continue
    if (found !== undefined && found.timeNs > mine.lastRecordNs) continue
    const before = mine.dataRecords - 1 - tls.handshakeRecords[one]
    found = { side: one, timeNs: mine.lastRecordNs, early: !tls.handshakeDone || (one === 1 && before <= 0) }
  }
  return found
}

/**
 * Whether both sides finished the TLS handshake; undefined = not TLS, its beginning was not captured, or only one
 * direction was.
 */
export function tlsHandshakeDone(state: ApplicationState): boolean | undefined {
  const { tls } = state
  if (tls === null) return undefined
  if (tls.handshakeDone) return true
  if (!tls.sides[0].hello && !tls.sides[1].hello && tls.alert === null) return undefined
  if (state.sides.some(side => side.framing === 'lost')) return undefined
  // Data records before the end of a handshake exist in TLS 1.3 only: else something of it was not seen.
  const data = tls.sides[0].dataRecords + tls.sides[1].dataRecords
  return data > 0 && tls.version !== 0x0304 ? undefined : false
}

/** The newest refusal of `side`, or of either side. A hidden TLS alert before any data counts as one. */
export function lastRejection(state: ApplicationState, side?: SideIndex): Rejection | undefined {
  let found: Rejection | undefined
  for (const one of [0, 1] as const) {
    const mine = state.rejections[one]
    if (mine === null || (side !== undefined && side !== one)) continue
    if (found === undefined || mine.timeNs >= found.timeNs) found = mine
  }
  const alert = probableAlert(state, side)
  if (alert?.early && (found === undefined || alert.timeNs > found.timeNs)) {
    return { side: alert.side, text: 'TLS alert (encrypted)', timeNs: alert.timeNs }
  }
  return found
}

/**
 * "TLS api.example.com", "HTTP shop.example", "SMTP + TLS" (what carries what); null when nothing was recognised. At most
 * 120 characters, hostile text possible.
 */
export function applicationName(state: ApplicationState): string | null {
  const layers = state.protocol === null ? state.carriedBy : [...state.carriedBy, state.protocol]
  if (layers.length === 0) return null
  const protocols = layers.map(protocolName).join(' + ')
  return state.name === null ? protocols : cut(`${protocols} ${state.name}`)
}
