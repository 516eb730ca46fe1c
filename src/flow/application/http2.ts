/** HTTP/2 without TLS (RFC 9113): frames, streams as requests, RST_STREAM and GOAWAY. Header fields stay packed. */
import { display, startsWith, u24, u32 } from './bytes.js'
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
} from './state.js'

interface Memory {
  /** Highest stream the client opened. */
  newest: number
  /** Streams whose request, or whose answer, has begun and not ended; at most `MOST_OPEN` each. */
  open: [number[], number[]]
  /** Stream that ends when the frame being skipped has come; 0 = none. */
  ending: [number, number]
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const MOST_OPEN = 256
const FRAME_HEADER = 9
const LONGEST_FRAME = 16_777_215

const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const GOAWAY = 7
const END_STREAM = 1

/** RFC 9113 §7 */
const ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]
/** First octet of a field block that is one of the static table's statuses (RFC 7541 appendix A). */
const STATUSES: Readonly<Record<number, number>> = {
  0x88: 200,
  0x89: 204,
  0x8a: 206,
  0x8b: 304,
  0x8c: 400,
  0x8d: 404,
  0x8e: 500,
}

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  return side === 0 ? startsWith(data, from, to, PREFACE) : false
}

/** Frames look at this much of their payload. */
function viewOf(type: number, length: number): number {
  if (type === GOAWAY) return Math.min(length, 8 + 100)
  if (type === HEADERS) return Math.min(length, 1)
  return type === RST_STREAM ? Math.min(length, 4) : 0
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (side === 0 && data[from] === 80) {
    const preface = startsWith(data, from, to, PREFACE)
    return preface === undefined ? 0 : preface ? PREFACE.length : -1
  }
  if (to - from < FRAME_HEADER) return 0
  const length = u24(data, from)
  const type = data[from + 3]
  if (length > LONGEST_FRAME || (state.sides[side].units === 0 && side === 1 && type !== SETTINGS)) return -1
  const view = viewOf(type, length)
  if (to - from < FRAME_HEADER + view) return 0
  frame(state, side, data, from, length, view)
  return FRAME_HEADER + view
}

function frame(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  length: number,
  view: number,
): void {
  const memory = state.memory as Memory
  const me = state.sides[side]
  const type = data[from + 3]
  const flags = data[from + 4]
  const stream = u32(data, from + 5) % 0x8000_0000
  const at = from + FRAME_HEADER
  if (type === HEADERS) headers(state, side, stream, (flags & 0x28) === 0 && view > 0 ? data[at] : 0)
  if (type === GOAWAY && view >= 8) goAway(state, side, u32(data, at + 4), display(data, at + 8, at + view))
  if (type === RST_STREAM && view === 4) resetStream(state, side, stream, u32(data, at))
  me.skip = length - view
  if ((type !== DATA && type !== HEADERS) || (flags & END_STREAM) === 0) return
  if (!memory.open[side].includes(stream)) return
  if (me.skip === 0) return streamEnded(state, side, stream)
  memory.ending[side] = stream
  // Only so that messageSkipped is called; whether other streams go on is settled there.
  me.skipEndsMessage = true
}

function headers(state: ApplicationState, side: SideIndex, stream: number, first: number): void {
  const memory = state.memory as Memory
  const open = memory.open[side]
  const status = side === 1 ? STATUSES[first] : undefined
  if (status !== undefined) {
    label(state, `${status} (stream ${stream})`)
    if (status >= 400) reject(state, 1, `HTTP ${status}`)
  }
  if (open.includes(stream)) return
  if (side === 0) {
    // Trailers of a stream that is over for us, or an answer to a push: not a request.
    if (stream <= memory.newest) return
    memory.newest = stream
    ask(state)
    label(state, `request (stream ${stream})`)
  }
  if (open.length >= MOST_OPEN) {
    state.counted = false
    return
  }
  open.push(stream)
  beginMessage(state, side)
}

function streamEnded(state: ApplicationState, side: SideIndex, stream: number): void {
  const open = (state.memory as Memory).open[side]
  const at = open.indexOf(stream)
  if (at < 0) return
  open.splice(at, 1)
  state.sides[side].inProgress = true
  endMessage(state, side)
  if (open.length > 0) state.sides[side].inProgress = true
  if (side === 1) answer(state)
}

/** Either side ends the whole stream; the server thereby refuses, the client gives up what it asked for. */
function resetStream(state: ApplicationState, side: SideIndex, stream: number, code: number): void {
  const memory = state.memory as Memory
  const text = `RST_STREAM ${ERRORS[code] ?? code}`
  if (side === 1 && code !== 0) reject(state, 1, text)
  else label(state, text)
  const answering = memory.open[1].includes(stream)
  streamEnded(state, 0, stream)
  if (answering) streamEnded(state, 1, stream)
  else answer(state)
}

function goAway(state: ApplicationState, side: SideIndex, code: number, debug: string): void {
  state.closing[side] = true
  const text = `GOAWAY ${ERRORS[code] ?? code}${debug === '' ? '' : `: ${debug}`}`
  if (code === 0) label(state, text)
  else reject(state, side, text)
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  const memory = state.memory as Memory
  const stream = memory.ending[side]
  memory.ending[side] = 0
  // The frame ended one message; the driver has ended "the" message of the side.
  state.sides[side].completed--
  streamEnded(state, side, stream)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { newest: 0, open: [[], []], ending: [0, 0] } satisfies Memory
}

export const http2: Reader = { recognise, enter, unit, messageSkipped }
