/**
 * A capture that is being merged with others: its records wait in a queue of numbers, their bytes stay where they were read,
 * in the cursor's buffer. One chunk is parsed at a time, so what waits is bounded by the chunk size.
 */
import type { Frame, FrameHandler } from '../model.js'
import { advance, type Cursor } from './cursor.js'

export interface Lane {
  cursor: Cursor
  /** Place among the captures, by first timestamp: decides between equal times. */
  order: number
  /** Queue: the records `next .. length` wait. */
  next: number
  length: number
  timeNs: Float64Array
  /** Per record: number, start, end, original length, link type. */
  fields: Int32Array
}

const FIELDS = 5

export function newLane(cursor: Cursor, order: number): Lane {
  const room = 1024
  return {
    cursor,
    order,
    next: 0,
    length: 0,
    timeNs: new Float64Array(room),
    fields: new Int32Array(room * FIELDS),
  }
}

/** Makes sure a record waits. @returns false when the capture has no more. @throws CaptureError */
export async function refill(lane: Lane): Promise<boolean> {
  while (lane.next === lane.length && !lane.cursor.done) {
    lane.next = 0
    lane.length = 0
    await advance(lane.cursor, frame => enqueue(lane, frame))
  }
  return lane.next < lane.length
}

function enqueue(lane: Lane, frame: Frame): void {
  if (lane.length === lane.timeNs.length) grow(lane)
  const i = lane.length++
  lane.timeNs[i] = frame.timeNs
  const at = i * FIELDS
  lane.fields[at] = frame.number
  lane.fields[at + 1] = frame.start
  lane.fields[at + 2] = frame.end
  lane.fields[at + 3] = frame.originalLength
  lane.fields[at + 4] = frame.linkType
}

function grow(lane: Lane): void {
  const timeNs = new Float64Array(lane.timeNs.length * 2)
  const fields = new Int32Array(lane.fields.length * 2)
  timeNs.set(lane.timeNs)
  fields.set(lane.fields)
  lane.timeNs = timeNs
  lane.fields = fields
}

/** Time of the record that waits first; infinite when none does. */
export const headTime = (lane: Lane): number =>
  lane.next < lane.length ? lane.timeNs[lane.next] : Number.POSITIVE_INFINITY

/** Hands over waiting records up to `limitNs`, those at exactly that time only when `inclusive`. */
export function deliver(lane: Lane, limitNs: number, inclusive: boolean, onFrame: FrameHandler): void {
  const { frame } = lane.cursor.state
  frame.data = lane.cursor.buffer
  while (lane.next < lane.length) {
    const timeNs = lane.timeNs[lane.next]
    if (timeNs > limitNs || (timeNs === limitNs && !inclusive)) return
    const at = lane.next++ * FIELDS
    frame.timeNs = timeNs
    frame.number = lane.fields[at]!
    frame.start = lane.fields[at + 1]!
    frame.end = lane.fields[at + 2]!
    frame.originalLength = lane.fields[at + 3] >>> 0
    frame.linkType = lane.fields[at + 4]!
    onFrame(frame)
  }
}
