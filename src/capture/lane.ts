/**
 * A capture that is being merged with others: its records wait in the batch they were read into, their bytes stay where they are, in the
 * cursor's buffer. One batch is parsed at a time, so what waits is bounded.
 */
import type { BatchHandler, FrameBatch } from '../model.js'
import { advance, type Cursor } from './cursor.js'

export interface Lane {
  cursor: Cursor
  /** Place among the captures, by first timestamp: decides between equal times. */
  order: number
  /** The records `next .. batch.length` wait. */
  next: number
  batch: FrameBatch
}

export function newLane(cursor: Cursor, order: number): Lane {
  return { cursor, order, next: 0, batch: cursor.state.batch }
}

/** Makes sure a record waits. @returns false when the capture has no more. @throws CaptureError */
export async function refill(lane: Lane): Promise<boolean> {
  while (lane.next === lane.batch.length && !lane.cursor.done) {
    lane.next = 0
    await advance(lane.cursor)
  }
  return lane.next < lane.batch.length
}

/** Time of the record that waits first; infinite when none does. */
export const headTime = (lane: Lane): number =>
  lane.next < lane.batch.length ? lane.batch.timeNs[lane.next] : Number.POSITIVE_INFINITY

/** Hands over waiting records up to `limitNs`, those at exactly that time only when `inclusive`. */
export function deliver(lane: Lane, limitNs: number, inclusive: boolean, onBatch: BatchHandler): void {
  const { batch, next } = lane
  const { timeNs } = batch
  let to = next
  for (; to < batch.length; to++) if (inclusive ? timeNs[to] > limitNs : timeNs[to] >= limitNs) break
  lane.next = to
  if (to > next) onBatch(batch, next, to)
}
