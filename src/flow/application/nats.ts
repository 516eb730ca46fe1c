/** NATS (docs.nats.io, "Client Protocol"): lines, some with a payload; only PING is answered by rule. */
import { display, latin1, startsWith } from './bytes.js'
import { readLine } from './lines.js'
import type { Reader } from './reader.js'
import { type ApplicationState, label, reject, type SideIndex, wholeMessage } from './state.js'

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  return side === 1 ? startsWith(data, from, to, 'INFO {') : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  return readLine(state, side, data, from, to, line)
}

function line(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): void {
  const words = latin1(data, from, Math.min(to, from + 400))
    .trim()
    .split(/[ \t]+/)
  const verb = words[0].toUpperCase()
  if (verb === 'PING' || verb === 'PONG') return label(state, verb)
  label(state, verb.slice(0, 20))
  // The last word of (H)PUB and (H)MSG is the payload's length; a line end follows it.
  const size = /^H?(?:PUB|MSG)$/.test(verb) ? words[words.length - 1] : ''
  wholeMessage(state, side, /^\d{1,9}$/.test(size) ? Number(size) + 2 : 0)
  if (verb === '-ERR') reject(state, side, display(data, from, to))
}

export const nats: Reader = { recognise, unit }
