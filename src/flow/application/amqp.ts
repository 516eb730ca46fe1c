/** AMQP 0-9-1 (its specification §2.3) and 1.0 (OASIS, part 2.3): frames, and the reasons given in close. */
import { display, startsWith, u16, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, reject, type SideIndex, wholeMessage } from './state.js'

/** `step` = what follows the protocol header: frames of 0-9-1 or of 1.0. */
const FRAMES_0 = 1
const FRAMES_1 = 2
const METHOD = 1
const LONGEST_FRAME = 0x0800_0000
const CLOSE_VIEW = 4 + 2 + 1 + 110
/** Performative of AMQP 1.0 that ends a connection, and how much of it is looked at for the words. */
const CLOSE_1 = 0x18
const CLOSE_1_VIEW = 200

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (startsWith(data, from, to, 'AMQP') === false) return false
  if (to - from < 8) return undefined
  return data[from + 4] <= 3 && (side === 0 || data[from + 4] > 0 || data[from + 5] <= 1)
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const me = state.sides[side]
  const header = startsWith(data, from, to, 'AMQP')
  if (header === true) return protocolHeader(state, side, data, from, to)
  if (header === undefined) return 0
  if (me.step === 0) me.step = state.sides[1 - side].step
  return me.step === FRAMES_1 ? frameOf1(state, side, data, from, to) : frameOf0(state, side, data, from, to)
}

/** A server sends one only to say which version it would have liked, or in 1.0, where both sides do. */
function protocolHeader(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from < 8) return 0
  const old = data[from + 4] === 0 && data[from + 5] === 0
  state.sides[side].step = old ? FRAMES_0 : FRAMES_1
  wholeMessage(state, side)
  const text = `AMQP ${data[from + 5]}.${data[from + 6]}.${data[from + 7]}`
  if (side === 1 && state.sides[0].step !== state.sides[1].step) reject(state, 1, `wants ${text}`)
  else label(state, text)
  return 8
}

function frameOf0(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const type = data[from]
  if (type !== METHOD && type !== 2 && type !== 3 && type !== 8) return -1
  if (to - from < 7) return 0
  const length = u32(data, from + 3)
  if (length > LONGEST_FRAME) return -1
  const view = type === METHOD ? Math.min(length, CLOSE_VIEW) : 0
  if (to - from < 7 + view) return 0
  // A heartbeat is no message.
  if (type === 8) state.sides[side].skip = length + 1
  else wholeMessage(state, side, length - view + 1)
  if (view >= 7) closeMethod(state, side, data, from + 7, from + 7 + view)
  return 7 + view
}

/** connection.close (10, 50) and channel.close (20, 40): reply code, reply text. */
function closeMethod(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  at: number,
  to: number,
): void {
  const method = u32(data, at)
  const connection = method === 0x000a_0032
  if (!connection && method !== 0x0014_0028) return
  if (connection) state.closing[side] = true
  const code = u16(data, at + 4)
  const text = `${code} ${display(data, at + 7, Math.min(to, at + 7 + data[at + 6]))}`
  if (code >= 300) reject(state, side, text)
  else label(state, `close ${text}`)
}

function frameOf1(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from < 8) return 0
  const length = u32(data, from)
  const offset = data[from + 4] * 4
  if (length < 8 || length > LONGEST_FRAME || offset < 8 || offset > length || data[from + 5] > 1) return -1
  const view = Math.min(length, 8 + CLOSE_1_VIEW)
  if (to - from < view) return 0
  if (length === 8) return 8
  wholeMessage(state, side, length - view)
  const at = from + offset
  if (at + 3 < from + view && data[at] === 0 && data[at + 1] === 0x53 && data[at + 2] === CLOSE_1) {
    state.closing[side] = true
    // An error is a condition's name ("amqp:connection:forced") and perhaps words.
    const words = /amqp:[a-z:-]+/.exec(display(data, at + 3, from + view, CLOSE_1_VIEW))
    if (words === null) label(state, 'close')
    else reject(state, side, words[0])
  }
  return view
}

export const amqp: Reader = { recognise, unit }
