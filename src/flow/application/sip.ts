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

/** `step`: within a head. */
const HEADERS = 1

interface Memory {
  /** Content-Length of each side's current message. */
  contentLength: [number, number]
  /** Each side's current message ends a request of the client. */
  answers: [boolean, boolean]
}

function reader(version: string): Reader {
  /** A request line, or a status line. */
  function recognise(data: Uint8Array, from: number, to: number): boolean | undefined {
    const status = startsWith(data, from, to, version)
    if (status !== false) return status
    if (data[from] < 65 || data[from] > 90) return false
    if (!/^[A-Z_]{1,16}(?: |$)/.test(latin1(data, from, Math.min(to, from + 17)))) return false
    const length = lineLength(data, from, to)
    if (length === 0) return to - from < UNIT_LIMIT ? undefined : false
    return latin1(data, Math.max(from, from + length - 12), from + length).includes(` ${version}`)
  }

  function unit(
    state: ApplicationState,
    side: SideIndex,
    data: Uint8Array,
    from: number,
    to: number,
  ): number {
    const me = state.sides[side]
    if (me.step === HEADERS || me.longLine) return readLine(state, side, data, from, to, headerLine)
    // RTSP carries media between its messages: '$', channel, length (RFC 2326 §10.12).
    if (data[from] === 36) return interleaved(state, side, data, from, to)
    // SIP keep-alives (RFC 5626 §3.5.1).
    if (data[from] === 13 || data[from] === 10) return 1
    const mine = recognise(data, from, to)
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
    if (startsWith(data, from, to, version) === true) {
      const status = Number.parseInt(latin1(data, from + 8, Math.min(to, from + 12)), 10)
      label(state, display(data, from + 8, to, 60))
      memory.answers[side] = side === 1 && status >= 200
      if (side === 1 && status >= 400) reject(state, 1, display(data, from, to))
      return
    }
    const method = latin1(data, from, Math.min(to, from + 16)).split(' ')[0]
    label(state, display(data, from, to))
    // ACK is never answered (RFC 3261 §17.1.1.3).
    if (side === 0 && method !== 'ACK') ask(state)
  }

  return {
    recognise,
    enter,
    unit,
    messageSkipped,
    resumes: (...piece) => recognise(piece[0], piece[1], piece[2]) === true,
    midstream: true,
  }
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

export const sip = reader('SIP/2.0')
export const rtsp = reader('RTSP/1.0')
