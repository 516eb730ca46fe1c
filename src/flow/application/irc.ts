/** IRC (RFC 2812): lines in both directions, nothing is a request that must be answered. */
import { display, latin1, startsWith, startsWithAny } from './bytes.js'
import { lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, reject, type SideIndex, UNIT_LIMIT, wholeMessage } from './state.js'

const CLIENT = ['NICK ', 'CAP LS', 'CAP REQ', 'JOIN #']
const SERVER = ['NOTICE AUTH ', 'ERROR :Closing', 'NOTICE * :']

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  const found = startsWithAny(data, from, to, side === 0 ? CLIENT : SERVER)
  if (found !== false) return found
  if (side === 0 || data[from] !== 58) return false
  // ":irc.example.net NOTICE AUTH :*** Looking up your hostname", ":irc.example.net 001 nick :Welcome"
  const length = lineLength(data, from, to)
  if (length === 0 && to - from < UNIT_LIMIT) return undefined
  return /^:[\w.-]{1,63} (?:NOTICE|\d{3}) /.test(latin1(data, from, Math.min(to, from + 80)))
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  return readLine(state, side, data, from, to, line)
}

function line(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): void {
  wholeMessage(state, side)
  if (side === 0) {
    const word = latin1(data, from, Math.min(to, from + 16)).split(' ')[0]
    if (word === 'QUIT') state.closing[0] = true
    return label(state, word)
  }
  if (startsWith(data, from, to, 'ERROR ') !== true) return
  state.closing[1] = true
  reject(state, 1, display(data, from, to))
}

/** Lines are short: after a loss, a piece that begins with a letter or a colon begins a line as a rule. */
function resumes(data: Uint8Array, from: number, to: number): boolean {
  return /^(?::\S{1,100} [A-Z\d]{3,7} |[A-Z]{3,7} )/.test(latin1(data, from, Math.min(to, from + 120)))
}

export const irc: Reader = { recognise, unit, resumes }
