/** The PROXY protocol (haproxy.org, proxy-protocol.txt §2): a header before the real protocol. */
import { label, switchProtocol, type ApplicationState, type SideIndex } from './state.js'
import { startsWith, u16 } from './bytes.js'
import { readLine } from './lines.js'
import type { Reader } from './reader.js'

const V2 = '\r\n\r\n\0\r\nQUIT\n'

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1) return false
  const found = [startsWith(data, from, to, 'PROXY '), startsWith(data, from, to, V2)]
  if (found.includes(true)) return true
  return found.includes(undefined) ? undefined : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (side === 1) return -1
  if (data[from] === 80) return readLine(state, side, data, from, to, () => carried(state))
  if (to - from < 16) return 0
  state.sides[0].skip = u16(data, from + 14)
  carried(state)
  return 16
}

function carried(state: ApplicationState): void {
  label(state, 'PROXY header')
  switchProtocol(state, null)
}

export const proxy: Reader = { recognise, unit }
