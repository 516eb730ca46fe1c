/** PostgreSQL (postgresql.org/docs, "Frontend/Backend Protocol"): each query or Sync is answered up to a ReadyForQuery. */
import { display, latin1, u32 } from './bytes.js'
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
  skipMessage,
  switchProtocol,
  wholeMessage,
} from './state.js'

/** `step` of the client: messages have a type byte (the startup message has none). */
const TYPED = 1

interface Memory {
  /** The server answers an SSLRequest or GSSENCRequest with one byte. */
  encryption: '' | 'ssl' | 'gss'
  /** Within a run of extended-query messages that a Sync will end. */
  batch: boolean
}

const STARTUP = 196_608
const STARTUP_3_2 = 196_610
const CANCEL = 80_877_102
const SSL_REQUEST = 80_877_103
const GSS_REQUEST = 80_877_104
const LONGEST_MESSAGE = 0x4000_0000
/** As much of an error as is read for its text. */
const ERROR_VIEW = 400

const NAMES: Readonly<Record<string, string>> = {
  Q: 'query',
  P: 'parse',
  B: 'bind',
  E: 'execute',
  S: 'sync',
  F: 'function call',
  X: 'terminate',
  p: 'password',
  d: 'copy data',
  c: 'copy done',
  C: 'close',
  D: 'describe',
  H: 'flush',
  f: 'copy fail',
}

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1) return false
  if (data[from] !== 0 || (to - from > 1 && data[from + 1] !== 0) || (to - from > 2 && data[from + 2] > 39))
    return false
  if (to - from > 4 && data[from + 4] !== 0 && data[from + 4] !== 4) return false
  if (to - from < 8) return undefined
  return (
    [STARTUP, STARTUP_3_2, CANCEL, SSL_REQUEST, GSS_REQUEST].includes(u32(data, from + 4)) &&
    u32(data, from) >= 8
  )
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const memory = state.memory as Memory
  if (side === 0)
    return state.sides[0].step === TYPED
      ? clientMessage(state, data, from, to)
      : startup(state, data, from, to)
  return memory.encryption === ''
    ? serverMessage(state, data, from, to)
    : encryptionAnswer(state, memory, data[from])
}

function startup(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  if (to - from < 8) return 0
  const length = u32(data, from)
  if (length < 8 || length > 10_000) return -1
  const code = u32(data, from + 4)
  const memory = state.memory as Memory
  if (code === SSL_REQUEST || code === GSS_REQUEST) {
    memory.encryption = code === SSL_REQUEST ? 'ssl' : 'gss'
    label(state, code === SSL_REQUEST ? 'SSL request' : 'GSS request')
  } else label(state, code === CANCEL ? 'cancel request' : 'startup')
  if (code === CANCEL) state.closing[0] = true
  else ask(state)
  if (code >> 16 === 3) state.sides[0].step = TYPED
  wholeMessage(state, 0, length - 8)
  return 8
}

/** One byte: S or G = encryption follows, N = not. Anything else is an error of a server too old to know the request. */
function encryptionAnswer(state: ApplicationState, memory: Memory, byte: number): number {
  if (byte !== 83 && byte !== 71 && byte !== 78) {
    memory.encryption = ''
    return -1
  }
  wholeMessage(state, 1)
  answer(state)
  label(state, byte === 78 ? 'no encryption' : 'encryption accepted')
  memory.encryption = ''
  if (byte === 83) switchProtocol(state, 'tls')
  else if (byte === 71) for (const side of state.sides) side.framing = 'opaque'
  return 1
}

/** Password, batch of extended messages up to Sync, or a simple query. */
function clientMessage(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  if (to - from < 5) return 0
  const type = String.fromCharCode(data[from])
  const length = u32(data, from + 1)
  const name = NAMES[type]
  if (name === undefined || length < 4 || length > LONGEST_MESSAGE) return -1
  const query = type === 'Q' ? Math.min(length - 4, 16) : 0
  if (to - from < 5 + query) return 0
  const verb = /^[A-Za-z]+/.exec(latin1(data, from + 5, from + 5 + query))
  label(state, verb === null ? name : `${name} ${verb[0].toUpperCase()}`)
  const memory = state.memory as Memory
  const starts = 'PBEDCHSQF'.includes(type) && !memory.batch
  if (starts) ask(state)
  if (type === 'X') state.closing[0] = true
  if (starts || state.sides[0].inProgress !== true) beginMessage(state, 0)
  memory.batch = 'PBEDCH'.includes(type)
  const rest = length - 4 - query
  if (memory.batch) state.sides[0].skip = rest
  else if (rest > 0) skipMessage(state, 0, rest)
  else endMessage(state, 0)
  return 5 + query
}

function serverMessage(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  if (to - from < 5) return 0
  const type = String.fromCharCode(data[from])
  const length = u32(data, from + 1)
  if (!/[A-Za-z123]/.test(type) || length < 4 || length > LONGEST_MESSAGE) return -1
  const view = Math.min(length - 4, type === 'E' ? ERROR_VIEW : type === 'R' ? 4 : 0)
  if (to - from < 5 + view) return 0
  if (type === 'E') errorResponse(state, data, from + 5, from + 5 + view)
  if (type === 'W') state.counted = false
  const rest = length - 4 - view
  const server = state.sides[1]
  // Notices, parameters and notifications come at any time; between answers they belong to none.
  if (server.inProgress !== true && 'NSA'.includes(type)) server.skip = rest
  else if (type === 'Z' || (type === 'R' && view === 4 && u32(data, from + 5) !== 0))
    wholeMessage(state, 1, rest)
  else if (type === 'E' && state.closing[1]) server.skip = rest
  else {
    if (server.inProgress !== true) beginMessage(state, 1)
    server.skip = rest
  }
  if (type === 'Z') {
    label(state, 'ready')
    answer(state)
  }
  return 5 + view
}

/** Fields of one letter and a text each: S severity, C code, M message. FATAL and PANIC end the session without a Z. */
function errorResponse(state: ApplicationState, data: Uint8Array, from: number, to: number): void {
  let severity = ''
  let message = ''
  for (let at = from; at < to && data[at] !== 0; ) {
    let end = at + 1
    while (end < to && data[end] !== 0) end++
    if (data[at] === 83) severity = display(data, at + 1, end, 20)
    if (data[at] === 77) message = display(data, at + 1, end)
    at = end + 1
  }
  reject(state, 1, `${severity}: ${message}`)
  if (severity !== 'FATAL' && severity !== 'PANIC') return
  state.closing[1] = true
  const server = state.sides[1]
  if (server.inProgress !== true) beginMessage(state, 1)
  endMessage(state, 1)
  answer(state)
}

function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const { encryption } = state.memory as Memory
  if (side === 1 && encryption === '' && data[from] === 69 && to - from > 5)
    errorResponse(state, data, from + 5, to)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { encryption: '', batch: false } satisfies Memory
}

export const postgresql: Reader = { recognise, enter, unit, cutShort }
