/**
 * Connection attempts seen by SYN or SYN-ACK: distinct (4-tuple, ISN), what became of each. One entry per 4-tuple, that of its newest
 * attempt, in bounded memory: two generations, the older of which is dropped when the younger is full.
 */
import { KeyTable } from './key-table.js'
import { TUPLE_WORDS } from './tuple.js'

const STRIDE = 8
const ISN = 0
const OLDER_ISN = 1
const FLAGS = 2
const LISTENER = 3
const SOURCE = 4
const PAIR = 5
const CLIENT_HOST = 6
const SERVER_HOST = 7

/** The client is the lower end of the tuple. */
export const CLIENT_LOW = 1
/** The attempt was opened by a SYN of the client (else by the answer to one). */
export const BY_SYN = 2
export const ACCEPTED = 4
/** Anything of the other side came. */
export const ANSWERED = 8
export const REFUSED = 16
export const SERVER_FIN = 32
/** `OLDER_ISN` holds the ISN of the attempt before. */
export const HAS_OLDER = 64

class Generation {
  readonly tuples = new KeyTable(TUPLE_WORDS)
  words = new Int32Array(1024 * STRIDE)

  get bytes(): number {
    return this.words.byteLength + this.tuples.bytes
  }
}

/** The entry found last is the current one: read and written through the accessors. */
export class Attempts {
  /** Those that are no longer known. */
  forgotten = 0
  private young = new Generation()
  private old = new Generation()
  private at = 0

  /** @param most 4-tuples per generation */
  constructor(private readonly most: number) {}

  /** Memory behind both generations. */
  get bytes(): number {
    return this.young.bytes + this.old.bytes
  }

  /** Makes a tuple's newest attempt the current one. */
  find(tuple: Int32Array): boolean {
    const id = this.young.tuples.find(tuple)
    if (id >= 0) {
      this.at = id * STRIDE
      return true
    }
    const older = this.old.tuples.size > 0 ? this.old.tuples.find(tuple) : -1
    if (older < 0) return false
    const from = older * STRIDE
    const words = this.old.words.slice(from, from + STRIDE)
    this.add(tuple)
    this.young.words.set(words, this.at)
    return true
  }

  /**
   * Begins a new attempt and makes it the current one.
   * @param repeats the tuple is known: its last ISN is remembered as the older one
   */
  begin(tuple: Int32Array, isn: number, flags: number, repeats: boolean): void {
    if (repeats) {
      this.young.words[this.at + OLDER_ISN] = this.isn
      flags |= HAS_OLDER
    } else this.add(tuple)
    const { words } = this.young
    words[this.at + ISN] = isn
    words[this.at + FLAGS] = flags
    words[this.at + LISTENER] = -1
    words[this.at + SOURCE] = -1
    words[this.at + PAIR] = -1
  }

  get isn(): number {
    return this.young.words[this.at + ISN]
  }

  isOlder(isn: number): boolean {
    return this.has(HAS_OLDER) && this.young.words[this.at + OLDER_ISN] === isn
  }

  has(flag: number): boolean {
    return (this.young.words[this.at + FLAGS] & flag) !== 0
  }

  set(flag: number): void {
    this.young.words[this.at + FLAGS] |= flag
  }

  /** Number of its listener and source, -1 when these are not tracked; `pair` is for the source's own use. */
  get listener(): number {
    return this.young.words[this.at + LISTENER]
  }

  get source(): number {
    return this.young.words[this.at + SOURCE]
  }

  get pair(): number {
    return this.young.words[this.at + PAIR]
  }

  /** Numbers of its ends among the hosts. */
  get clientHost(): number {
    return this.young.words[this.at + CLIENT_HOST]
  }

  get serverHost(): number {
    return this.young.words[this.at + SERVER_HOST]
  }

  setHosts(client: number, server: number): void {
    this.young.words[this.at + CLIENT_HOST] = client
    this.young.words[this.at + SERVER_HOST] = server
  }

  attribute(listener: number, source: number, pair: number): void {
    const { words } = this.young
    words[this.at + LISTENER] = listener
    words[this.at + SOURCE] = source
    words[this.at + PAIR] = pair
  }

  private add(tuple: Int32Array): void {
    if (this.young.tuples.size >= this.most) {
      this.forgotten += this.old.tuples.size
      // Used again: a flood would leave their memory to the collector by the gigabyte.
      const { old } = this
      old.tuples.clear()
      this.old = this.young
      this.young = old
    }
    const { young } = this
    this.at = young.tuples.add(tuple) * STRIDE
    young.words.fill(0, this.at, this.at + STRIDE)
    if (this.at + STRIDE > young.words.length) {
      const grown = new Int32Array(young.words.length * 2)
      grown.set(young.words)
      young.words = grown
    }
  }
}
