/**
 * What is remembered of every connection of a capture after its first reading, in 80 bytes each: addresses, initial sequence numbers and when.
 * It tells which connections of the other capture belong to the reset ones here, before any of them is traced.
 */
import { KeyTable } from '../flow/key-table.js'
import { TUPLE_WORDS, tupleKey } from '../flow/tuple.js'
import type { Frame } from '../model.js'
import { ACK, RST, type Segment, SYN } from '../wire/segment.js'

/** More are counted and not remembered. */
const MOST = 1 << 20
/** A time as good as any beside the sequence number in one double: 2^32 × 2^20 < 2^53. */
const ID_RANGE = MOST

export class Openings {
  /** Openings beyond what is remembered, repeated SYNs among them. */
  beyond = 0
  /** 4-tuples with a RST. */
  readonly resets = new KeyTable(TUPLE_WORDS)
  private readonly keys = new KeyTable(TUPLE_WORDS + 1)
  private timesNs = new Float64Array(1024)
  /** By the server; meaningful where `answered` is 1. */
  private serverIsns = new Int32Array(1024)
  private answered = new Uint8Array(1024)
  private sorted: Float64Array | undefined
  private readonly key = new Int32Array(TUPLE_WORDS + 1)
  private readonly tuple = new Int32Array(TUPLE_WORDS)

  /** Connections remembered; their numbers are 0 … size − 1, in order of appearance. */
  get size(): number {
    return this.keys.size
  }

  note(segment: Segment, frame: Frame): void {
    const { flags } = segment
    if (flags & RST) {
      tupleKey(segment, this.tuple)
      this.resets.add(this.tuple)
    } else if (flags & SYN) this.open(segment, frame)
  }

  private open(segment: Segment, frame: Frame): void {
    const { key } = this
    tupleKey(segment, key)
    const answers = (segment.flags & ACK) !== 0
    key[TUPLE_WORDS] = answers ? segment.ack - 1 : segment.seq
    let id = this.keys.find(key)
    if (id < 0) {
      if (this.size === MOST) {
        this.beyond++
        return
      }
      id = this.keys.add(key)
      if (id === this.timesNs.length) this.grow()
      this.timesNs[id] = frame.timeNs
    }
    if (!answers) return
    this.serverIsns[id] = segment.seq
    this.answered[id] = 1
  }

  private grow(): void {
    const size = this.timesNs.length * 2
    const [times, isns, answered] = [new Float64Array(size), new Int32Array(size), new Uint8Array(size)]
    times.set(this.timesNs)
    isns.set(this.serverIsns)
    answered.set(this.answered)
    this.timesNs = times
    this.serverIsns = isns
    this.answered = answered
  }

  /** When its first packet came, on the capture's clock. */
  timeNs(id: number): number {
    return this.timesNs[id]
  }

  /** @returns the 4-tuple; the same array every time */
  tupleOf(id: number): Int32Array {
    this.keys.read(id, this.key)
    for (let i = 0; i < TUPLE_WORDS; i++) this.tuple[i] = this.key[i]
    return this.tuple
  }

  isReset(id: number): boolean {
    return this.resets.find(this.tupleOf(id)) >= 0
  }

  /** Number of the connection with the addresses and the client's sequence number of one in another capture; -1 = none. */
  same(other: Openings, id: number): number {
    other.keys.read(id, this.key)
    return this.keys.find(this.key)
  }

  /** Numbers of connections whose client began with the sequence number of one in another capture, whatever their addresses. */
  *alike(other: Openings, id: number): Generator<number> {
    other.keys.read(id, this.key)
    const isn = this.key[TUPLE_WORDS] >>> 0
    const sorted = (this.sorted ??= this.byIsn())
    for (let at = lowerBound(sorted, isn * ID_RANGE); at < sorted.length; at++) {
      if (Math.floor(sorted[at] / ID_RANGE) !== isn) return
      yield sorted[at] % ID_RANGE
    }
  }

  /** Whether more than the client's sequence number is equal: the server's, or a port. */
  agrees(id: number, other: Openings, otherId: number): boolean {
    if (this.answered[id] && other.answered[otherId]) return this.serverIsns[id] === other.serverIsns[otherId]
    this.keys.read(id, this.key)
    const mine = this.key[TUPLE_WORDS - 1]
    other.keys.read(otherId, this.key)
    const theirs = this.key[TUPLE_WORDS - 1]
    const ports = [theirs >>> 16, theirs & 0xffff]
    return ports.includes(mine >>> 16) || ports.includes(mine & 0xffff)
  }

  private byIsn(): Float64Array {
    const sorted = new Float64Array(this.size)
    for (let id = 0; id < this.size; id++) {
      this.keys.read(id, this.key)
      sorted[id] = (this.key[TUPLE_WORDS] >>> 0) * ID_RANGE + id
    }
    return sorted.sort()
  }
}

/** First place whose value is not below. @param sorted ascending */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
