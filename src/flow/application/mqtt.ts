/** MQTT 3.1, 3.1.1 and 5 (OASIS): packets with a length of one to four bytes (§2.1.4 of version 5). */
import { startsWith, u16 } from './bytes.js'
import type { Reader } from './reader.js'
import { answer, type ApplicationState, ask, label, reject, type SideIndex, wholeMessage } from './state.js'

const NAMES = [
  '',
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
  'AUTH',
]
const CONNECT = 1
const CONNACK = 2
const PUBLISH = 3
const DISCONNECT = 14
/** PUBACK, PUBCOMP, SUBACK, UNSUBACK, PINGRESP and CONNACK end what their request began. */
const ANSWERS = new Set([CONNACK, 4, 7, 9, 11, 13])
const ASKS = new Set([CONNECT, 8, 10, 12])
const PINGS = new Set([12, 13])
/** Return codes of version 3 (§3.2.2.3 of 3.1.1). */
const REFUSED = [
  '',
  'unacceptable protocol version',
  'identifier rejected',
  'server unavailable',
  'bad user name or password',
  'not authorized',
]

/** Bytes of the length field at `at` and its value; undefined = cut, null = longer than four bytes. */
function remainingLength(
  data: Uint8Array,
  at: number,
  to: number,
): { bytes: number; value: number } | null | undefined {
  let value = 0
  for (let i = 0; i < 4; i++) {
    if (at + i >= to) return undefined
    value += (data[at + i] & 127) * 128 ** i
    if (data[at + i] < 128) return { bytes: i + 1, value }
  }
  return null
}

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] !== 0x10) return false
  const length = remainingLength(data, from + 1, to)
  if (!length) return length === null ? false : undefined
  const name = from + 1 + length.bytes
  const found = [startsWith(data, name, to, '\0\x04MQTT'), startsWith(data, name, to, '\0\x06MQIsdp')]
  if (found.includes(true)) return true
  return found.includes(undefined) ? undefined : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const type = data[from] >> 4
  if (type === 0) return -1
  const length = remainingLength(data, from + 1, to)
  if (!length) return length === null ? -1 : 0
  const view = type === CONNACK || type === DISCONNECT ? Math.min(length.value, 2) : 0
  const header = 1 + length.bytes
  if (to - from < header + view) return 0
  label(state, NAMES[type])
  const me = state.sides[side]
  // Pings keep the connection open; they are asked and answered, but no message of the application.
  if (PINGS.has(type)) me.skip = length.value
  else wholeMessage(state, side, length.value - view)
  const quality = type === PUBLISH ? (data[from] >> 1) & 3 : 0
  if (side === 0 && (ASKS.has(type) || quality > 0)) ask(state)
  if (side === 1 && ANSWERS.has(type)) answer(state)
  if (view > 0) reasons(state, side, type, data, from + header, view)
  else if (type === DISCONNECT) state.closing[side] = true
  return header + view
}

function reasons(
  state: ApplicationState,
  side: SideIndex,
  type: number,
  data: Uint8Array,
  at: number,
  view: number,
): void {
  if (type === DISCONNECT) {
    state.closing[side] = true
    if (data[at] >= 0x80) reject(state, side, `DISCONNECT 0x${data[at].toString(16)}`)
  } else if (view === 2 && (u16(data, at) & 255) !== 0) {
    const code = data[at + 1]
    reject(state, 1, `CONNACK ${REFUSED[code] ?? `0x${code.toString(16)}`}`)
  }
}

function enter(state: ApplicationState): void {
  state.counted = true
}

export const mqtt: Reader = { recognise, enter, unit }
