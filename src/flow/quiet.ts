/**
 * Quiet pieces of payload (application/quiet.ts) summed up among a connection's numbers, so that most data segments do not touch the
 * application state: that is a dozen objects, and each time written to one of them is allocated. Without it, peeking took a third of the
 * time of tracking.
 */
import type { Frame } from '../model.js'
import {
  addQuiet,
  addQuietTurn,
  type ApplicationState,
  NOT_QUIET,
  QUIET_BODY,
  QUIET_LOST,
  quietOf,
  QUIET_UNTIL_CLOSE,
  staysLost,
} from './application/index.js'
import type { TrackedConnection } from './connection.js'
import { CLIENT, type ConnectionCursor, SERVER, SERVER_SPOKE, type SideIndex } from './cursor.js'
import {
  BITS,
  CLIENT_AT,
  type Numbers,
  QUIET,
  QUIET_BYTES,
  QUIET_ROOM,
  QUIET_TIME,
  QUIET_TURN_BYTES,
  QUIET_TURN_TIME,
  QUIET_TURNS,
  QUIET_UNSEEN,
  SERVER_AT,
} from './numbers.js'
import type { TrackedSide } from './side.js'

/** Sums are told before they outgrow a word. */
const MOST_BYTES = 2 ** 30

/**
 * Adds a piece to the sums if it is quiet.
 * @param at place of the connection
 * @param start captured part of the piece: data[start .. end), of `bytes` in all
 * @returns how it is quiet, NOT_QUIET when it has to be read
 */
export function noteQuiet(
  numbers: Numbers,
  at: number,
  from: SideIndex,
  data: Uint8Array,
  start: number,
  end: number,
  bytes: number,
  frame: Frame,
): number {
  const { words, doubles } = numbers
  const me = at + (from === CLIENT ? CLIENT_AT : SERVER_AT)
  const quiet = words[me + QUIET]
  // In a body: its last byte has to be read, it ends a message.
  if (quiet === NOT_QUIET || words[me + QUIET_BYTES] + bytes >= words[me + QUIET_ROOM]) return NOT_QUIET
  if (quiet >= QUIET_LOST && !staysLost(quiet, from, data, start, end)) return NOT_QUIET
  words[me + QUIET_BYTES] += bytes
  words[me + QUIET_UNSEEN] += bytes - (end - start)
  doubles[(me + QUIET_TIME) >> 1] = frame.timeNs
  const spoke = from === SERVER ? SERVER_SPOKE : 0
  if ((words[at + BITS] & SERVER_SPOKE) === spoke) words[me + QUIET_TURN_BYTES] += bytes
  else {
    words[at + BITS] ^= SERVER_SPOKE
    words[me + QUIET_TURNS]++
    words[me + QUIET_TURN_BYTES] = bytes
    doubles[(me + QUIET_TURN_TIME) >> 1] = frame.timeNs
  }
  return quiet
}

/** Whether quiet pieces belong to a message that had begun: the mark of their segments. */
export function continuesMessage(quiet: number): boolean {
  return quiet === QUIET_BODY || quiet === QUIET_UNTIL_CLOSE
}

/** Whether the end of a side's stream may tell something: only that of a body without a length does, see `peekFin`. */
export function awaitsEnd(side: TrackedSide): boolean {
  const quiet = side.numbers.words[side.at + QUIET]
  return quiet === QUIET_UNTIL_CLOSE || quiet === NOT_QUIET
}

/** Tells the application state what it has not been told; before it is read or changed. */
export function catchUp(c: TrackedConnection): ApplicationState | undefined {
  const { application } = c
  if (application === undefined) return undefined
  const { words, doubles } = c.numbers
  const last = c.side(c.serverSpoke ? 1 : 0).at
  if (words[last + QUIET_BYTES] > 0) {
    const turned = words[last + QUIET_TURNS] > 0 ? doubles[(last + QUIET_TURN_TIME) >> 1] : undefined
    const nowNs = doubles[(last + QUIET_TIME) >> 1]
    addQuietTurn(application, c.serverSpoke ? 1 : 0, words[last + QUIET_TURN_BYTES], turned, nowNs)
  }
  for (const index of [0, 1] as const) {
    const { at } = c.side(index)
    const bytes = words[at + QUIET_BYTES]
    if (bytes === 0) continue
    addQuiet(application, index, words[at + QUIET], {
      bytes,
      unseenBytes: words[at + QUIET_UNSEEN],
      turns: words[at + QUIET_TURNS],
      lastDataNs: doubles[(at + QUIET_TIME) >> 1],
    })
    words[at + QUIET_ROOM] -= bytes
    words.fill(0, at + QUIET_BYTES, at + QUIET_BYTES + 4)
  }
  return application
}

/** After a piece was read: what may be quiet from here on. */
export function listen(c: ConnectionCursor, state: ApplicationState): void {
  const { words } = c.numbers
  c.serverSpoke = state.lastDataSide === SERVER
  for (const index of [0, 1] as const) {
    const { at } = c.side(index)
    const quiet = quietOf(state, index)
    words[at + QUIET] = quiet
    words[at + QUIET_ROOM] = quiet === QUIET_BODY ? Math.min(state.sides[index].skip, MOST_BYTES) : MOST_BYTES
  }
}
