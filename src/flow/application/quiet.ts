/**
 * Streams from which a piece teaches nothing but its size and time: encrypted, of no known protocol, in the middle of a body. Most pieces of
 * most captures are such; they are summed up (flow/quiet.ts) and told to the state together.
 */
import { detectMidstream } from './detect.js'
import { READERS } from './readers.js'
import { type ApplicationState, type SideIndex, UNIT_LIMIT } from './state.js'

/** The next piece has to be read. */
export const NOT_QUIET = 0
/** Nothing more is read of this side. */
export const QUIET_OPAQUE = 1
/** In a body that ends with the connection. */
export const QUIET_UNTIL_CLOSE = 2
/** In a body, or the rest of a record, of `skip` bytes. */
export const QUIET_BODY = 3
/** Boundaries are lost: quiet is a piece that does not begin like a message of the protocol, whose number is added to this. */
export const QUIET_LOST = 4

const RESUMES = [...READERS].map(([, reader]) => reader.resumes)
const NUMBERS = new Map([...READERS.keys()].map((protocol, number) => [protocol, number + 1]))

/** How the next pieces of a side may be quiet, until a piece of either side has been read. */
export function quietOf(state: ApplicationState, side: SideIndex): number {
  const { framing, skip, carry, firstDataNs } = state.sides[side]
  if (firstDataNs === null) return NOT_QUIET
  if (framing === 'until-close') return skip === 0 ? QUIET_UNTIL_CLOSE : NOT_QUIET
  if (skip > 0) return QUIET_BODY
  if (framing === 'opaque') return QUIET_OPAQUE
  if (framing !== 'lost' || carry !== '') return NOT_QUIET
  return QUIET_LOST + (state.protocol === null ? 0 : NUMBERS.get(state.protocol)!)
}

/** Whether a side that has lost its boundaries goes on unread with this piece. */
export function staysLost(
  quiet: number,
  side: SideIndex,
  data: Uint8Array,
  start: number,
  end: number,
): boolean {
  const to = Math.min(end, start + UNIT_LIMIT)
  if (quiet === QUIET_LOST) return detectMidstream(data, start, to, side) === null
  return RESUMES[quiet - QUIET_LOST - 1]?.(data, start, to, side) !== true
}

/** What the quiet pieces of one side come to. */
export interface QuietPieces {
  bytes: number
  unseenBytes: number
  turns: number
  lastDataNs: number
}

/** @param quiet as `quietOf` gave it before these pieces */
export function addQuiet(state: ApplicationState, side: SideIndex, quiet: number, pieces: QuietPieces): void {
  const me = state.sides[side]
  me.bytes += pieces.bytes
  me.unseenBytes += pieces.unseenBytes
  me.turns += pieces.turns
  me.lastDataNs = pieces.lastDataNs
  if (quiet === QUIET_BODY) me.skip -= pieces.bytes
  me.lastPiece = quiet === QUIET_BODY || quiet === QUIET_UNTIL_CLOSE ? 'continue' : 'unknown'
}

/** The turn that goes on after them. @param startNs undefined when it is the same as before */
export function addQuietTurn(
  state: ApplicationState,
  side: SideIndex,
  bytes: number,
  startNs: number | undefined,
  nowNs: number,
): void {
  state.nowNs = nowNs
  state.lastDataSide = side
  if (startNs === undefined) state.turnBytes += bytes
  else {
    state.turnStartNs = startNs
    state.turnBytes = bytes
  }
}
