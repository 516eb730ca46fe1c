/** memcached's text protocol (github.com/memcached/memcached, doc/protocol.txt). */
import { display, latin1 } from './bytes.js'
import { lineLength, readLine } from './lines.js'
import type { Reader } from './reader.js'
import {
  answer,
  type ApplicationState,
  ask,
  beginMessage,
  endMessage,
  label,
  reject,
  type SideIndex,
  skipMessage,
  UNIT_LIMIT,
} from './state.js'

const COMMAND =
  /^(?:gets? \S|gats? \d|(?:set|add|replace|append|prepend|cas) \S+ \d+ -?\d+ \d+|delete \S|incr \S|decr \S|touch \S|stats\b|version\s*$|flush_all\b|m[gsdna] \S|mn\s*$|quit\s*$|verbosity \d)/

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  if (side === 1 || data[from] < 97 || data[from] > 118) return false
  const length = lineLength(data, from, to)
  if (length > 0) return COMMAND.test(latin1(data, from, from + length))
  if (to - from >= UNIT_LIMIT) return COMMAND.test(latin1(data, from, to))
  // Not to make every lower-case text wait for its line end.
  return /^[a-z_]{1,9}(?: |$)/.test(latin1(data, from, Math.min(to, from + 10))) ? undefined : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  return readLine(state, side, data, from, to, side === 0 ? clientLine : serverLine)
}

function clientLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const words = latin1(data, from, Math.min(to, from + 300))
    .trim()
    .split(' ')
  const [verb] = words
  label(state, verb)
  if (verb === 'quit') state.closing[0] = true
  beginMessage(state, 0)
  // Quiet commands are answered only when something is wrong.
  if (words[words.length - 1] !== 'noreply' && verb !== 'quit') ask(state)
  if (/^m./.test(verb) && words.slice(2).some(flag => flag === 'q')) state.counted = false
  const size =
    verb === 'ms' ? words[2] : /^(?:set|add|replace|append|prepend|cas)$/.test(verb) ? words[4] : ''
  if (size && /^\d{1,10}$/.test(size)) skipMessage(state, 0, Number(size) + 2)
  else endMessage(state, 0)
}

function serverLine(
  state: ApplicationState,
  _side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  const server = state.sides[1]
  const words = latin1(data, from, Math.min(to, from + 300)).split(' ')
  if (server.inProgress !== true) beginMessage(state, 1)
  const size = words[0] === 'VALUE' ? words[3] : words[0] === 'VA' ? words[1] : ''
  if (size && /^\d{1,10}$/.test(size)) {
    server.skip = Number(size) + 2
    server.skipEndsMessage = words[0] === 'VA'
    return
  }
  if (words[0] === 'STAT' || words[0] === 'ITEM') return
  if (words[0].endsWith('ERROR')) reject(state, 1, display(data, from, to))
  endMessage(state, 1)
  answer(state)
}

/** `SERVER_ERROR …` and the like stand in front. */
function cutShort(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): void {
  if (side === 1 && /^(?:SERVER_|CLIENT_)?ERROR/.test(latin1(data, from, to)))
    reject(state, 1, display(data, from, to))
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 1) answer(state)
}

function enter(state: ApplicationState): void {
  state.counted = true
}

export const memcached: Reader = { recognise, enter, unit, cutShort, messageSkipped }
