/**
 * Connection attempts seen by SYN or SYN-ACK: distinct (4-tuple, ISN), what became of each. One entry per 4-tuple, that of its newest
 * attempt, in bounded memory: two generations, the older of which is dropped when the younger is full.
 */
import { SlotTable, USED } from './slot-table.js'
import { TUPLE_WORDS } from './tuple.js'

// Words of an entry. The first holds the flags in its lower bits, the number of the pair + 1 in its upper ones.
const PAIR_AND_FLAGS = USED
const ISN = 1
const OLDER_ISN = 2
const LISTENER = 3
const CLIENT_HOST = 4
const ENTRY_WORDS = 5

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
/** Of every entry. */
const IN_USE = 128
const FLAG_BITS = 8
const ALL_FLAGS = 255

/** The tuples of one IP version. Those of IPv4 need three words: an entry is half a cache line then. */
class Family {
  young: SlotTable
  old: SlotTable
  readonly key: Int32Array

  constructor(words: number) {
    this.young = new SlotTable(words, ENTRY_WORDS)
    this.old = new SlotTable(words, ENTRY_WORDS)
    this.key = new Int32Array(words)
  }
}

/** The entry found last is the current one: read and written through the accessors. */
export class Attempts {
  /** Those that are no longer known. */
  forgotten = 0
  private readonly ipv4 = new Family(3)
  private readonly ipv6 = new Family(TUPLE_WORDS)
  private family = this.ipv4
  /** Where the tuple asked for last stands or belongs in its table. */
  private place = 0
  /** The entry: `words[at ..]`. */
  private words: Int32Array = this.ipv4.young.rows
  private at = 0

  /** @param most 4-tuples per generation and IP version */
  constructor(private readonly most: number) {}

  /** Memory behind all of it: 64 MB when full of 2 × 524,288 IPv4 connections. */
  get bytes(): number {
    const { ipv4, ipv6 } = this
    return ipv4.young.bytes + ipv4.old.bytes + ipv6.young.bytes + ipv6.old.bytes
  }

  /** Makes a tuple's newest attempt the current one. */
  find(tuple: Int32Array): boolean {
    const family = this.familyOf(tuple)
    const { young, old, key } = family
    this.family = family
    this.place = young.placeOf(key)
    if (young.has(this.place)) {
      this.use(young, this.place)
      return true
    }
    if (old.size === 0) return false
    const from = old.placeOf(key)
    if (!old.has(from)) return false
    const entry = old.rows.slice(from + old.words, from + old.stride)
    this.add()
    this.words.set(entry, this.at)
    return true
  }

  /**
   * Begins a new attempt of the tuple asked for last and makes it the current one.
   * @param repeats the tuple is known: its last ISN is remembered as the older one
   */
  begin(isn: number, flags: number, repeats: boolean): void {
    if (!repeats) this.add()
    const { words, at } = this
    words[at + OLDER_ISN] = words[at + ISN]
    words[at + ISN] = isn
    words[at + PAIR_AND_FLAGS] = flags | IN_USE | (repeats ? HAS_OLDER : 0)
  }

  get isn(): number {
    return this.words[this.at + ISN]
  }

  isOlder(isn: number): boolean {
    return this.has(HAS_OLDER) && this.words[this.at + OLDER_ISN] === isn
  }

  has(flag: number): boolean {
    return (this.words[this.at + PAIR_AND_FLAGS] & flag) !== 0
  }

  set(flag: number): void {
    this.words[this.at + PAIR_AND_FLAGS] |= flag
  }

  /** Number of its listener, -1 when that is not tracked. */
  get listener(): number {
    return this.words[this.at + LISTENER]
  }

  /** For the source's own use; -1 when it has none. */
  get pair(): number {
    return (this.words[this.at + PAIR_AND_FLAGS] >>> FLAG_BITS) - 1
  }

  /** Number of the client among the hosts, -1 when it is not tracked. */
  get clientHost(): number {
    return this.words[this.at + CLIENT_HOST]
  }

  attribute(clientHost: number, listener: number, pair: number): void {
    const { words, at } = this
    words[at + CLIENT_HOST] = clientHost
    words[at + LISTENER] = listener
    words[at + PAIR_AND_FLAGS] = (words[at + PAIR_AND_FLAGS] & ALL_FLAGS) | ((pair + 1) << FLAG_BITS)
  }

  private familyOf(tuple: Int32Array): Family {
    const { ipv4, ipv6 } = this
    // Both ends ::ffff:a.b.c.d, see `Segment.source`.
    const zeros = tuple[0] | tuple[1] | tuple[4] | tuple[5]
    if (zeros !== 0 || tuple[2] !== 0xffff || tuple[6] !== 0xffff) {
      ipv6.key.set(tuple)
      return ipv6
    }
    ipv4.key[0] = tuple[3]
    ipv4.key[1] = tuple[7]
    ipv4.key[2] = tuple[8]
    return ipv4
  }

  /** A row for the tuple asked for last, nothing but zeros. */
  private add(): void {
    const { family, most } = this
    const { key } = family
    if (family.young.size >= most) {
      this.forgotten += family.old.size
      // Used again: a flood would leave their memory to the collector by the gigabyte.
      const { old } = family
      old.clear()
      family.old = family.young
      family.young = old
      this.place = old.placeOf(key)
    }
    this.use(family.young, family.young.put(this.place, key, IN_USE))
  }

  private use(table: SlotTable, place: number): void {
    this.words = table.rows
    this.at = place + table.words
  }
}
