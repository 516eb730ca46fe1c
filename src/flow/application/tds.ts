/** SQL Server's TDS ([MS-TDS] §2.2.3): packets whose end-of-message bit ends a request or an answer. */
import { u16, u16le, u32le } from './bytes.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  beginMessage,
  label,
  reject,
  type SideIndex,
  skipMessage,
  wholeMessage,
} from './state.js'

const PRELOGIN = 0x12
const RESPONSE = 4
const END_OF_MESSAGE = 1
const ERROR_TOKEN = 0xaa
const HEADER = 8
/** Token, length, number, state, class, message length, and 60 characters of UTF-16. */
const ERROR_VIEW = 1 + 2 + 4 + 1 + 1 + 2 + 120

const NAMES: Readonly<Record<number, string>> = {
  1: 'SQL batch',
  3: 'RPC',
  4: 'response',
  6: 'attention',
  7: 'bulk load',
  14: 'transaction',
  16: 'login',
  17: 'SSPI',
  18: 'prelogin',
}

/** A prelogin message whose first option is VERSION. */
function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] !== PRELOGIN || (to - from > 1 && data[from + 1] > 1)) return false
  if (to - from < 9) return undefined
  return data[from + 8] === 0 && u16(data, from + 2) > 9 && u16(data, from + 2) < 512
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const me = state.sides[side]
  const type = data[from]
  const name = NAMES[type]
  if (name === undefined) return -1
  if (to - from < HEADER) return 0
  const length = u16(data, from + 2)
  if (length < HEADER) return -1
  const begins = me.inProgress !== true
  const view = begins && type === RESPONSE ? Math.min(length - HEADER, ERROR_VIEW) : 0
  if (to - from < HEADER + view) return 0
  if (begins) {
    beginMessage(state, side)
    label(state, name)
    if (side === 0) ask(state)
    if (view > 11 && data[from + HEADER] === ERROR_TOKEN)
      errorToken(state, data, from + HEADER, from + HEADER + view)
  }
  const rest = length - HEADER - view
  if ((data[from + 1] & END_OF_MESSAGE) === 0) me.skip = rest
  else if (rest > 0) skipMessage(state, side, rest)
  else {
    wholeMessage(state, side)
    messageSkipped(state, side)
  }
  return HEADER + view
}

function errorToken(state: ApplicationState, data: Uint8Array, from: number, to: number): void {
  const end = Math.min(to - 1, from + 11 + 2 * u16le(data, from + 9))
  let text = ''
  for (let at = from + 11; at < end; at += 2) text += String.fromCharCode(u16le(data, at))
  reject(state, 1, `Msg ${u32le(data, from + 3)}: ${text}`)
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1) answer(state)
}

function enter(state: ApplicationState): void {
  state.counted = true
}

export const tds: Reader = { recognise, enter, unit, messageSkipped }
