/** Hands new payload to the application peek and notes what it said in the segment's row. */
import { type Segment, SYN } from '../wire/segment.js'
import { createApplicationState, peek } from './application/index.js'
import type { SideIndex, TrackedConnection } from './connection.js'
import type { SegmentLog } from './segment-log.js'
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

function serverPort(from: SideIndex, segment: Segment): number {
  return from === 0 ? segment.destinationPort : segment.sourcePort
}
