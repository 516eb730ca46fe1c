/** SMTP (RFC 5321), pipelining (RFC 2920), BDAT (RFC 3030), STARTTLS (RFC 3207), AUTH (RFC 4954). */
import { latin1 } from './bytes.js'
import { isDigit, lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import { cutReply, isReply, replied, replyLine, verbOf } from './replies.js'
import {
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  type SideIndex,
  switchProtocol,
  UNIT_LIMIT,
  wholeMessage,
} from './state.js'

/** `step` of the client: 0 command, 1 message text up to the line ".". */
const TEXT = 1

interface Memory {
  startTls: boolean
  /** The next client line answers a challenge: never shown. */
  challenged: boolean
}

const PORTS = new Set([25, 465, 587, 2525])

function recognise(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  port: number,
): boolean | undefined {
  if (side === 0) return isHello(data, from, to)
  if (to > from && !isDigit(data[from])) return false
  const code = latin1(data, from, Math.min(to, from + 3))
  if (!['220', '421', '521', '554'].some(one => one.startsWith(code))) return false
  if (to - from < 4) return undefined
  if (data[from + 3] !== 32 && data[from + 3] !== 45) return false
  if (PORTS.has(port)) return true
  const length = lineLength(data, from, to)
  if (length === 0 && to - from < UNIT_LIMIT) return undefined
  return /SMTP|mail/i.test(latin1(data, from, length > 0 ? from + length : to))
}

function isHello(data: Uint8Array, from: number, to: number): boolean | undefined {
  const word = latin1(data, from, Math.min(to, from + 5)).toUpperCase()
  if (!['EHLO ', 'HELO ', 'LHLO '].some(one => one.startsWith(word))) return false
  return to - from >= 5 ? true : undefined
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
  const client = state.sides[0]
  if (client.step === TEXT) return textLine(state, data, from, to)
  ask(state)
  if (memory.challenged) {
    memory.challenged = false
    return wholeMessage(state, 0)
  }
  const verb = verbOf(data, from, to)
  label(state, verb)
  if (verb === 'STARTTLS') memory.startTls = true
  if (verb === 'QUIT') state.closing[0] = true
  const size = verb === 'BDAT' ? Number.parseInt(latin1(data, from + 4, Math.min(to, from + 20)), 10) : 0
  wholeMessage(state, 0, size > 0 ? size : 0)
}

/** The text is one message that ends with a line of a single dot, and is answered as a command is. */
function textLine(state: ApplicationState, data: Uint8Array, from: number, to: number): void {
  const client = state.sides[0]
  if (client.inProgress !== true) {
    beginMessage(state, 0)
    ask(state)
    label(state, 'message text')
  }
  if (to - from === 1 && data[from] === 46) {
    client.step = 0
    endMessage(state, 0)
  }
}

function serverLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  const code = replyLine(state, data, from, to)
  if (code === 0) return
  replied(state)
  memory.challenged = code === 334
  if (code === 354) state.sides[0].step = TEXT
  if (code === 221 || code === 421) state.closing[1] = true
  if (!memory.startTls) return
  memory.startTls = false
  if (code === 220) switchProtocol(state, 'tls')
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { startTls: false, challenged: false } satisfies Memory
}

/** Within a connection known to be SMTP: a reply, or a command that mail text is unlikely to begin with. */
function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  if (side === 1) return isReply(data, from, to)
  return /^(?:EHLO |HELO |MAIL FROM:|RCPT TO:|DATA\r|RSET\r|QUIT\r)/i.test(
    latin1(data, from, Math.min(to, from + 10)),
  )
}

export const smtp: Reader = { recognise, enter, unit, cutShort: cutReply, resumes }
