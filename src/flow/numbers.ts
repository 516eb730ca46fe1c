/**
 * The numbers of all connections that every segment touches, in one typed array: a row of eight cache lines per connection, both sides next
 * to each other. A segment of a random one of 20,000 connections spends its time waiting for memory: as fields of objects these numbers lay
 * in some 20 cache lines (two or three per object, one per number that is no small integer), and it took 2.5 µs.
 */

import type { TrackedConnection } from './connection.js'

const STRIDE = 128
/** A row, its owner's place, its place in the list of free ones. */
const ROW_BYTES = STRIDE * 4 + 2 * 8
/** From so many on all that may come are made room for at once: memory that is not touched yet costs nothing, copies and what they leave do. */
const MANY_ROWS = 1 << 16
/** Of one side with holes: two small typed arrays and the place in the map, measured. */
const HOLES_BYTES = 480
/** A cache line. */
const LINE = 16
/** Place of nobody's row: there a forgotten connection reads nothing but zeros. */
export const NOWHERE = 0
/** Where a connection's sides begin in its row. */
export const CLIENT_AT = 16
export const SERVER_AT = 64
/** The history's letters, a byte each. */
export const HISTORY_AT = 112

// Of a connection. Times and other doubles take two words and begin at an even one.
export const LAST_TIME = 0
export const LONGEST_SILENCE = 2
export const BITS = 4
export const PACKETS = 5
/** Which history letters were written (see history.ts), and how many: bits 8 to 15. */
export const LETTERS = 6
/** Kind of the last packet in the lower half, its side in the upper. */
export const LAST = 7
/** Places of its segments, see retention.ts. */
export const BLOCKS = 8

// Of a side: what a segment of it, or of its peer, touches.
export const SIDE_BITS = 0
export const NEXT_SEQ = 1
export const ACKED_TO = 2
export const WINDOW = 3
export const WINDOW_EDGE = 4
export const WINDOW_SCALE = 5
export const TIMED_END = 6
export const HOLE_COUNT = 7
export const TIMED_TIME = 8
export const MIN_RESPONSE = 10
export const SEGMENTS = 12
export const DATA_SEGMENTS = 13
/** Four hop limits, one per byte. */
export const HOPS = 14
/** Segments of the first of them; the others' counts are below. */
export const HOP_COUNT = 15
// What a segment of it touches.
export const SIDE_LAST_TIME = 16
export const PAYLOAD_BYTES = 18
export const GAPS = 20
export const RETRANSMITTED = 21
export const ZERO_WINDOWS = 22
// Of its payload, see quiet.ts: how pieces may be quiet, how many bytes more; then what quiet pieces came to.
export const QUIET = 23
export const QUIET_TIME = 24
export const QUIET_TURN_TIME = 26
export const QUIET_BYTES = 28
export const QUIET_UNSEEN = 29
export const QUIET_TURNS = 30
export const QUIET_TURN_BYTES = 31
// The rest.
export const SIDE_FIRST_TIME = 32
export const FORGOTTEN_UNSEEN = 34
export const ISN = 36
export const LOWEST_SEQ = 37
export const FIN_END = 38
export const MSS = 39
export const STRAY_END = 40
export const STRAY_ACK = 41
export const OTHER_HOP_COUNTS = 42
export const RST_ROWS = 45
export const GAPS_NOTED = 46
export const QUIET_ROOM = 47

/** Gaps below a side's highest sequence number: start and end of each, oldest first, and when it opened. */
export interface Holes {
  ranges: Int32Array
  timesNs: Float64Array
}

export class Numbers {
  words = new Int32Array(STRIDE * 256)
  /** The same memory as doubles. */
  doubles = new Float64Array(this.words.buffer)
  /** The same memory as bytes. */
  bytes = new Uint8Array(this.words.buffer)
  /** By the place of a side: few sides have any. */
  readonly holes = new Map<number, Holes>()
  /** What the payload of these connections told: how many such states are held. */
  states = 0
  private readonly owners: (TrackedConnection | undefined)[] = [undefined]
  private rows = 1
  private readonly free: number[] = []

  /** @param most rows that are expected where there are many */
  constructor(private readonly most = 0) {}

  /** Memory behind the rows in use, their owners' places and their holes. */
  get memoryBytes(): number {
    return (this.rows - this.free.length) * ROW_BYTES + this.holes.size * HOLES_BYTES
  }

  /** Place of a row for a new connection. */
  take(): number {
    const at = this.free.pop() ?? this.rows++ * STRIDE
    if (at + STRIDE > this.words.length) this.grow()
    this.words.fill(0, at, at + STRIDE)
    this.words[at + LAST] = -1
    this.clearSide(at + CLIENT_AT)
    this.clearSide(at + SERVER_AT)
    return at
  }

  release(at: number): void {
    if (this.holes.size > 0) {
      this.holes.delete(at + CLIENT_AT)
      this.holes.delete(at + SERVER_AT)
    }
    this.owners[at / STRIDE] = undefined
    this.free.push(at)
  }

  setOwner(at: number, owner: TrackedConnection): void {
    this.owners[at / STRIDE] = owner
  }

  /** The connection whose row is at this place, which must be in use. */
  ownerOf(at: number): TrackedConnection {
    return this.owners[at / STRIDE]!
  }

  /** Reads what a segment touches of a row, so that it is in the cache. The answer means nothing, but without it nothing would be read. */
  touch(at: number): number {
    const { words } = this
    return (
      words[at] ^
      words[at + CLIENT_AT] ^
      words[at + CLIENT_AT + LINE] ^
      words[at + SERVER_AT] ^
      words[at + SERVER_AT + LINE]
    )
  }

  private clearSide(at: number): void {
    this.words[at + WINDOW] = -1
    this.words[at + WINDOW_SCALE] = -1
    this.words[at + MSS] = -1
    this.doubles[(at + MIN_RESPONSE) >> 1] = Number.POSITIVE_INFINITY
  }

  private grow(): void {
    const doubled = this.words.length * 2
    const grown = new Int32Array(
      doubled < MANY_ROWS * STRIDE ? doubled : Math.max(doubled, this.most * STRIDE),
    )
    grown.set(this.words)
    this.words = grown
    this.doubles = new Float64Array(grown.buffer)
    this.bytes = new Uint8Array(grown.buffer)
  }
}
