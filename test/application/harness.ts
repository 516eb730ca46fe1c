/** Conversations for the tests of the payload peek: who says what, in pieces of any size. */
import { expect } from 'vitest'
import {
  type ApplicationState,
  createApplicationState,
  peek,
  type SideIndex,
} from '../../src/flow/application/index.ts'
import { comparable } from './hearing.ts'
import { bytes } from './openings.ts'

export { bytes, hex } from './openings.ts'

/** `c` = client, `s` = server; a string is one character per byte, so '\x16\x03' writes binary. */
export type Turn = ['c' | 's', string]

export const MS = 1e6

/** Says all turns, 10 ms apart; answers the labels of the pieces. */
export function say(
  state: ApplicationState,
  turns: Turn[],
  pieceBytes = Number.POSITIVE_INFINITY,
): (string | undefined)[] {
  const labels: (string | undefined)[] = []
  for (const [who, text] of turns) {
    const side: SideIndex = who === 'c' ? 0 : 1
    const data = bytes(text)
    const timeNs = state.nowNs + 10 * MS
    for (let at = 0; at < data.length; at += pieceBytes) {
      const to = Math.min(data.length, at + pieceBytes)
      labels.push(peek(state, side, data, at, to, 0, 0, timeNs))
    }
  }
  return labels
}

/** The state after these turns, the same at every piece size, and surviving JSON. */
export function after(turns: Turn[], serverPort = 0): ApplicationState {
  const state = createApplicationState(serverPort)
  say(state, turns)
  expect(JSON.parse(JSON.stringify(state))).toEqual(state)
  for (const size of [1, 2, 3, 7, 40, 511, 600]) {
    const other = createApplicationState(serverPort)
    say(other, turns, size)
    expect(comparable(other), `in pieces of ${size}`).toEqual(comparable(state))
  }
  return state
}

/** Labels of the turns, one piece each. */
export function labels(turns: Turn[], serverPort = 0): (string | undefined)[] {
  return say(createApplicationState(serverPort), turns)
}
