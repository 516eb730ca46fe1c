/** WebSocket (RFC 6455 §5) after HTTP's 101: frames, close frames with their code and reason. */
import { display, u16, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import {
  type ApplicationState,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  skipMessage,
} from './state.js'

const CLOSE = 8
const NAMES: Readonly<Record<number, string>> = { 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < 2) return 0
  const opcode = data[from] & 15
  const fin = (data[from] & 0x80) !== 0
  const masked = (data[from + 1] & 0x80) !== 0
  const short = data[from + 1] & 0x7f
  if (opcode > 10 || (opcode > 2 && opcode < 8) || (opcode >= 8 && (!fin || short > 125))) return -1
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0
  const header = 2 + extra + (masked ? 4 : 0)
  const view = opcode === CLOSE ? short : 0
  if (to - from < header + view) return 0
  const length =
    extra === 0
      ? short
      : extra === 2
        ? u16(data, from + 2)
        : u32(data, from + 2) * 2 ** 32 + u32(data, from + 6)
  if (length > Number.MAX_SAFE_INTEGER) return -1
  if (opcode === CLOSE) closeFrame(state, side, data, from + header, view, masked)
  else frame(state, side, opcode, fin, length)
  return header + view
}

/** Control frames stand between the fragments of a message and belong to none. */
function frame(state: ApplicationState, side: SideIndex, opcode: number, fin: boolean, length: number): void {
  const me = state.sides[side]
  if (opcode !== 0) label(state, `WebSocket ${NAMES[opcode]}`)
  me.skip = length
  if (opcode >= 8) return
  if (opcode !== 0 || me.inProgress !== true) beginMessage(state, side)
  if (!fin) return
  if (length > 0) skipMessage(state, side, length)
  else endMessage(state, side)
}

/** 1000 and 1001 are farewells, all other codes complaints (§7.4.1). */
function closeFrame(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  at: number,
  length: number,
  masked: boolean,
): void {
  state.closing[side] = true
  const plain = new Uint8Array(length)
  for (let i = 0; i < length; i++) plain[i] = data[at + i] ^ (masked ? data[at - 4 + (i & 3)] : 0)
  const code = length >= 2 ? u16(plain, 0) : 1005
  const text = `WebSocket close ${code} ${display(plain, 2, length)}`.trimEnd()
  if (code === 1000 || code === 1001 || code === 1005) label(state, text)
  else reject(state, side, text)
}

export const websocket: Reader = { unit }
