/** RDP's opening ([MS-RDPBCGR] §1.3.1.1): TPKT (RFC 1006), X.224 connection request and confirm, then TLS as a rule. */
import { u16, u32le } from './bytes.js'
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

const REQUEST = 0xe0
const CONFIRM = 0xd0
const NEGOTIATION_RESPONSE = 2
const NEGOTIATION_FAILURE = 3
/** [MS-RDPBCGR] §2.2.1.2.2 */
const FAILURES = [
  '',
  'SSL required by server',
  'SSL not allowed by server',
  'SSL certificate not on server',
  'inconsistent flags',
  'hybrid (NLA) required by server',
  'SSL with user authentication required by server',
]

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] !== 3 || (to - from > 1 && data[from + 1] !== 0)) return false
  if (to - from < 6) return undefined
  const length = u16(data, from + 2)
  return data[from + 5] === REQUEST && length >= 11 && length < 512 && data[from + 4] === length - 5
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  // Fast-path messages need no TPKT header; nothing is asked or answered in them.
  if (data[from] !== 3 || (to - from > 1 && data[from + 1] !== 0)) return -1
  if (to - from < 4) return 0
  const length = u16(data, from + 2)
  if (length < 7) return -1
  const view = Math.min(length, 64)
  if (to - from < view) return 0
  const type = data[from + 5]
  wholeMessage(state, side, length - view)
  if (side === 0 && type === REQUEST) {
    ask(state)
    state.counted = true
    label(state, 'connection request')
  } else if (side === 1 && type === CONFIRM) confirm(state, data, from, from + view)
  return view
}

function confirm(state: ApplicationState, data: Uint8Array, from: number, to: number): void {
  answer(state)
  state.counted = false
  const kind = to - from >= 19 ? data[from + 11] : 0
  const value = kind === 0 ? 0 : u32le(data, from + 15)
  if (kind === NEGOTIATION_FAILURE) reject(state, 1, `RDP: ${FAILURES[value] ?? `failure ${value}`}`)
  else label(state, 'connection confirm')
  if (kind === NEGOTIATION_RESPONSE && value !== 0) switchProtocol(state, 'tls')
}

export const rdp: Reader = { recognise, unit }
