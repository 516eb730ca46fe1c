/** SSH: banners (RFC 4253 §4.2), the packets before encryption (§6), SSH_MSG_DISCONNECT (§11.1). */
import { display, startsWith, startsWithAny, u32 } from './bytes.js'
import { isText, readLine } from './lines.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, reject, type SideIndex, wholeMessage } from './state.js'

/** `step`: after the banner, packets follow. */
const PACKETS = 1
const DISCONNECT = 1
const NEWKEYS = 21
/** RFC 4253 §6.1 asks for 35,000; implementations take up to 256 KiB. */
const LONGEST_PACKET = 262_144

const REFUSALS = ['Exceeded MaxStartups', 'Not allowed at this time']
const BANNER = ['SSH-']
const SERVER_TEXTS = [...BANNER, ...REFUSALS]

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  return startsWithAny(data, from, to, side === 0 ? BANNER : SERVER_TEXTS)
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  const me = state.sides[side]
  // Only servers may say something before their banner.
  if (side === 0 && me.units === 0 && startsWith(data, from, to, 'SSH-') === false) return -1
  if (me.longLine || me.step !== PACKETS) return readLine(state, side, data, from, to, bannerLine)
  if (to - from < 4) return 0
  const length = u32(data, from)
  if (length > LONGEST_PACKET) {
    // sshd refuses in plain words even here: "Protocol mismatch."
    return isText(data, from, from + 4) ? readLine(state, side, data, from, to, refusal) : -1
  }
  return packet(state, side, data, from, to, length)
}

/** Lines before the banner are allowed to servers. */
function bannerLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (startsWith(data, from, to, 'SSH-') !== true) return refusal(state, side, data, from, to)
  wholeMessage(state, side)
  state.sides[side].step = PACKETS
  label(state, display(data, from, to))
}

function refusal(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): void {
  wholeMessage(state, side)
  const text = display(data, from, to)
  if (/mismatch|exceeded|not allowed|refused|denied|invalid|too many/i.test(text)) reject(state, side, text)
  else label(state, text)
}

function packet(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
  length: number,
): number {
  const me = state.sides[side]
  if (to - from < 6) return 0
  const type = data[from + 5]
  const wanted = type === DISCONNECT ? Math.min(4 + length, 14 + 200) : 6
  if (length < 5) return -1
  if (to - from < wanted) return 0
  wholeMessage(state, side, 4 + length - wanted)
  if (type === DISCONNECT && length >= 13) {
    const end = from + Math.min(wanted, 14 + u32(data, from + 10))
    state.closing[side] = true
    reject(state, side, `SSH disconnect: ${display(data, from + 14, end)}`)
  } else if (type === NEWKEYS) {
    // From the next byte on this side is encrypted, lengths included.
    label(state, 'NEWKEYS')
    me.skip = 0
    me.skipEndsMessage = false
    me.framing = 'opaque'
    me.inProgress = null
  }
  return wanted
}

/** A banner or a refusal in words. */
function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const me = state.sides[side]
  if (me.step === PACKETS) return
  if (startsWith(data, from, to, 'SSH-') !== true) return refusal(state, side, data, from, to)
  label(state, display(data, from, to))
  me.units++
}

export const ssh: Reader = { recognise, unit, cutShort }
