/** Redis, RESP2 and RESP3 (redis.io/docs/latest/develop/reference/protocol-spec): element by element, bulk bodies skipped. */
import { display, latin1, startsWithAny } from './bytes.js'
import { lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  UNIT_LIMIT,
} from './state.js'

/** `step` = elements of the current message still to come. */
interface Memory {
  /** The next bulk string of the client names its command. */
  naming: boolean
  /** Length of that name, once known. */
  nameBytes: number
  /** The current message of the server is pushed, not an answer. */
  push: boolean
}

const REFUSALS = ['-ERR max number', '-DENIED ', '-NOAUTH ', '-LOADING ', '-MISCONF ', '-MASTERDOWN ']
const MOST_ELEMENTS = 4_294_967_296
const SCALARS = '+-:_#,('

function recognise(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  port: number,
): boolean | undefined {
  if (side === 1) {
    return startsWithAny(data, from, to, REFUSALS)
  }
  if (data[from] !== 42) return port === 6379 && data[from] >= 65 && data[from] <= 122
  const text = latin1(data, from, Math.min(to, from + 16))
  if (/^\*\d{1,7}\r\n\$\d/.test(text)) return true
  return text.length < 13 && /^\*\d{0,7}(?:\r(?:\n\$?)?)?$/.test(text) ? undefined : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const memory = state.memory as Memory
  const me = state.sides[side]
  if (me.longLine) return readLine(state, side, data, from, to, () => undefined)
  if (side === 0 && memory.nameBytes > 0) return commandName(state, memory, data, from, to)
  const length = lineLength(data, from, to)
  if (length === 0 && to - from < UNIT_LIMIT) return 0
  return element(state, side, data, from, to, length)
}

function element(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
  length: number,
): number {
  const me = state.sides[side]
  const memory = state.memory as Memory
  const type = String.fromCharCode(data[from])
  const first = me.inProgress !== true
  const aggregate = '*%~>|'.includes(type)
  const bulk = '$=!'.includes(type)
  if (!aggregate && !bulk && !SCALARS.includes(type))
    return first && side === 0 ? inline(state, data, from, to) : -1
  const count = aggregate || bulk ? Number(latin1(data, from + 1, from + Math.min(length, 20)).trim()) : 0
  if (!Number.isInteger(count) || count > MOST_ELEMENTS) return -1
  if (first) beginElement(state, side, type)
  me.step--
  if (aggregate)
    me.step += Math.max(0, count) * (type === '%' || type === '|' ? 2 : 1) + (type === '|' ? 1 : 0)
  if (first && side === 1) firstOfAnswer(state, data, from, length > 0 ? from + length : to, type)
  if (bulk && count >= 0) {
    if (side === 0 && memory.naming && count > 0 && count <= 64) memory.nameBytes = count
    else body(state, side, count + 2)
    memory.naming = memory.naming && side !== 0
  } else ended(state, side)
  if (length > 0) return length
  me.longLine = true
  return to - from
}

function beginElement(state: ApplicationState, side: SideIndex, type: string): void {
  const memory = state.memory as Memory
  beginMessage(state, side)
  state.sides[side].step = 1
  if (side === 0) {
    ask(state)
    memory.naming = type === '*'
  } else memory.push = type === '>'
}

function firstOfAnswer(
  state: ApplicationState,
  data: Uint8Array,
  from: number,
  to: number,
  type: string,
): void {
  if (type === '-') reject(state, 1, display(data, from, to).trimEnd())
  else if (type === '+') label(state, display(data, from, to, 40).trimEnd())
}

/** Redis also takes plain words, for people with telnet. */
function inline(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  return readLine(state, 0, data, from, to, () => {
    beginMessage(state, 0)
    if (data[from] !== 13 && data[from] !== 10) ask(state)
    endMessage(state, 0)
  })
}

function commandName(
  state: ApplicationState,
  memory: Memory,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const wanted = memory.nameBytes + 2
  if (to - from < wanted) return 0
  label(state, display(data, from, from + memory.nameBytes).toUpperCase())
  if (/^quit$/i.test(latin1(data, from, from + memory.nameBytes))) state.closing[0] = true
  memory.nameBytes = 0
  ended(state, 0)
  return wanted
}

/** Skips a bulk string; the message ends with it when it is the last element. */
function body(state: ApplicationState, side: SideIndex, bytes: number): void {
  const me = state.sides[side]
  me.skip = bytes
  me.skipEndsMessage = me.step === 0
}

function ended(state: ApplicationState, side: SideIndex): void {
  if (state.sides[side].step > 0) return
  endMessage(state, side)
  messageSkipped(state, side)
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1 && !(state.memory as Memory).push && state.sides[0].started > 0) answer(state)
}

/** An error is told by its first byte. */
function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (side === 1 && state.sides[1].inProgress !== true && data[from] === 45)
    reject(state, 1, display(data, from, to))
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { naming: false, nameBytes: 0, push: false } satisfies Memory
}

/** + - : $ and *. */
const TYPES = new Set([43, 45, 58, 36, 42])

function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  if (!TYPES.has(data[from])) return false
  const text = latin1(data, from, Math.min(to, from + 16))
  return side === 0
    ? /^\*\d{1,7}\r\n\$\d/.test(text)
    : /^(?:\+OK\r\n|-[A-Z]{3,} |:\d{1,12}\r\n|\$\d{1,7}\r\n|\*\d{1,7}\r\n)/.test(text)
}

export const redis: Reader = { recognise, enter, unit, cutShort, messageSkipped, resumes }
