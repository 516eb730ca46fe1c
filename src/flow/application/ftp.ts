/** FTP's control connection (RFC 959), AUTH TLS (RFC 4217). */
import { display, latin1 } from './bytes.js'
import { isDigit, lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import { cutReply, isReply, replied, replyLine, verbOf } from './replies.js'
import {
  type ApplicationState,
  ask,
  label,
  type SideIndex,
  switchProtocol,
  UNIT_LIMIT,
  wholeMessage,
} from './state.js'

/** Commands whose argument is nobody's business. */
const SECRET = new Set(['PASS', 'USER', 'ACCT', 'ADAT'])

function recognise(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  port: number,
): boolean | undefined {
  if (side === 0) return false
  if (to > from && !isDigit(data[from])) return false
  const code = latin1(data, from, Math.min(to, from + 3))
  if (!['120', '220', '421', '530'].some(one => one.startsWith(code))) return false
  if (to - from < 4) return undefined
  if (data[from + 3] !== 32 && data[from + 3] !== 45) return false
  if (port === 21) return true
  const length = lineLength(data, from, to)
  if (length === 0 && to - from < UNIT_LIMIT) return undefined
  return /FTP/i.test(latin1(data, from, length > 0 ? from + length : to))
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
  const verb = verbOf(data, from, to)
  label(state, SECRET.has(verb) ? verb : display(data, from, to))
  if (verb === 'QUIT') state.closing[0] = true
  state.memory = { authTls: verb === 'AUTH' }
  ask(state)
  wholeMessage(state, 0)
}

/** 1xx announces that another reply follows when the transfer is over (RFC 959 §4.2.1). */
function serverLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const code = replyLine(state, data, from, to)
  if (code === 0 || code < 200) return
  replied(state)
  if (code === 221 || code === 421) state.closing[1] = true
  if (code === 234 && (state.memory as { authTls: boolean } | null)?.authTls === true)
    switchProtocol(state, 'tls')
}

function enter(state: ApplicationState): void {
  state.counted = true
}

function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  if (side === 1) return isReply(data, from, to)
  return /^[A-Z]{3,4}[ \r]/i.test(latin1(data, from, Math.min(to, from + 5)))
}

export const ftp: Reader = { recognise, enter, unit, cutShort: cutReply, resumes }
