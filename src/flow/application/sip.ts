/** SIP (RFC 3261) and RTSP (RFC 2326, RFC 7826) over TCP: heads like HTTP's, requests in both directions. */
import { display, latin1, startsWith } from './bytes.js'
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
  skipMessage,
  UNIT_LIMIT,
} from './state.js'

const SIP = 'SIP/2.0'
const RTSP = 'RTSP/1.0'

/** `step`: within a head. */
const HEADERS = 1

interface Memory {
  /** Content-Length of each side's current message. */
  contentLength: [number, number]
  /** Each side's current message ends a request of the client. */
  answers: [boolean, boolean]
}

/** "SIP/2.0 200 OK" and "OPTIONS sip:x SIP/2.0" name their protocol at either end of the line. */
function isStartLine(data: Uint8Array, from: number, to: number, version: string): boolean | undefined {
  const status = startsWith(data, from, to, version)
  if (status !== false) return status
  if (data[from] < 65 || data[from] > 90) return false
  if (!/^[A-Z_]{1,16}(?: |$)/.test(latin1(data, from, Math.min(to, from + 17)))) return false
  const length = lineLength(data, from, to)
  if (length === 0) return to - from < UNIT_LIMIT ? undefined : false
  return latin1(data, Math.max(from, from + length - 12), from + length).includes(` ${version}`)
}

function versionOf(state: ApplicationState): string {
  return state.protocol === 'sip' ? SIP : RTSP
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const me = state.sides[side]
  if (me.step === HEADERS || me.longLine) return readLine(state, side, data, from, to, headerLine)
  // RTSP carries media between its messages: '$', channel, length (RFC 2326 §10.12).
  if (data[from] === 36) return interleaved(state, side, data, from, to)
  // SIP keep-alives (RFC 5626 §3.5.1).
  if (data[from] === 13 || data[from] === 10) return 1
  const mine = isStartLine(data, from, to, versionOf(state))
  if (mine !== true) return mine === false ? -1 : 0
  return readLine(state, side, data, from, to, startLine)
}

function startLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  beginMessage(state, side)
  state.sides[side].step = HEADERS
  memory.contentLength[side] = 0
  memory.answers[side] = false
  if (startsWith(data, from, to, versionOf(state)) !== true) {
    // ACK is never answered (RFC 3261 §17.1.1.3).
    if (side === 0 && startsWith(data, from, to, 'ACK ') !== true) ask(state)
    return label(state, display(data, from, to))
  }
  const status = Number.parseInt(latin1(data, from + 8, Math.min(to, from + 12)), 10)
  label(state, display(data, from + 8, to, 60).trimStart())
  memory.answers[side] = side === 1 && status >= 200
  if (side === 1 && status >= 400) reject(state, 1, display(data, from, to))
}

function interleaved(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from < 4) return 0
  state.sides[side].skip = data[from + 2] * 256 + data[from + 3]
  return 4
}

function headerLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const memory = state.memory as Memory
  if (from < to) {
    const first = data[from] | 32
    if (first !== 99 && first !== 108) return
    const found = /^(?:content-length|l)\s*:\s*(\d{1,9})/i.exec(latin1(data, from, Math.min(to, from + 60)))
    if (found !== null) memory.contentLength[side] = Number(found[1])
    return
  }
  state.sides[side].step = 0
  if (memory.contentLength[side] > 0) return skipMessage(state, side, memory.contentLength[side])
  endMessage(state, side)
  messageSkipped(state, side)
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if ((state.memory as Memory).answers[side]) answer(state)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { contentLength: [0, 0], answers: [false, false] } satisfies Memory
}

function reader(version: string): Reader {
  return {
    recognise: (data, from, to) => isStartLine(data, from, to, version),
    enter,
    unit,
    messageSkipped,
    resumes: (data, from, to) => isStartLine(data, from, to, version) === true,
    midstream: true,
  }
}

export const sip = reader(SIP)
export const rtsp = reader(RTSP)
