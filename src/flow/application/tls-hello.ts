/**
 * ClientHello and ServerHello (RFC 8446 §4.1.2, §4.1.3), field by field across segments: the server name (RFC 6066 §3),
 * the first ALPN offer (RFC 7301) and the version chosen (RFC 8446 §4.2.1). Today's hellos are longer than a segment.
 */
import { display, u16 } from './bytes.js'
import { type ApplicationState, label, type SideIndex } from './state.js'
import { skipHandshakeMessage, type TlsSide } from './tls.js'

/** `step` after 0 and 1, which tls.ts uses. */
export const HELLO = 2
const CIPHERS = 3
const COMPRESSION = 4
const EXTENSIONS = 5
const EXTENSION = 6
const SERVER_NAME = 7
const ALPN = 8
const VERSIONS = 9

/** Version, random, and the length of the session id: the part every hello has. */
const FIXED_BYTES = 35
/** As much of a name as is ever kept, and the lengths before it. */
const NAME_VIEW = 5 + 255

/** Whether the record holds the fixed part of a hello. */
export function helloFits(mine: TlsSide): boolean {
  return Math.min(mine.recordLeft, mine.messageLeft) >= FIXED_BYTES
}

/** How many bytes each step reads before it knows how many to pass over. */
function need(mine: TlsSide, step: number): number {
  if (step === HELLO) return FIXED_BYTES
  if (step === CIPHERS || step === EXTENSIONS) return 2
  if (step === COMPRESSION) return 1
  if (step === EXTENSION) return 4
  return Math.min(NAME_VIEW, mine.extensionBytes)
}

/** Passes over `skipped` bytes and goes on at step `next`, unless the record or the message ends before that. */
function advance(state: ApplicationState, side: SideIndex, skipped: number, next: number): void {
  const me = state.sides[side]
  const mine = state.tls!.sides[side]
  const left = Math.min(mine.recordLeft, mine.messageLeft)
  if (skipped + need(mine, next) > left) return skipHandshakeMessage(state, side)
  mine.recordLeft -= skipped
  mine.messageLeft -= skipped
  me.skip = skipped
  me.step = next
}

/** One step of a hello; the bytes it reads are known to lie within record and message. */
export function helloUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const { step } = state.sides[side]
  const mine = state.tls!.sides[side]
  const wanted = need(mine, step)
  if (to - from < wanted) return 0
  mine.recordLeft -= wanted
  mine.messageLeft -= wanted
  helloStep(state, side, step, data, from, from + wanted)
  return wanted
}

function helloStep(
  state: ApplicationState,
  side: SideIndex,
  step: number,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const mine = state.tls!.sides[side]
  switch (step) {
    case HELLO:
      if (side === 1) state.tls!.version = u16(data, from)
      label(state, side === 0 ? 'ClientHello' : 'ServerHello')
      // The server names one cipher and one compression method, the client lists them.
      return side === 0
        ? advance(state, side, data[to - 1], CIPHERS)
        : advance(state, side, data[to - 1] + 3, EXTENSIONS)
    case CIPHERS:
      return advance(state, side, u16(data, from), COMPRESSION)
    case COMPRESSION:
      return advance(state, side, data[from], EXTENSIONS)
    case EXTENSIONS:
      return advance(state, side, 0, EXTENSION)
    case EXTENSION:
      return extensionHeader(state, side, u16(data, from), u16(data, from + 2))
    default:
      extensionBody(state, step, data, from, to)
      return advance(state, side, mine.extensionBytes - (to - from), EXTENSION)
  }
}

function extensionHeader(state: ApplicationState, side: SideIndex, type: number, length: number): void {
  state.tls!.sides[side].extensionBytes = length
  if (side === 0 && type === 0 && length > 5) advance(state, side, 0, SERVER_NAME)
  else if (side === 0 && type === 16 && length > 3) advance(state, side, 0, ALPN)
  else if (side === 1 && type === 43 && length === 2) advance(state, side, 0, VERSIONS)
  else advance(state, side, length, EXTENSION)
}

function extensionBody(
  state: ApplicationState,
  step: number,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const tls = state.tls!
  if (step === SERVER_NAME && data[from + 2] === 0) {
    const end = Math.min(to, from + 5 + u16(data, from + 3))
    state.name = display(data, from + 5, end)
    // Said again, now with the name: the label of this piece may already read "ClientHello".
    if (state.label === 'ClientHello') state.label = null
    label(state, `ClientHello ${state.name}`)
  } else if (step === ALPN) tls.alpn = display(data, from + 3, Math.min(to, from + 3 + data[from + 2]), 40)
  else if (step === VERSIONS) tls.version = u16(data, from)
}
