/** Cassandra's CQL protocol (github.com/apache/cassandra, doc/native_protocol_v3 to v5): frames on numbered streams. */
import { display, u16, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  label,
  makeOpaque,
  reject,
  type SideIndex,
  wholeMessage,
} from './state.js'

const HEADER = 9
const ERROR = 0
const EVENT = 12
const STARTUP = 1
const OPTIONS = 5
const LONGEST_FRAME = 256 * 1024 * 1024
/** As much of an error as is read: code, length, words. */
const ERROR_VIEW = 4 + 2 + 200
const NAMES: Readonly<Record<number, string>> = {
  0: 'ERROR',
  1: 'STARTUP',
  2: 'READY',
  3: 'AUTHENTICATE',
  5: 'OPTIONS',
  6: 'SUPPORTED',
  7: 'QUERY',
  8: 'RESULT',
  9: 'PREPARE',
  10: 'EXECUTE',
  11: 'REGISTER',
  12: 'EVENT',
  13: 'BATCH',
  14: 'AUTH_CHALLENGE',
  15: 'AUTH_RESPONSE',
  16: 'AUTH_SUCCESS',
}

interface Memory {
  /** The server's current message answers a request; events do not. */
  answers: boolean
}

/** OPTIONS (empty) or STARTUP (short) opens a connection. */
function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] < 3 || data[from] > 5) return false
  if (to - from > 1 && data[from + 1] > 0x1f) return false
  if (to - from > 4 && data[from + 4] !== STARTUP && data[from + 4] !== OPTIONS) return false
  if (to - from < HEADER) return undefined
  const length = u32(data, from + 5)
  return data[from + 4] === OPTIONS ? length === 0 : length > 2 && length < 1000
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if ((data[from] & 0x80) !== (side === 1 ? 0x80 : 0)) return -1
  if (to - from < HEADER) return 0
  const opcode = data[from + 4]
  const length = u32(data, from + 5)
  if (NAMES[opcode] === undefined || length > LONGEST_FRAME) return -1
  const view = opcode === ERROR ? Math.min(length, ERROR_VIEW) : 0
  if (to - from < HEADER + view) return 0
  label(state, NAMES[opcode])
  if (side === 0) ask(state)
  if (side === 1) (state.memory as Memory).answers = opcode !== EVENT
  wholeMessage(state, side, length - view)
  if (length === view) messageSkipped(state, side)
  if (view > 6) errorFrame(state, data, from + HEADER, from + HEADER + view)
  // From version 5 on, checksummed segments follow the start-up (native_protocol_v5 §2.2).
  if (side === 1 && (data[from] & 127) >= 5 && (opcode === 2 || opcode === 3)) makeOpaque(state)
  return HEADER + view
}

function errorFrame(state: ApplicationState, data: Uint8Array, at: number, to: number): void {
  const words = display(data, at + 6, Math.min(to, at + 6 + u16(data, at + 4)))
  // An answer like any other, but words worth more than its name.
  state.label = null
  reject(state, 1, `0x${u32(data, at).toString(16)} ${words}`)
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1 && (state.memory as Memory).answers) answer(state)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { answers: true } satisfies Memory
}

export const cassandra: Reader = { recognise, enter, unit, messageSkipped }
