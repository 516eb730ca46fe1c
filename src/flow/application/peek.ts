/**
 * The peek itself: pieces of a byte stream in, application state out. All protocols share this file's handling of
 * segment boundaries, bodies and missing bytes; what the bytes mean is the readers' business.
 */
import { bytesOf, latin1 } from './bytes.js'
import { detect, detectMidstream } from './detect.js'
import { foreignCut, foreignUnit } from './foreign.js'
import type { ProtocolId } from './protocols.js'
import type { Reader } from './reader.js'
import { READERS } from './readers.js'
import {
  answer,
  type ApplicationState,
  endMessage,
  enterProtocol,
  loseFraming,
  type SideIndex,
  UNIT_LIMIT,
} from './state.js'

const NOTHING = new Uint8Array(0)

/**
 * One piece of one side's byte stream, in order and new (no retransmitted bytes).
 * `data[start .. end)` was captured, then `missing` bytes were sent but not captured (snap length). `gapBefore` bytes
 * were lost before this piece; -1 = an unknown number, because the capture began in the middle of the stream.
 * Returns a few words for a packet ladder ("GET /cart", "200 OK, 4.1 kB", "alert: unknown ca (fatal)"), at most 120
 * characters, control characters and all; undefined when there is nothing to say. Never throws, whatever the bytes.
 */
export function peek(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  start: number,
  end: number,
  missing: number,
  gapBefore: number,
  timeNs: number,
): string | undefined {
  const me = state.sides[side]
  const bytes = end - start + missing
  if (gapBefore !== 0) gap(state, side, gapBefore)
  if (bytes <= 0) return undefined
  noteTurn(state, side, bytes, missing, timeNs)
  // In the middle of a body, where most pieces are.
  if (me.skip > bytes) {
    me.skip -= bytes
    me.lastPiece = 'continue'
    return undefined
  }
  if (me.framing === 'until-close') {
    me.lastPiece = 'continue'
    return undefined
  }
  // Encrypted or of no known protocol: as many pieces again.
  if (me.framing === 'opaque' && me.skip === 0) {
    me.lastPiece = 'unknown'
    return takeLabel(state)
  }
  const { started, inProgress, carry, units } = me
  const within = me.skip > 0 || inProgress === true || carry !== '' || me.longLine || inRecord(state, side)
  read(state, side, data, start, end)
  if (missing > 0) skipMissing(state, side, missing)
  if (me.framing === 'lost' || me.framing === 'opaque')
    me.lastPiece = me.started > started ? 'start' : 'unknown'
  else if (within) me.lastPiece = 'continue'
  else if (me.started > started || me.carry !== '') me.lastPiece = 'start'
  else me.lastPiece = me.units > units && state.protocol !== 'tls' ? 'control' : 'unknown'
  return takeLabel(state)
}

function takeLabel(state: ApplicationState): string | undefined {
  const said = state.label
  if (said !== null) state.label = null
  return said ?? undefined
}

function inRecord(state: ApplicationState, side: SideIndex): boolean {
  return state.protocol === 'tls' && state.sides[side].framing === 'framed' && state.sides[side].step > 0
}

/** The side has sent its FIN: what only the end of the stream ends (a body without length) is complete now. */
export function peekFin(state: ApplicationState, side: SideIndex, timeNs: number): void {
  state.nowNs = timeNs
  const me = state.sides[side]
  if (me.framing !== 'until-close') return
  endMessage(state, side)
  me.framing = 'opaque'
  if (state.protocol !== null) READERS.get(state.protocol)?.messageSkipped?.(state, side)
}

function noteTurn(
  state: ApplicationState,
  side: SideIndex,
  bytes: number,
  missing: number,
  timeNs: number,
): void {
  const me = state.sides[side]
  state.nowNs = timeNs
  me.bytes += bytes
  me.unseenBytes += missing
  me.firstDataNs ??= timeNs
  me.lastDataNs = timeNs
  if (state.lastDataSide === side) state.turnBytes += bytes
  else {
    state.lastDataSide = side
    state.turnStartNs = timeNs
    state.turnBytes = bytes
    me.turns++
  }
}

/** Lost bytes inside a body change nothing but the count; anywhere else they may have held a boundary. */
function gap(state: ApplicationState, side: SideIndex, bytes: number): void {
  const me = state.sides[side]
  if (bytes > 0) {
    me.unseenBytes += bytes
    if (me.framing === 'until-close' || me.framing === 'opaque') return
    if (me.skip >= bytes) return passUnseen(state, side, bytes)
  }
  loseFraming(state, side)
}

function skipMissing(state: ApplicationState, side: SideIndex, bytes: number): void {
  const me = state.sides[side]
  if (me.framing !== 'framed' && me.framing !== 'foreign') return
  if (me.skip >= bytes) return passUnseen(state, side, bytes)
  if (me.carry !== '' && me.framing === 'framed' && state.protocol !== null) {
    const seen = bytesOf(me.carry)
    READERS.get(state.protocol)?.cutShort?.(state, side, seen, 0, seen.length)
  } else if (me.carry !== '' && me.framing === 'foreign') {
    const seen = bytesOf(me.carry)
    foreignCut(state, side, seen, 0, seen.length)
  }
  loseFraming(state, side)
}

function passUnseen(state: ApplicationState, side: SideIndex, bytes: number): void {
  const me = state.sides[side]
  me.skip -= bytes
  if (me.skip === 0) skipDone(state, side)
}

function skipDone(state: ApplicationState, side: SideIndex): void {
  const me = state.sides[side]
  if (!me.skipEndsMessage) return
  endMessage(state, side)
  if (state.protocol !== null) READERS.get(state.protocol)?.messageSkipped?.(state, side)
}

/** Reads units until the bytes are used up or cannot be read. */
function read(state: ApplicationState, side: SideIndex, data: Uint8Array, start: number, end: number): void {
  const me = state.sides[side]
  let at = start
  if (me.framing === 'lost') resume(state, side, data, start, end)
  while (at < end || me.carry !== '') {
    if (me.skip > 0) at += passOver(state, side, end - at)
    else if (me.framing !== 'framed' && me.framing !== 'foreign') return
    else {
      const used =
        me.carry === '' ? readHere(state, side, data, at, end) : readJoined(state, side, data, at, end)
      if (used < 0) return
      at += used
    }
  }
}

/** Skips body bytes, carried ones first. Answers how many of the piece's `bytes` were among them. */
function passOver(state: ApplicationState, side: SideIndex, bytes: number): number {
  const me = state.sides[side]
  const carried = Math.min(me.skip, me.carry.length)
  if (carried > 0) me.carry = me.carry.slice(carried)
  const passed = Math.min(me.skip - carried, bytes)
  me.skip -= carried + passed
  if (me.skip === 0) skipDone(state, side)
  return passed
}

/** One unit straight from the capture buffer. Answers the bytes used, -1 = nothing more can be read. */
function readHere(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  at: number,
  end: number,
): number {
  const me = state.sides[side]
  me.unitNs = state.nowNs
  const to = Math.min(end, at + UNIT_LIMIT)
  const used = oneUnit(state, side, data, at, to)
  if (used !== 0) return used
  if (to - at === UNIT_LIMIT) return unreadable(state, side)
  me.carry = latin1(data, at, to)
  return to - at
}

/** One unit whose beginning came with earlier pieces. What of the joined bytes is not used is read again from `data`. */
function readJoined(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  at: number,
  end: number,
): number {
  const me = state.sides[side]
  const carried = me.carry.length
  const taken = Math.min(end - at, UNIT_LIMIT - carried)
  const text = taken > 0 ? me.carry + latin1(data, at, at + taken) : me.carry
  const joined = bytesOf(text)
  const used = oneUnit(state, side, joined, 0, joined.length)
  if (used < 0) return -1
  if (used === 0) {
    if (joined.length === UNIT_LIMIT) return unreadable(state, side)
    me.carry = text
    return taken > 0 ? taken : -1
  }
  me.carry = used < carried ? me.carry.slice(used) : ''
  return Math.max(0, used - carried)
}

/** A reader that wants more than a unit may have is mistaken about the bytes. */
function unreadable(state: ApplicationState, side: SideIndex): number {
  loseFraming(state, side)
  return -1
}

/** Bytes used by one unit; 0 = more are needed; -1 = the side's framing has changed to one that reads nothing. */
function oneUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const me = state.sides[side]
  if (me.framing === 'foreign') return foreignUnit(state, side, data, from, to)
  if (state.protocol === null) {
    const found = detect(data, from, to, side, state.serverPort)
    if (found === undefined && to - from < UNIT_LIMIT) return 0
    if (!found) {
      me.framing = 'opaque'
      me.inProgress = null
      me.carry = ''
      return -1
    }
    recognised(state, side, found)
  }
  const within = me.longLine
  const protocol = state.protocol as ProtocolId
  const switches = state.carriedBy.length
  const used = (READERS.get(protocol) as Reader).unit(state, side, data, from, to)
  if (state.carriedBy.length > switches) {
    // STARTTLS, CONNECT, Upgrade: from the next byte on another reader counts its units.
    if (state.protocol !== null) READERS.get(state.protocol)?.enter?.(state)
    return used
  }
  if (used > 0 && !within) me.units++
  if (used >= 0) return used
  if (me.units === 0 && state.sides[1 - side].units > 0) {
    me.framing = 'foreign'
    return foreignUnit(state, side, data, from, to)
  }
  return unreadable(state, side)
}

/** What the other side has sent while nobody knew the protocol is read first: it was sent first. */
function recognised(state: ApplicationState, side: SideIndex, protocol: ProtocolId): void {
  const other: SideIndex = side === 0 ? 1 : 0
  const peer = state.sides[other]
  enterProtocol(state, protocol)
  READERS.get(protocol)?.enter?.(state)
  if (peer.framing === 'opaque') loseFraming(state, other)
  if (peer.carry === '') return
  const said = state.label
  read(state, other, NOTHING, 0, 0)
  state.label = said
}

/**
 * What a loss has left in doubt is taken as given: a server that begins its next answer has ended the one before, and a
 * client that sends its next request has as a rule read all answers.
 */
function settle(state: ApplicationState, side: SideIndex): void {
  const server = state.sides[1]
  if (side === 1 && server.cut) answer(state)
  if (side === 0 && server.inProgress === null) state.outstanding = 0
}

/** After a loss: goes on where a piece begins like a message. */
function resume(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, end: number): void {
  const me = state.sides[side]
  const to = Math.min(end, from + UNIT_LIMIT)
  if (state.protocol === null) {
    const found = detectMidstream(data, from, to, side)
    if (found === null) return
    recognised(state, side, found)
  } else {
    const reader = READERS.get(state.protocol) as Reader
    if (reader.resumes?.(data, from, to, side) !== true) return
    settle(state, side)
    reader.resume?.(state, side)
  }
  me.framing = 'framed'
  me.cut = false
  // Not the side's first unit: nonsense from here on is a loss, not another protocol.
  me.units++
}
