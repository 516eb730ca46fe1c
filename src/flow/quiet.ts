/**
 * Quiet pieces of payload (application/quiet.ts) summed up among a connection's numbers, so that most data segments do not touch the
 * application state: that is a dozen objects, and each time written to one of them is allocated. Without it, peeking took half of the time
 * of tracking.
 */
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
import { type ConnectionCursor, SERVER, type SideIndex } from './cursor.js'
import {
  QUIET,
  QUIET_BYTES,
  QUIET_ROOM,
  QUIET_TIME,
  QUIET_TURN_BYTES,
  QUIET_TURN_TIME,
  QUIET_TURNS,
  QUIET_UNSEEN,
} from './numbers.js'
import type { TrackedSide } from './side.js'

/** Sums are told before they outgrow a word. */
const MOST_BYTES = 2 ** 30

/**
 * Adds a piece to the sums if it is quiet.
 * @param start captured part of the piece: data[start .. end), of `bytes` in all
 * @returns false when it has to be read
 */
export function noteQuiet(
  c: ConnectionCursor,
  from: SideIndex,
  data: Uint8Array,
  start: number,
  end: number,
  bytes: number,
  timeNs: number,
): boolean {
  const { words, doubles } = c.numbers
  const at = c.side(from).at
  const quiet = words[at + QUIET]
  // In a body: its last byte has to be read, it ends a message.
  if (quiet === NOT_QUIET || words[at + QUIET_BYTES] + bytes >= words[at + QUIET_ROOM]) return false
  if (quiet >= QUIET_LOST && !staysLost(quiet, from, data, start, end)) return false
  words[at + QUIET_BYTES] += bytes
  words[at + QUIET_UNSEEN] += bytes - (end - start)
  doubles[(at + QUIET_TIME) >> 1] = timeNs
  if (c.serverSpoke === (from === SERVER)) words[at + QUIET_TURN_BYTES] += bytes
  else {
    c.serverSpoke = from === SERVER
    words[at + QUIET_TURNS]++
    words[at + QUIET_TURN_BYTES] = bytes
    doubles[(at + QUIET_TURN_TIME) >> 1] = timeNs
  }
  return true
}

/** Whether quiet pieces of a side belong to a message that had begun: the mark of their segments. */
export function continuesMessage(side: TrackedSide): boolean {
  const quiet = side.numbers.words[side.at + QUIET]
  return quiet === QUIET_BODY || quiet === QUIET_UNTIL_CLOSE
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
