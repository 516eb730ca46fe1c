/**
 * Hash table from keys of a fixed number of 32-bit words to small integer ids, for 4-tuples, listeners and hosts: no string keys and
 * no allocation per lookup (a Map with string keys costs about 20 times as much per segment).
 *
 * Open addressing with linear probing; each slot holds (hash, id + 1), so that most misses touch one cache line and no key.
 */

/** Answer of `find` for a key that is not there. */
export const NO_ID = -1

const NOT_ASKED = -2

/** Addresses come from the network: an unpredictable seed keeps crafted keys from colliding. No result depends on it. */
const SEED = (Math.random() * 0x100000000) | 0

export class KeyTable {
  /** Keys held. */
  size = 0
  /** Keys deleted so far. */
  deletions = 0
  /** Set by `add`: whether the key was new. */
  added = false
  private slots: Int32Array
  private keys: Int32Array
  private mask: number
  private readonly free: number[] = []
  private nextId = 0
  /** The key asked for last and its id, NOT_ASKED when that is no longer valid: packets of one connection come in trains. */
  private readonly lastKey: Int32Array
  private lastId = NOT_ASKED
  /** Where it belongs when it was not there: what is not found is mostly added. */
  private lastHash = 0
  private lastAt = 0

  /** @param words 32-bit words per key */
  constructor(
    private readonly words: number,
    capacity = 64,
  ) {
    let slots = 16
    while (slots < capacity * 2) slots *= 2
    this.slots = new Int32Array(slots * 2)
    this.mask = slots - 1
    this.keys = new Int32Array((slots >> 1) * words)
    this.lastKey = new Int32Array(words)
  }

  /** Id of a key, NO_ID when it is not there. */
  find(key: Int32Array): number {
    if (this.lastId !== NOT_ASKED && sameKey(this.lastKey, 0, key, this.words)) return this.lastId
    const { slots, mask, keys, words, lastKey } = this
    const hash = hashOf(key, 0, words)
    let at = hash & mask
    let id = NO_ID
    for (; ; at = (at + 1) & mask) {
      const held = slots[at * 2 + 1]
      if (held === 0) break
      if (slots[at * 2] === hash && sameKey(keys, (held - 1) * words, key, words)) {
        id = held - 1
        break
      }
    }
    for (let i = 0; i < words; i++) lastKey[i] = key[i]
    this.lastHash = hash
    this.lastAt = at
    this.lastId = id
    return id
  }

  /** Id of a key, which is added when it is not there (`added` tells). Ids of deleted keys are used again. */
  add(key: Int32Array): number {
    this.added = false
    const found = this.find(key)
    if (found !== NO_ID) return found
    const id = this.free.pop() ?? this.nextId++
    const { words, lastAt } = this
    if ((id + 1) * words > this.keys.length) this.growKeys()
    const { keys, slots } = this
    for (let i = 0; i < words; i++) keys[id * words + i] = key[i]
    slots[lastAt * 2] = this.lastHash
    slots[lastAt * 2 + 1] = id + 1
    this.added = true
    this.lastId = id
    this.size++
    if (this.size * 2 > this.mask) this.growSlots()
    return id
  }

  /** Removes a key by its id, which must be in use. */
  delete(id: number): void {
    const { slots, mask } = this
    let at = hashOf(this.keys, id * this.words, this.words) & mask
    while (slots[at * 2 + 1] !== id + 1) at = (at + 1) & mask
    // Backward shift: entries that probing had pushed past the hole move into it, so that no tombstones pile up.
    let hole = at
    for (let next = (at + 1) & mask; slots[next * 2 + 1] !== 0; next = (next + 1) & mask) {
      const home = slots[next * 2] & mask
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        slots[hole * 2] = slots[next * 2]
        slots[hole * 2 + 1] = slots[next * 2 + 1]
        hole = next
      }
    }
    slots[hole * 2 + 1] = 0
    this.size--
    this.deletions++
    this.free.push(id)
    this.lastId = NOT_ASKED
  }

  /** Memory behind the table. */
  get bytes(): number {
    return this.slots.byteLength + this.keys.byteLength + this.free.length * 8
  }

  /** Removes all keys. The memory stays, for as many again. */
  clear(): void {
    this.slots.fill(0)
    this.deletions += this.size
    this.size = 0
    this.nextId = 0
    this.free.length = 0
    this.lastId = NOT_ASKED
  }

  /** Hash of a key. */
  hash(key: Int32Array): number {
    return hashOf(key, 0, this.words)
  }

  /** Replaces each hash by the id that most probably has it, -1 where none has: a guess, for fetching ahead what belongs to the id. */
  guess(hashes: Int32Array, count: number): void {
    const { slots, mask } = this
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]
      let at = hash & mask
      while (slots[at * 2 + 1] !== 0 && slots[at * 2] !== hash) at = (at + 1) & mask
      hashes[i] = slots[at * 2 + 1] - 1
    }
  }

  /** Whether a key has this id, which may be -1. What was guessed before a key was deleted (see `deletions`) must not be asked. */
  confirms(id: number, key: Int32Array): boolean {
    return id >= 0 && sameKey(this.keys, id * this.words, key, this.words)
  }

  /** Reads the keys of ids, so that they are in the cache. The answer means nothing, but without it nothing would be read. */
  touch(ids: Int32Array, count: number): number {
    const { keys, words } = this
    let sum = 0
    for (let i = 0; i < count; i++)
      if (ids[i] >= 0) sum ^= keys[ids[i] * words] ^ keys[(ids[i] + 1) * words - 1]
    return sum
  }

  /** Copies the key of an id into `out`. */
  read(id: number, out: Int32Array): void {
    for (let i = 0; i < this.words; i++) out[i] = this.keys[id * this.words + i]
  }

  private growKeys(): void {
    const grown = new Int32Array(this.keys.length * 2)
    grown.set(this.keys)
    this.keys = grown
  }

  private growSlots(): void {
    const old = this.slots
    const count = (this.mask + 1) * 2
    this.slots = new Int32Array(count * 2)
    this.mask = count - 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue
      let at = old[i] & this.mask
      while (this.slots[at * 2 + 1] !== 0) at = (at + 1) & this.mask
      this.slots[at * 2] = old[i]
      this.slots[at * 2 + 1] = old[i + 1]
    }
  }
}

/** Compares `keys[at .. at + words)` with a key, from the end: ports and the low address words differ most. */
export function sameKey(keys: Int32Array, at: number, key: Int32Array, words: number): boolean {
  for (let i = words - 1; i >= 0; i--) if (keys[at + i] !== key[i]) return false
  return true
}

/** A multiplication per word, two chains of them at a time; half the time of MurmurHash3 for nine words. */
export function hashOf(keys: Int32Array, at: number, words: number): number {
  let a = SEED
  let b = ~SEED
  const end = at + words
  for (; at + 1 < end; at += 2) {
    a = Math.imul(a ^ keys[at], 0x9e3779b1)
    a ^= a >>> 15
    b = Math.imul(b ^ keys[at + 1], 0x85ebca6b)
    b ^= b >>> 13
  }
  if (at < end) a = Math.imul(a ^ keys[at], 0x9e3779b1)
  const h = Math.imul(a ^ (a >>> 16) ^ Math.imul(b, 0x27d4eb2f), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
