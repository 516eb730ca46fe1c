/**
 * Frames decoded some ahead of their being tracked, so that what their connections have in memory can be asked for at once. A segment of a
 * random one of 20,000 connections waits for main memory four times in a row (its slot in the table, its key, its numbers, the row it will
 * be kept in); asked for in loops of their own, the waits of 32 segments overlap: a quarter less time for all of a stream. Order and outcome stay the same.
 */
import { loadFrame, newFrame } from '../frames.js'
import type { Frame, FrameBatch } from '../model.js'
import { Segment } from '../wire/segment.js'
import { FOUND_NONE, type Found } from '../wire/walk.js'
import { ConnectionCursor } from './cursor.js'
import { NO_ID } from './key-table.js'
import { NOWHERE } from './numbers.js'
import { rowOfPacket } from './retention.js'
import type { Tracker } from './tracker.js'
import { TUPLE_WORDS, tupleKey } from './tuple.js'
import type { SegmentDecoder } from './world.js'

/** Frames decoded before the first of them is used. */
const GROUP = 32

/**
 * What is done with a frame once it is decoded.
 * @param guess of a TCP segment: id of its tuple, NO_ID where that is not known
 */
export type UseSegment = (found: Found, segment: Segment, frame: Frame, guess: number) => void

export class Ahead {
  /** Keeps the reads from being left out. */
  touched = 0
  private readonly frames = Array.from({ length: GROUP }, newFrame)
  private readonly segments = Array.from({ length: GROUP }, () => new Segment())
  private readonly found = new Int32Array(GROUP)
  /** Hash of the tuple, then its probable id; of what is no TCP segment anything. */
  private readonly tuples = new Int32Array(GROUP)
  /** Place of its numbers. */
  private readonly places = new Int32Array(GROUP)
  private count = 0
  private readonly key = new Int32Array(TUPLE_WORDS)
  private readonly cursor: ConnectionCursor

  /** @param use what is done with each segment, in order */
  constructor(
    private readonly tracker: Tracker,
    private readonly use: UseSegment,
  ) {
    this.cursor = new ConnectionCursor(tracker.numbers, NOWHERE)
  }

  /** Record `row` of a batch; its bytes must stay until `flush`. */
  add(decoder: SegmentDecoder, batch: FrameBatch, row: number): void {
    const { count } = this
    const frame = this.frames[count]
    const segment = this.segments[count]
    loadFrame(batch, row, frame)
    const found = decoder.decode(frame, segment)
    if (found === FOUND_NONE) return
    tupleKey(segment, this.key)
    this.tuples[count] = this.tracker.tuples.hash(this.key)
    this.found[count] = found
    this.count++
    if (this.count === GROUP) this.flush()
  }

  /** Uses what was added. */
  flush(): void {
    this.fetch()
    const { count, found, segments, frames } = this
    const { tuples } = this.tracker
    const { deletions } = tuples
    this.count = 0
    for (let i = 0; i < count; i++) {
      // An id may have another tuple by now once any was given up.
      const guess = tuples.deletions === deletions ? this.tuples[i] : NO_ID
      this.use(found[i], segments[i], frames[i], guess)
    }
  }

  /** Each loop asks for addresses that the one before has brought: none of them waits for its own. */
  private fetch(): void {
    const { count, places, cursor } = this
    const { tuples, newest, numbers, log } = this.tracker
    tuples.guess(this.tuples, count)
    let sum = tuples.touch(this.tuples, count)
    for (let i = 0; i < count; i++) {
      const tuple = this.tuples[i]
      places[i] = tuple < 0 || tuple >= newest.length ? NOWHERE : newest[tuple]
      sum ^= numbers.touch(places[i])
    }
    for (let i = 0; i < count; i++) {
      cursor.at = places[i]
      sum ^= log.touch(rowOfPacket(cursor, cursor.packets + 1))
    }
    this.touched = sum
  }
}
