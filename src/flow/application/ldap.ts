/** LDAP (RFC 4511): BER messages; an operation's answer has a tag of its own. */
import { display, u16, u24, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  label,
  reject,
  type SideIndex,
  switchProtocol,
  wholeMessage,
} from './state.js'

const BIND = 0x60
const UNBIND = 0x42
const ABANDON = 0x50
const SEARCH = 0x63
const EXTENDED = 0x77
const EXTENDED_RESPONSE = 0x78
/** bind, done, modify, add, delete, rename, compare, extended: the last message of an answer. */
const FINAL = new Set([0x61, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, EXTENDED_RESPONSE])
const NAMES: Readonly<Record<number, string>> = {
  0x60: 'bind',
  0x61: 'bind result',
  0x42: 'unbind',
  0x63: 'search',
  0x64: 'entry',
  0x65: 'search result',
  0x66: 'modify',
  0x67: 'modify result',
  0x68: 'add',
  0x69: 'add result',
  0x4a: 'delete',
  0x6b: 'delete result',
  0x6c: 'rename',
  0x6d: 'rename result',
  0x6e: 'compare',
  0x6f: 'compare result',
  0x50: 'abandon',
  0x73: 'reference',
  0x77: 'extended',
  0x78: 'extended result',
  0x79: 'intermediate',
}
const START_TLS = '1.3.6.1.4.1.1466.20037'
const LONGEST_MESSAGE = 64 * 1024 * 1024
/** As much behind the length as is looked at: id, tag, and a short answer or the name of an extended request. */
const VIEW = 48

/** A BER length at `at`: its own bytes and its value; undefined = cut, null = not definite or too long. */
function berLength(
  data: Uint8Array,
  at: number,
  to: number,
): { bytes: number; value: number } | null | undefined {
  if (at >= to) return undefined
  const first = data[at]
  if (first < 128) return { bytes: 1, value: first }
  const bytes = first & 127
  if (bytes === 0 || bytes > 4) return null
  if (at + 1 + bytes > to) return undefined
  const value = [data[at + 1], u16(data, at + 1), u24(data, at + 1), u32(data, at + 1)][bytes - 1]
  return { bytes: 1 + bytes, value }
}

/** SEQUENCE, message id, and an operation a client may open with. */
function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] !== 0x30) return false
  const length = berLength(data, from + 1, to)
  if (!length) return length === null ? false : undefined
  const at = from + 1 + length.bytes
  if (at < to && data[at] !== 2) return false
  if (at + 1 < to && (data[at + 1] < 1 || data[at + 1] > 4)) return false
  if (at + 2 > to || at + 2 + data[at + 1] >= to) return undefined
  return [BIND, SEARCH, EXTENDED].includes(data[at + 2 + data[at + 1]]) && length.value >= 7
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (data[from] !== 0x30) return -1
  const length = berLength(data, from + 1, to)
  if (!length) return length === null ? -1 : 0
  if (length.value < 5 || length.value > LONGEST_MESSAGE) return -1
  const header = 1 + length.bytes
  const view = Math.min(length.value, VIEW)
  if (to - from < header + view) return 0
  const at = from + header
  if (data[at] !== 2 || data[at + 1] > 4) return -1
  wholeMessage(state, side, length.value - view)
  operation(state, side, data, at + 2 + data[at + 1], at + view)
  return header + view
}

function operation(state: ApplicationState, side: SideIndex, data: Uint8Array, at: number, to: number): void {
  const tag = data[at]
  label(state, NAMES[tag] ?? 'message')
  if (side === 0) {
    if (tag === UNBIND) state.closing[0] = true
    if (tag !== UNBIND && tag !== ABANDON) ask(state)
    state.memory = { startTls: tag === EXTENDED && display(data, at, to).includes(START_TLS) }
    return
  }
  if (!FINAL.has(tag)) return
  const unasked = state.outstanding === 0
  answer(state)
  const inner = berLength(data, at + 1, to)
  const code = inner ? at + 1 + inner.bytes : to
  const result = code + 2 < to && data[code] === 10 ? data[code + 2] : 0
  // 5, 6 compare; 10 refers elsewhere; 14 goes on (RFC 4511 §4.1.9).
  if (result !== 0 && ![5, 6, 10, 14].includes(result)) reject(state, 1, `LDAP result ${result}`)
  if (unasked && tag === EXTENDED_RESPONSE) state.closing[1] = true
  const wanted = (state.memory as { startTls: boolean } | null)?.startTls === true
  if (wanted && tag === EXTENDED_RESPONSE && result === 0) switchProtocol(state, 'tls')
}

function enter(state: ApplicationState): void {
  state.counted = true
}

export const ldap: Reader = { recognise, enter, unit }
