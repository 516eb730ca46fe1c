/** Android Debug Bridge (android.googlesource.com, adb/protocol.txt): 24-byte headers; a stream, nothing is paired. */
import { latin1, startsWith, u32le } from './bytes.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, type SideIndex, wholeMessage } from './state.js'

const HEADER = 24
const LONGEST_PAYLOAD = 16 * 1024 * 1024

/** The last word of a header is the complement of the first. */
function isHeader(data: Uint8Array, at: number): boolean {
  return (u32le(data, at) ^ u32le(data, at + 20)) === -1 && u32le(data, at + 12) <= LONGEST_PAYLOAD
}

function recognise(data: Uint8Array, from: number, to: number): boolean | undefined {
  const agrees = startsWith(data, from, to, 'CNXN')
  if (agrees === false) return false
  return to - from < HEADER ? undefined : isHeader(data, from)
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < HEADER) return 0
  if (!isHeader(data, from)) return -1
  label(state, latin1(data, from, from + 4))
  wholeMessage(state, side, u32le(data, from + 12))
  return HEADER
}

function resumes(data: Uint8Array, from: number, to: number): boolean {
  return to - from >= HEADER && isHeader(data, from) && data[from] >= 65 && data[from] <= 90
}

export const adb: Reader = { recognise, unit, resumes, midstream: true }
