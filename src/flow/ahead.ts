/**
 * Frames decoded some ahead of their being tracked, so that what their connections have in memory can be asked for at once. A segment of a
 * random one of 20,000 connections waits for main memory four times in a row (its slot in the table, its key, its numbers, the row it will
 * be kept in); asked for in loops of their own, the waits of 32 segments overlap: 0.6 µs less a segment. Order and outcome stay the same.
 */
import { loadFrame, newFrame } from '../frames.js'
import type { Frame, FrameBatch } from '../model.js'
import { Segment } from '../wire/segment.js'
import { FOUND_NONE, FOUND_TCP, type Found } from '../wire/walk.js'
import { ConnectionCursor } from './cursor.js'
import { NOWHERE } from './numbers.js'
import { rowOfPacket } from './retention.js'
import type { Tracker } from './tracker.js'
import { TUPLE_WORDS, tupleKey } from './tuple.js'
import type { SegmentDecoder } from './world.js'

/** Frames decoded before the first of them is used. */
const GROUP = 32

/** What is done with a frame once it is decoded. */
export type UseSegment = (found: Found, segment: Segment, frame: Frame) => void

export class Ahead {
  /** Keeps the reads from being left out. */
  touched = 0
  private readonly frames = Array.from({ length: GROUP }, newFrame)
  private readonly segments = Array.from({ length: GROUP }, () => new Segment())
  private readonly found = new Int32Array(GROUP)
  private count = 0
  /** Of those that are TCP: the hash of the tuple, then its probable id, then the place of its numbers. */
  private readonly wanted = new Int32Array(GROUP)
  private wantedCount = 0
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
    const frame = this.frames[this.count]
    const segment = this.segments[this.count]
    loadFrame(batch, row, frame)
    const found = decoder.decode(frame, segment)
    if (found === FOUND_NONE) return
    if (found === FOUND_TCP) {
      tupleKey(segment, this.key)
      this.wanted[this.wantedCount++] = this.tracker.tuples.hash(this.key)
    }
    this.found[this.count++] = found
    if (this.count === GROUP) this.flush()
  }

  /** Uses what was added. */
  flush(): void {
    this.fetch()
    const { count } = this
    this.count = 0
    this.wantedCount = 0
    for (let i = 0; i < count; i++) this.use(this.found[i], this.segments[i], this.frames[i])
  }

  /** Each loop asks for addresses that the one before has brought: none of them waits for its own. */
  private fetch(): void {
    const { wanted, wantedCount, cursor } = this
    const { tuples, newest, numbers, log } = this.tracker
    tuples.guess(wanted, wantedCount)
    let sum = tuples.touch(wanted, wantedCount)
    for (let i = 0; i < wantedCount; i++) {
      const tuple = wanted[i]
      wanted[i] = tuple < 0 || tuple >= newest.length ? NOWHERE : newest[tuple]
      sum ^= numbers.touch(wanted[i])
    }
    for (let i = 0; i < wantedCount; i++) {
      cursor.at = wanted[i]
      sum ^= log.touch(rowOfPacket(cursor, cursor.packets + 1))
    }
    this.touched = sum
  }
}
