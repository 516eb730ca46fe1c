/**
 * The connections that are held, what they take of the memory, and which of them are forgotten when it is short: those that are over, then
 * the longest silent; never one that was reset.
 */
import { grown } from './columns.js'
import { TrackedConnection } from './connection.js'
import type { ConnectionCursor } from './cursor.js'
import { leastWanted, Queue } from './forgetting.js'
import { FORGET_CLOSED_NS } from './incarnations.js'
import { KeyTable } from './key-table.js'
import { NOWHERE, Numbers } from './numbers.js'
import { releaseRows } from './retention.js'
import { SegmentLog } from './segment-log.js'
import { TUPLE_WORDS } from './tuple.js'

/** A connection's objects with their places in the lists, and what the collector leaves about; measured (`npm run bench:connections`). */
const OBJECT_BYTES = 600
/** A RST frame that is only listed. */
const LISTED_BYTES = 8
/** The least that a connection takes; no more rows than these are made room for at once. */
const LEAST_BYTES = 1600
const MOST_ROWS = 1 << 20
/** Share of the memory that is left to connections, however full the tables beside are. */
const LEAST_SHARE = 0.25
/** What its payload told, the same way. */
const STATE_BYTES = 1300

export interface HoldOptions {
  /** Whether a connection that was not reset must stay for comparison (a sibling of its listener). */
  isSibling(c: TrackedConnection): boolean
  /** Memory for connections and what lies beside; beyond it the least recently active ones that were not reset are forgotten. */
  memoryBytes: number
  /** Memory of other tables that share it. */
  besideBytes(): number
  /** Connections with a RST, the first ones; RST frames that are only listed. What comes beyond is counted. */
  mostResets: number
  mostFurtherRsts: number
  /** A connection leaves for good: last chance to add it to a sum. */
  onForget?(c: TrackedConnection): void
}

export class HeldConnections {
  readonly log = new SegmentLog()
  readonly tuples = new KeyTable(TUPLE_WORDS)
  /** Every connection that is held, in order of appearance. */
  readonly held = new Set<TrackedConnection>()
  /** Connections forgotten for want of memory. */
  evicted = 0
  readonly numbers: Numbers
  /** Place of the newest incarnation's numbers by tuple id, NOWHERE where none is held. */
  newest = new Int32Array(256)
  /** Closed on both sides and not yet forgotten, in order of closing. */
  protected readonly closing = new Queue<TrackedConnection>()
  /** Of those held: with a RST; RST frames that are only listed. */
  protected resets = 0
  protected furtherRsts = 0
  /** Connections held by tuple id: the tuple's id lives as long. */
  private readonly holders: number[] = []
  /** Objects of evicted connections, to be used again: a flood would leave them to the collector by the gigabyte. */
  private readonly spare: TrackedConnection[] = []
  private serial = 0
  private memoryBytes: number
  /** What was left by the last eviction, where that could not free enough. */
  private stuckAt = 0

  constructor(private readonly options: HoldOptions) {
    this.memoryBytes = options.memoryBytes
    this.numbers = new Numbers(Math.min(MOST_ROWS, Math.ceil(options.memoryBytes / LEAST_BYTES)))
  }

  /** A new connection: its tuple's newest. */
  protected hold(
    tuple: number,
    clientLow: boolean,
    capture: number,
    ipVersion: 4 | 6,
    firstTimeNs: number,
  ): TrackedConnection {
    const c = this.spare.pop() ?? new TrackedConnection(this.numbers)
    c.begin(this.serial++, tuple, clientLow, capture, ipVersion, firstTimeNs)
    this.holders[tuple] = (this.holders[tuple] ?? 0) + 1
    if (tuple >= this.newest.length) this.newest = grown(this.newest, tuple + 1, NOWHERE)
    this.newest[tuple] = c.at
    this.held.add(c)
    return c
  }

  /** The predecessor's own predecessor is looked at no more; it stays only as part of a reset's story. */
  protected succeed(c: TrackedConnection, previous: TrackedConnection): void {
    c.previous = previous
    previous.finished = true
    const older = previous.previous
    if (older === undefined || previous.reset) return
    previous.previous = undefined
    this.release(older)
  }

  /** Connections that are over leave (what follows on their tuple would not join them either, see `isOver`); then, if memory is short, the least recently active ones. */
  protected sweep(nowNs: number): void {
    const { closing } = this
    for (let c = closing.first; c !== undefined; c = closing.first) {
      const current = this.isNewest(c) && !c.reset
      if (current && !isOver(c, nowNs)) break
      closing.shift()
      if (current) this.retire(c)
    }
    if (this.bytes > Math.max(this.allowance, this.stuckAt)) this.evict()
  }

  /** Memory in use, about: what lies in tables, to the byte; objects by what they were measured to take. */
  get bytes(): number {
    const { log, numbers, tuples, newest, held } = this
    const tables = numbers.memoryBytes + tuples.bytes + newest.byteLength * 3
    const objects = held.size * OBJECT_BYTES + numbers.states * STATE_BYTES
    return log.bytes + tables + objects + this.furtherRsts * LISTED_BYTES
  }

  /** What the tables beside leave of the memory, but never less than a quarter of it. */
  private get allowance(): number {
    return Math.max(this.memoryBytes - this.options.besideBytes(), this.memoryBytes * LEAST_SHARE)
  }

  /** A tuple's newest incarnation is over: what follows on the tuple is not compared with it. */
  protected retire(c: TrackedConnection): void {
    this.newest[c.tuple] = NOWHERE
    c.finished = true
    if (c.previous && !c.reset) {
      this.release(c.previous)
      c.previous = undefined
    }
    this.release(c)
  }

  /** Gives up a connection unless it will be reported. */
  private release(c: TrackedConnection): void {
    c.finished = true
    if (c.reset || this.options.isSibling(c)) return
    this.forget(c)
  }

  /** Drops a connection for good, whatever it is. A live capture does this with resets it has reported. */
  forget(c: TrackedConnection): void {
    if (!this.held.delete(c)) return
    this.options.onForget?.(c)
    if (c.reset) {
      this.resets--
      this.furtherRsts -= c.furtherRsts?.length ?? 0
    }
    releaseRows(this.log, c)
    c.finished = true
    if (this.isNewest(c)) this.newest[c.tuple] = NOWHERE
    c.releaseNumbers()
    if (--this.holders[c.tuple] === 0) this.tuples.delete(c.tuple)
  }

  /** The newest incarnation of a 4-tuple, if one is held. */
  newestOf(key: Int32Array): TrackedConnection | undefined {
    const tuple = this.tuples.find(key)
    return tuple < 0 ? undefined : this.newestAt(tuple)
  }

  private newestAt(tuple: number): TrackedConnection | undefined {
    const at = this.newest[tuple]
    return at === NOWHERE ? undefined : this.numbers.ownerOf(at)
  }

  private isNewest(c: TrackedConnection): boolean {
    return c.at !== NOWHERE && this.newest[c.tuple] === c.at
  }

  /** Drops a connection for good and whatever referred to it, with the predecessor that was held for its sake. */
  discard(c: TrackedConnection): void {
    for (let later = this.newestAt(c.tuple); later !== undefined; later = later.previous) {
      if (later.previous === c) later.previous = undefined
    }
    const { previous } = c
    c.previous = undefined
    this.forget(c)
    if (previous && !previous.reset) this.release(previous)
  }

  /** Memory is shorter than the estimates knew: half of what is held goes now, and less is held from now on. */
  shed(): void {
    this.memoryBytes *= 0.75
    this.evict(Math.min(this.bytes, this.allowance) * 0.5)
  }

  /** Frees a quarter of the allowance at once, so that sorting is rare: closed connections first, then the longest silent. */
  protected evict(target = this.allowance * 0.75): void {
    for (const c of leastWanted(this.held)) {
      if (this.bytes <= target) break
      const newest = this.newestAt(c.tuple)
      if (newest !== undefined && newest !== c && newest.previous === c) {
        if (newest.reset) continue
        newest.previous = undefined
      }
      this.evicted++
      const alone = newest === c && c.previous === undefined && !c.closing
      this.forget(c)
      if (alone) this.spare.push(c)
    }
    // Reset connections cannot go: where they alone exceed the allowance, do not try again at once.
    this.stuckAt = this.bytes * 1.25
  }
}

export function isOver(c: ConnectionCursor, nowNs: number): boolean {
  return !c.reset && nowNs - c.lastTimeNs > FORGET_CLOSED_NS
}
