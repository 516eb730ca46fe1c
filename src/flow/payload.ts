/** Hands new payload to the application peek and notes what it said in the segment's row. */
import type { Frame } from '../model.js'
import { type Segment, SYN } from '../wire/segment.js'
import { createApplicationState, NOT_QUIET, peek } from './application/index.js'
import { MAX_FROZEN, type TrackedConnection } from './connection.js'
import type { ConnectionCursor, SideIndex } from './cursor.js'
import { catchUp, continuesMessage, listen, noteQuiet } from './quiet.js'
import { FRAME, NO_ROW, type SegmentLog } from './segment-log.js'
import type { Observation } from './sequence.js'

/** @param observed says which part of the payload is new (its last bytes) and how much is missing before it */
export function peekPayload(
  log: SegmentLog,
  c: ConnectionCursor,
  from: SideIndex,
  segment: Segment,
  row: number,
  observed: Observation,
  frame: Frame,
): void {
  const { payloadStart, payloadEnd, payloadBytes, data } = segment
  const captured = payloadEnd - payloadStart
  const old = payloadBytes - observed.newBytes
  const start = payloadStart + (old < captured ? old : captured)
  // Retransmitted with new bytes behind: the overlap closed nothing, the gap lies before the new part only.
  const gap = segment.flags & SYN ? 0 : observed.gapBefore
  if (gap === 0 && !c.rstSincePeek) {
    const quiet = noteQuiet(c.numbers, c.at, from, data, start, payloadEnd, observed.newBytes, frame)
    if (continuesMessage(quiet)) log.setStartsMessage(row, false)
    if (quiet !== NOT_QUIET) return
  }
  const { self } = c
  catchUp(self)
  if (c.rstSincePeek && !freeze(self, log, row)) return
  if (self.application === undefined) c.numbers.states++
  const state = (self.application ??= createApplicationState(serverPort(from, segment)))
  const missing = observed.newBytes - (payloadEnd - start)
  const label = peek(state, from, data, start, payloadEnd, missing, gap, frame.timeNs)
  listen(c, state)
  if (label !== undefined) {
    log.setLabel(row, label)
    c.hasLabels = true
  }
  const { lastPiece } = state.sides[from]
  if (lastPiece === 'start') log.setStartsMessage(row, true)
  else if (lastPiece !== 'unknown') log.setStartsMessage(row, false)
}

/** Keeps a copy of the state for the RSTs so far. False when enough was kept: the state then stays as it is. */
function freeze(c: TrackedConnection, log: SegmentLog, row: number): boolean {
  c.frozen ??= []
  if (c.frozen.length === MAX_FROZEN || row === NO_ROW) return false
  const state = c.application && structuredClone(c.application)
  if (state !== undefined) c.numbers.states++
  c.frozen.push({ beforeFrame: log.word(row, FRAME) >>> 0, capture: log.capture(row), state })
  c.rstSincePeek = false
  return true
}

function serverPort(from: SideIndex, segment: Segment): number {
  return from === 0 ? segment.destinationPort : segment.sourcePort
}
