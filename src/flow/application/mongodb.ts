/** MongoDB (mongodb.com/docs, "Wire Protocol"): a 16-byte little-endian header; answers name the request they answer. */
import { display, latin1, u32le } from './bytes.js'
import type { Reader } from './reader.js'
import { answer, type ApplicationState, ask, label, reject, type SideIndex, wholeMessage } from './state.js'

const REPLY = 1
const QUERY = 2004
const COMPRESSED = 2012
const MSG = 2013
/** UPDATE, INSERT, DELETE, KILL_CURSORS: never answered. */
const SILENT = [2001, 2002, 2006, 2007]
const ANSWERED = [QUERY, 2005, 2010, COMPRESSED, MSG]
const MORE_TO_COME = 2
const LONGEST_MESSAGE = 48_000_000 + 16_384
/** Header, flags, section kind, document length, and the first elements of the document. */
const VIEW = 16 + 4 + 1 + 4 + 180

interface Memory {
  /** The server's current message is the last of an answer (an exhaust cursor sends more). */
  answers: boolean
}

function isHeader(data: Uint8Array, at: number): boolean {
  const length = u32le(data, at)
  const opcode = u32le(data, at + 12)
  return (
    length >= 16 &&
    length <= LONGEST_MESSAGE &&
    (opcode === REPLY || SILENT.includes(opcode) || ANSWERED.includes(opcode))
  )
}

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || (to - from > 3 && data[from + 3] > 2)) return false
  if (to - from < 16) {
    // Only what may still become a header: no answer to anything, an opcode of 20xx (07 d4 … 07 dd).
    if (to - from > 8 && data.subarray(from + 8, Math.min(to, from + 12)).some(byte => byte !== 0))
      return false
    return to - from < 14 || data[from + 13] === 7 ? undefined : false
  }
  return isHeader(data, from) && u32le(data, from + 8) === 0 && u32le(data, from + 12) !== REPLY
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < 16) return 0
  if (!isHeader(data, from)) return -1
  const length = u32le(data, from)
  const view = Math.min(length, VIEW)
  if (to - from < view) return 0
  const opcode = u32le(data, from + 12)
  const flags = opcode === MSG && view >= 20 ? u32le(data, from + 16) : 0
  const last = (flags & MORE_TO_COME) === 0
  if (side === 0 && last && ANSWERED.includes(opcode)) ask(state)
  if (opcode === MSG && view > 26 && data[from + 20] === 0)
    firstElement(state, side, data, from + 25, from + view)
  if (side === 1) (state.memory as Memory).answers = last
  wholeMessage(state, side, length - view)
  if (length === view) messageSkipped(state, side)
  return view
}

/** The first element of a command is named like the command; that of a refusal is a double "ok" of 0. */
function firstElement(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  let end = from + 1
  while (end < to && data[end] !== 0) end++
  const name = display(data, from + 1, end, 40)
  if (side === 0) return label(state, name)
  const failed =
    data[from] === 1 &&
    name === 'ok' &&
    end + 9 <= to &&
    data.subarray(end + 1, end + 9).every(byte => byte === 0)
  if (!failed) return
  const text = latin1(data, end + 9, to)
  const found = /^\x02errmsg\0.{4}([^\0]*)/s.exec(text)
  reject(state, 1, found === null ? 'not ok' : found[1])
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1 && (state.memory as Memory).answers) answer(state)
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { answers: true } satisfies Memory
}

function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  return (
    to - from >= 16 &&
    isHeader(data, from) &&
    data[from + 3] < 3 &&
    (side === 1) === (u32le(data, from + 8) !== 0)
  )
}

export const mongodb: Reader = { recognise, enter, unit, messageSkipped, resumes, midstream: true }
