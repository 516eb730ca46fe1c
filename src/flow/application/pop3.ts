/** POP3 (RFC 1939), AUTH (RFC 5034), STLS (RFC 2595). */
import { display, latin1, startsWith } from './bytes.js'
import { lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import { replied, verbOf } from './replies.js'
import {
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  switchProtocol,
  UNIT_LIMIT,
  wholeMessage,
} from './state.js'

/** `step` of the server: inside an answer that ends with a line of a single dot. */
const MULTILINE = 1

interface Memory {
  /** Commands without answer, oldest first: m = its answer has several lines, t = STLS, . = other. At most 64. */
  pending: string
}

function recognise(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  port: number,
): boolean | undefined {
  if (side === 0) return false
  const good = startsWith(data, from, to, '+OK')
  const bad = startsWith(data, from, to, '-ERR ')
  if (good === false && bad === false) return false
  if (port === 110) return good === undefined || bad === undefined ? undefined : true
  const length = lineLength(data, from, to)
  if (length === 0 && to - from < UNIT_LIMIT) return undefined
  // Redis refuses with -ERR, too; a bare +OK greets nobody.
  const line = latin1(data, from, length > 0 ? from + length : to)
  return good === true ? line.length > 8 : /pop|mail|imap/i.test(line)
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  return readLine(state, side, data, from, to, side === 0 ? clientLine : serverLine)
}

function clientLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  const verb = verbOf(data, from, to)
  const bare = to - from === verb.length
  const several = ['RETR', 'TOP', 'CAPA'].includes(verb) || (bare && (verb === 'LIST' || verb === 'UIDL'))
  if (memory.pending.length < 64) memory.pending += verb === 'STLS' ? 't' : several ? 'm' : '.'
  if (verb === 'QUIT') state.closing[0] = true
  // A line without a known verb is an answer to an AUTH challenge.
  label(
    state,
    /^(?:USER|PASS|APOP|AUTH|STLS|CAPA|STAT|LIST|UIDL|RETR|DELE|TOP|NOOP|RSET|QUIT)$/.test(verb)
      ? verb
      : 'AUTH',
  )
  ask(state)
  wholeMessage(state, 0)
}

function serverLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  const server = state.sides[1]
  if (server.step === MULTILINE) {
    if (to - from !== 1 || data[from] !== 46) return
    return endOfAnswer(state)
  }
  beginMessage(state, 1)
  label(state, display(data, from, to))
  const kind = memory.pending.charAt(0)
  memory.pending = memory.pending.slice(1)
  if (data[from] === 45) reject(state, 1, display(data, from, to))
  if (kind === 'm' && startsWith(data, from, to, '+OK') === true) server.step = MULTILINE
  else endOfAnswer(state)
  if (kind === 't' && startsWith(data, from, to, '+OK') === true) switchProtocol(state, 'tls')
}

function endOfAnswer(state: ApplicationState): void {
  state.sides[1].step = 0
  endMessage(state, 1)
  replied(state)
}

function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (side === 1 && state.sides[1].step !== MULTILINE && data[from] === 45)
    reject(state, 1, display(data, from, to))
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { pending: '' } satisfies Memory
}

export const pop3: Reader = { recognise, enter, unit, cutShort }
