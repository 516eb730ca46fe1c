/** Listeners (server address + port) over the whole capture, a bounded number of them, with their first connections by name. */
import { addressText } from '../wire/text.js'
import { KeyTable } from './key-table.js'
import { type Room, TimeList } from './time-list.js'
import { TimeLog } from './time-log.js'
import { ENDPOINT_WORDS, TUPLE_WORDS } from './tuple.js'

/** Connections of a listener that are traced for comparison with the reset ones. */
export const MAX_SIBLINGS = 32

/** A listener with short lists, and what a time in a longer one takes; measured with a scan of 60,000 ports. */
const LISTENER_BYTES = 1100
const TIME_BYTES = 12

/** Words of a first connection: frame, capture, tuple. */
const FIRST = 2 + TUPLE_WORDS
const NONE = new Int32Array(0)

export class TrackedListener {
  /** Attempts seen by SYN or SYN-ACK. */
  connections = 0
  /** Attempts seen by SYN, and those of them that anything answered. */
  opened = 0
  answered = 0
  /** Number of its host, -1 when that is not tracked; known as soon as it has a connection. */
  host = -1
  /** By SYN_TIMES and so on. */
  readonly times: readonly TimeList[]
  /** Its first connections: frame and capture of the SYN that opened each, and its tuple, FIRST words each. */
  private first = NONE
  private firsts = 0

  constructor(
    readonly address: string,
    readonly port: number,
    room: Room,
  ) {
    this.times = Array.from({ length: LISTS }, () => new TimeList(room))
  }

  /** @param tuple is copied */
  addConnection(tuple: Int32Array, frame: number, capture: number): void {
    this.connections++
    if (this.firsts === MAX_SIBLINGS) return
    const at = this.firsts++ * FIRST
    if (at + FIRST > this.first.length) {
      const longer = new Int32Array(this.firsts === 1 ? FIRST : MAX_SIBLINGS * FIRST)
      longer.set(this.first)
      this.first = longer
    }
    this.first[at] = frame
    this.first[at + 1] = capture
    for (let i = 0; i < TUPLE_WORDS; i++) this.first[at + 2 + i] = tuple[i]
  }

  /** Which of the first connections was opened by this frame; -1 = none. */
  indexOf(frame: number, capture: number): number {
    const { first, firsts } = this
    for (let i = 0; i < firsts; i++) {
      if (first[i * FIRST] === (frame | 0) && first[i * FIRST + 1] === capture) return i
    }
    return -1
  }

  /** The first connections, at most `most`: `tuple` is valid during the call, `frame` is that of the SYN. */
  eachFirst(most: number, use: (tuple: Int32Array, frame: number) => void): void {
    for (let at = 0; at < Math.min(most, this.firsts) * FIRST; at += FIRST)
      use(this.first.subarray(at + 2, at + FIRST), this.first[at] >>> 0)
  }
}

// The lists of a listener.
const LISTS = 4
export const SYN_TIMES = 0
export const ACCEPT_TIMES = 1
export const REFUSAL_TIMES = 2
export const SERVER_FIN_TIMES = 3

export class Listeners {
  private readonly entries: TrackedListener[] = []
  private readonly log = new TimeLog((list, timeNs) =>
    this.entries[Math.floor(list / LISTS)].times[list % LISTS].push(timeNs),
  )
  /** Listeners that were not tracked for want of room: how often one was needed. */
  overflow = 0
  private readonly table = new KeyTable(ENDPOINT_WORDS)
  private readonly room: Room

  /** @param most listeners tracked (a port scan touches more, none of which had more than its refusal), `times` noted of all of them */
  constructor(
    private readonly most: number,
    private readonly times: number,
  ) {
    this.room = { times }
  }

  /** Memory in use, about. */
  get bytes(): number {
    const { table, entries, log, times, room } = this
    return table.bytes + log.bytes + entries.length * LISTENER_BYTES + (times - room.times) * TIME_BYTES
  }

  /** Number of a listener, which is added when it is new; -1 when there is no room. */
  add(key: Int32Array, ipVersion: number): number {
    if (this.entries.length === this.most) {
      const id = this.table.find(key)
      if (id < 0) this.overflow++
      return id
    }
    const id = this.table.add(key)
    if (this.table.added)
      this.entries.push(new TrackedListener(addressText(key.slice(0, 4), ipVersion), key[4], this.room))
    return id
  }

  /** All of them by number. */
  get list(): readonly TrackedListener[] {
    this.log.settle()
    return this.entries
  }

  /** One of them; its times are not complete. */
  entry(id: number): TrackedListener {
    return this.entries[id]
  }

  /** @param which SYN_TIMES and so on */
  noteTime(id: number, which: number, timeNs: number): void {
    this.log.add(id * LISTS + which, timeNs)
  }

  /** -1 when it is not tracked. */
  idOf(key: Int32Array): number {
    return this.table.find(key)
  }

  find(key: Int32Array): TrackedListener | undefined {
    const id = this.table.find(key)
    return id < 0 ? undefined : this.list[id]
  }
}
