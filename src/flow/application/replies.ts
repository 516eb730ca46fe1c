/** What SMTP and FTP share: command lines, and replies that begin with three digits (RFC 5321 §4.2, RFC 959 §4.2). */
import { display, latin1 } from './bytes.js'
import { isText, replyCode } from './lines.js'
import {
  answer,
  type ApplicationState,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
} from './state.js'

/** First word of a command line in capitals, at most eight letters. */
export function verbOf(data: Uint8Array, from: number, to: number): string {
  let end = from
  while (end < to && end < from + 8 && (data[end] | 32) >= 97 && (data[end] | 32) <= 122) end++
  return latin1(data, from, end).toUpperCase()
}

/**
 * One line of a reply. `step` of the server's side holds the code while a reply of several lines is open. Answers the
 * code when the reply is complete, else 0.
 */
export function replyLine(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  const server = state.sides[1]
  const code = replyCode(data, from, to)
  if (server.step === 0) {
    beginMessage(state, 1)
    label(state, display(data, from, to))
  }
  const open = server.step === 0 ? code : server.step
  // FTP's inner lines need no code at all; only "code space" ends the reply.
  const last = code === open && data[from + 3] !== 45
  if (!last && open > 0) {
    server.step = open
    return 0
  }
  server.step = 0
  endMessage(state, 1)
  if (code >= 400) reject(state, 1, display(data, from, to))
  return code
}

/** A refusing line that the snap length cut: its code stands in front. */
export function cutReply(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const { step } = state.sides[1]
  const code = side === 1 ? replyCode(data, from, to) : 0
  if (code >= 400 && (step === 0 || step === code)) reject(state, 1, display(data, from, to))
}

/** Counts a complete reply, unless it is the greeting that nobody asked for. */
export function replied(state: ApplicationState): void {
  if (state.sides[0].started > 0) answer(state)
}

/** Can these bytes begin a line of such a reply? */
export function isReply(data: Uint8Array, from: number, to: number): boolean {
  return to - from >= 4 && replyCode(data, from, to) >= 100 && isText(data, from + 4, Math.min(to, from + 12))
}
