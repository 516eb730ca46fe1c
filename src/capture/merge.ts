/**
 * Several captures as one stream ordered by time. They are the pieces of one vantage point, so mostly they follow each other:
 * a piece is opened only when the ones before it have come to its first timestamp, and the last one open is read without a queue.
 */
import type { BatchHandler } from '../model.js'
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
 * @param proceed called after every batch; false stops
 * @throws CaptureError
 */
export async function readMerged(
  pieces: Piece[],
  onBatch: BatchHandler,
  proceed: () => boolean,
): Promise<void> {
  let lanes: Lane[] = []
  let opened = 0
  while (proceed()) {
    const more: Lane[] = []
    for (const lane of lanes) if (await refill(lane)) more.push(lane)
    lanes = more
    const waiting = pieces[opened]
    const waitingNs = waiting ? waiting.firstNs : Number.POSITIVE_INFINITY
    if (waiting && (lanes.length === 0 || waitingNs < headTime(pick(lanes)))) {
      lanes.push(await waiting.open(opened++))
      continue
    }
    if (lanes.length === 0) return
    if (lanes.length === 1 && !waiting) return await readAlone(lanes[0], onBatch, proceed)
    deliverUntilEmpty(lanes, waitingNs, onBatch)
  }
}

/** Hands over records of all lanes by time, until one has none waiting or the next is later than `limitNs`. Nothing is awaited per record. */
function deliverUntilEmpty(lanes: Lane[], limitNs: number, onBatch: BatchHandler): void {
  for (;;) {
    const lane = pick(lanes)
    if (headTime(lane) > limitNs) return
    const rival = pick(lanes, lane)
    const rivalNs = rival === lane ? Number.POSITIVE_INFINITY : headTime(rival)
    if (limitNs < rivalNs) deliver(lane, limitNs, true, onBatch)
    else deliver(lane, rivalNs, rival === lane || lane.order < rival.order, onBatch)
    if (lane.next === lane.batch.length) return
  }
}

/** The lane whose first record comes next, the earlier piece where times are equal; `except` only when it is alone. */
function pick(lanes: Lane[], except?: Lane): Lane {
  let best: Lane | undefined
  for (const lane of lanes) {
    if (lane === except) continue
    const difference = best ? headTime(best) - headTime(lane) : 1
    if (!best || difference > 0 || (difference === 0 && lane.order < best.order)) best = lane
  }
  return best ?? lanes[0]
}

async function readAlone(lane: Lane, onBatch: BatchHandler, proceed: () => boolean): Promise<void> {
  deliver(lane, Number.POSITIVE_INFINITY, true, onBatch)
  const { cursor, batch } = lane
  while (!cursor.done && proceed()) {
    await advance(cursor)
    if (batch.length > 0) onBatch(batch, 0, batch.length)
  }
}
