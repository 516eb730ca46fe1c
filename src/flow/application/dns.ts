/** DNS over TCP (RFC 7766): a 2-byte length before each message of RFC 1035 §4. */
import { latin1, u16 } from './bytes.js'
import type { Reader } from './reader.js'
import { answer, type ApplicationState, ask, label, reject, type SideIndex, wholeMessage } from './state.js'

const PREFIX = 2
const HEADER = 12
/** Length, header, the longest name, type and class. */
const VIEW = PREFIX + HEADER + 255 + 4
const CODES = ['', 'format error', 'server failure', 'no such name', 'not implemented', 'refused']
const ZONE_TRANSFERS = [251, 252]

/** A query with one question and a well-formed name. */
function recognise(
  data: Uint8Array,
  from: number,
  to: number,
  side: SideIndex,
  port: number,
): boolean | undefined {
  if (side === 1 || (port !== 0 && port !== 53 && port !== 5353)) return false
  const length = to - from
  if (length > 1 && (data[from] > 2 || u16(data, from) < 17)) return false
  // Not an answer, no reserved bits; one question, no answers.
  if (length > 4 && (data[from + 4] & 0xfa) !== 0) return false
  if (length > 5 && (data[from + 5] & 0xcf) !== 0) return false
  if (length > 9 && (u16(data, from + 6) !== 1 || u16(data, from + 8) !== 0)) return false
  if (length < PREFIX) return undefined
  // What follows the message is no part of it: else the verdict would hang on where the segment ends.
  const message = Math.min(PREFIX + u16(data, from), VIEW)
  if (length < message) return undefined
  return questionName(data, from + PREFIX + HEADER, from + message) !== ''
}

/** The name asked for; '' = malformed or cut. */
function questionName(data: Uint8Array, from: number, to: number): string {
  let name = ''
  for (let at = from; at < to && data[at] < 64; at += data[at] + 1) {
    if (data[at] === 0) return at + 4 < to ? name || '.' : ''
    name += (name === '' ? '' : '.') + latin1(data, at + 1, Math.min(to, at + 1 + data[at]))
    if (name.length > 255) return ''
  }
  return ''
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < PREFIX) return 0
  const length = u16(data, from)
  if (length < HEADER) return -1
  const view = Math.min(PREFIX + length, VIEW)
  if (to - from < view) return 0
  const name = questionName(data, from + PREFIX + HEADER, from + view)
  wholeMessage(state, side, PREFIX + length - view)
  if (side === 0) query(state, data, from, view, name)
  else {
    answer(state)
    const code = data[from + 5] & 15
    if (code === 0 || code === 3) label(state, `answer, ${u16(data, from + 8)} records`)
    else reject(state, 1, `DNS: ${CODES[code] ?? `code ${code}`}`)
  }
  return view
}

function query(state: ApplicationState, data: Uint8Array, from: number, view: number, name: string): void {
  ask(state)
  label(state, `query ${name}`)
  if (name === '') return
  let end = from + PREFIX + HEADER
  while (data[end] !== 0) end += data[end] + 1
  // The answer to a zone transfer is any number of messages.
  if (end + 3 < from + view && ZONE_TRANSFERS.includes(u16(data, end + 1))) state.counted = false
}

function enter(state: ApplicationState): void {
  state.counted = true
}

export const dns: Reader = { recognise, enter, unit }
