/** IMAP4 (RFC 9051): tagged commands and answers, literals, IDLE (§6.3.13), STARTTLS (§6.2.1). */
import { display, latin1, startsWithAny } from './bytes.js'
import { readLine } from './lines.js'
import type { Reader } from './reader.js'
import { replied } from './replies.js'
import {
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  switchProtocol,
} from './state.js'

interface Memory {
  startTls: boolean
  logout: boolean
  /** The client waits for news and is owed nothing until it says DONE. */
  idle: '' | 'asked' | 'idling'
  /** The line being read goes on after a literal. */
  inLiteral: [boolean, boolean]
}

const GREETINGS = ['* OK', '* PREAUTH', '* BYE']

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 0) return false
  return startsWithAny(data, from, to, GREETINGS)
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  return readLine(state, side, data, from, to, side === 0 ? clientLine : serverLine)
}

/** Bytes of the literal that a line announces at its end ("{12}", "{12+}"); -1 = none. */
function literalBytes(data: Uint8Array, from: number, to: number): number {
  if (to === from || data[to - 1] !== 125) return -1
  const found = /\{(\d{1,10})\+?\}$/.exec(latin1(data, Math.max(from, to - 14), to))
  return found === null ? -1 : Number(found[1])
}

function clientLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  if (!memory.inLiteral[0]) {
    beginMessage(state, 0)
    const [tag, verb] = latin1(data, from, Math.min(to, from + 60)).split(' ')
    if (memory.idle === 'idling' && /^DONE$/i.test(tag)) memory.idle = ''
    const word = (verb ?? tag).toUpperCase().slice(0, 20)
    // Without a tag it is an answer to an AUTHENTICATE challenge.
    label(state, verb === undefined && word !== 'DONE' ? 'AUTHENTICATE' : word)
    if (word === 'STARTTLS') memory.startTls = true
    if (word === 'IDLE') memory.idle = 'asked'
    if (word === 'LOGOUT') {
      memory.logout = true
      state.closing[0] = true
    }
    if (verb !== undefined || word === 'DONE') ask(state)
  }
  endOfLine(state, side, data, from, to)
}

/** A line with a literal goes on behind it; else the message ends unless `open`. */
function endOfLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  const literal = literalBytes(data, from, to)
  memory.inLiteral[side] = literal >= 0
  if (literal > 0) state.sides[side].skip = literal
  if (literal < 0) endMessage(state, side)
}

function serverLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  const server = state.sides[1]
  if (memory.inLiteral[1]) return endOfLine(state, side, data, from, to)
  if (server.inProgress !== true) beginMessage(state, 1)
  label(state, display(data, from, to, 60))
  const [tag, word] = latin1(data, from, Math.min(to, from + 60)).split(' ')
  endOfLine(state, side, data, from, to)
  if (memory.inLiteral[1]) return
  if (tag === '*') return untagged(state, memory, word, display(data, from, to))
  if (tag === '+') {
    if (memory.idle !== 'asked') return
    memory.idle = 'idling'
    replied(state)
    return
  }
  replied(state)
  if (word === 'NO' || word === 'BAD') reject(state, 1, display(data, from, to))
  if (memory.startTls) {
    memory.startTls = false
    if (word === 'OK') switchProtocol(state, 'tls')
  }
}

function untagged(state: ApplicationState, memory: Memory, word: string | undefined, line: string): void {
  if (word !== 'BYE') return
  state.closing[1] = true
  if (!memory.logout) reject(state, 1, line)
}

function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  if (side === 0 || memory.inLiteral[1]) return
  const [tag, word] = latin1(data, from, Math.min(to, from + 60)).split(' ')
  if (tag === '*') untagged(state, memory, word, display(data, from, to))
  else if (word === 'NO' || word === 'BAD') reject(state, 1, display(data, from, to))
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { startTls: false, logout: false, idle: '', inLiteral: [false, false] } satisfies Memory
}

export const imap: Reader = { recognise, enter, unit, cutShort }
