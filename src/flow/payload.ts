/** Hands new payload to the application peek and notes what it said in the segment's row. */
import { type Segment, SYN } from '../wire/segment.js'
import { createApplicationState, peek } from './application/index.js'
import { MAX_FROZEN, type SideIndex, type TrackedConnection } from './connection.js'
import { FRAME, NO_ROW, type SegmentLog } from './segment-log.js'
import type { Observation } from './sequence.js'

/** @param observed says which part of the payload is new (its last bytes) and how much is missing before it */
export function peekPayload(
  log: SegmentLog,
  c: TrackedConnection,
  from: SideIndex,
  segment: Segment,
  row: number,
  observed: Observation,
  timeNs: number,
): void {
  if (c.rstSincePeek && !freeze(c, log, row)) return
  const state = (c.application ??= createApplicationState(serverPort(from, segment)))
  const { payloadStart, payloadEnd, payloadBytes } = segment
  const captured = payloadEnd - payloadStart
  const old = payloadBytes - observed.newBytes
  const start = payloadStart + (old < captured ? old : captured)
  const missing = observed.newBytes - (payloadEnd - start)
  // Retransmitted with new bytes behind: the overlap closed nothing, the gap lies before the new part only.
  const gap = segment.flags & SYN ? 0 : observed.gapBefore
  const label = peek(state, from, segment.data, start, payloadEnd, missing, gap, timeNs)
  if (label !== undefined) log.setLabel(row, label)
  const { lastPiece } = state.sides[from]
  if (lastPiece === 'start') log.setStartsMessage(row, true)
  else if (lastPiece !== 'unknown') log.setStartsMessage(row, false)
}

/** Keeps a copy of the state for the RSTs so far. False when enough was kept: the state then stays as it is. */
function freeze(c: TrackedConnection, log: SegmentLog, row: number): boolean {
  c.frozen ??= []
  if (c.frozen.length === MAX_FROZEN || row === NO_ROW) return false
  const state = c.application && structuredClone(c.application)
  c.frozen.push({ beforeFrame: log.word(row, FRAME) >>> 0, capture: log.capture(row), state })
  c.rstSincePeek = false
  return true
}

function serverPort(from: SideIndex, segment: Segment): number {
  return from === 0 ? segment.destinationPort : segment.sourcePort
}
