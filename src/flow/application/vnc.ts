/** VNC's RFB (RFC 6143 §7.1): version lines, the security types, and the reason of a refusal; the rest is not read. */
import { display, startsWith, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, loseFraming, reject, type SideIndex, wholeMessage } from './state.js'

/** `step`: security types (server), a refusal's reason (server), anything. */
const SECURITY = 1
const REASON = 2
const VERSION_BYTES = 12

function recognise(data: Uint8Array, from: number, to: number): boolean | undefined {
  return startsWith(data, from, to, 'RFB 0')
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const me = state.sides[side]
  if (me.step === 0) return version(state, side, data, from, to)
  if (me.step === REASON) return reason(state, data, from, to)
  return securityTypes(state, data, from, to)
}

function version(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const agrees = startsWith(data, from, to, 'RFB 0')
  if (agrees === false) return -1
  if (to - from < VERSION_BYTES) return 0
  wholeMessage(state, side)
  label(state, display(data, from, from + VERSION_BYTES - 1))
  state.memory = { version: side === 0 ? data[from + 10] - 48 : 8 }
  if (side === 1) state.sides[1].step = SECURITY
  else loseFraming(state, 0)
  return VERSION_BYTES
}

/** Until 3.3 one type of four bytes, from 3.7 on a count and a byte each; type or count 0 is followed by the reason. */
function securityTypes(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  const old = ((state.memory as { version: number } | null)?.version ?? 8) < 7
  if (old && to - from < 4) return 0
  const count = old ? u32(data, from) : data[from]
  if (count === 0) state.sides[1].step = REASON
  else loseFraming(state, 1)
  return old ? 4 : 1
}

function reason(state: ApplicationState, data: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return 0
  const length = Math.min(u32(data, from), 300)
  if (to - from < 4 + length) return 0
  wholeMessage(state, 1)
  state.closing[1] = true
  reject(state, 1, display(data, from + 4, from + 4 + length))
  loseFraming(state, 1)
  return 4 + length
}

export const vnc: Reader = { recognise, unit }
