/**
 * Several captures as one stream ordered by time. They are the pieces of one vantage point, so mostly they follow each other:
 * a piece is opened only when the ones before it have come to its first timestamp, and the last one open is read without a queue.
 */
import type { FrameHandler } from '../model.js'
import { advance } from './cursor.js'
import { deliver, headTime, type Lane, refill } from './lane.js'

/** A capture in waiting. */
export interface Piece {
  /** Time of its first record; infinite when it has none. */
  firstNs: number
  open(order: number): Promise<Lane>
}

/**
 * @param pieces ordered by `firstNs`
 * @param proceed called after every chunk; false stops
 * @throws CaptureError
 */
export async function readMerged(
  pieces: Piece[],
  onFrame: FrameHandler,
  proceed: () => boolean,
): Promise<void> {
  const lanes: Lane[] = []
  let opened = 0
  while (proceed()) {
    for (let i = lanes.length - 1; i >= 0; i--) if (!(await refill(lanes[i]!))) lanes.splice(i, 1)
    const lane = earliest(lanes)
    const waiting = pieces[opened]
    if (waiting && (!lane || waiting.firstNs < headTime(lane))) {
      lanes.push(await waiting.open(opened++))
      continue
    }
    if (!lane) return
    if (lanes.length === 1 && !waiting) return await readAlone(lane, onFrame, proceed)
    const rival = earliest(lanes.filter(other => other !== lane))
    const rivalNs = rival ? headTime(rival) : Number.POSITIVE_INFINITY
    if (waiting && waiting.firstNs < rivalNs) deliver(lane, waiting.firstNs, true, onFrame)
    else deliver(lane, rivalNs, !rival || lane.order < rival.order, onFrame)
  }
}

/** Whose first record comes next; the earlier piece where times are equal. */
function earliest(lanes: Lane[]): Lane | undefined {
  let best: Lane | undefined
  for (const lane of lanes) {
    const difference = best ? headTime(lane) - headTime(best) : -1
    if (!best || difference < 0 || (difference === 0 && lane.order < best.order)) best = lane
  }
  return best
}

async function readAlone(lane: Lane, onFrame: FrameHandler, proceed: () => boolean): Promise<void> {
  deliver(lane, Number.POSITIVE_INFINITY, true, onFrame)
  while (!lane.cursor.done && proceed()) await advance(lane.cursor, onFrame)
}
