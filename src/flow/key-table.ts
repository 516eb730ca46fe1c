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
    if (this.lastId !== NOT_ASKED && same(this.lastKey, 0, key, this.words)) return this.lastId
    const hash = this.hash(key)
    const { slots, mask } = this
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const held = slots[at * 2 + 1]
      if (held === 0) return this.remember(key, NO_ID)
      if (slots[at * 2] === hash && same(this.keys, (held - 1) * this.words, key, this.words)) {
        return this.remember(key, held - 1)
      }
    }
  }

  /** Id of a key, which is added when it is not there (`added` tells). Ids of deleted keys are used again. */
  add(key: Int32Array): number {
    this.added = false
    if (this.lastId >= 0 && same(this.lastKey, 0, key, this.words)) return this.lastId
    const hash = this.hash(key)
    const { slots, mask } = this
    let at = hash & mask
    for (; ; at = (at + 1) & mask) {
      const held = slots[at * 2 + 1]
      if (held === 0) break
      if (slots[at * 2] === hash && same(this.keys, (held - 1) * this.words, key, this.words)) {
        return this.remember(key, held - 1)
      }
    }
    const id = this.free.pop() ?? this.nextId++
    const { words } = this
    if ((id + 1) * words > this.keys.length) this.growKeys()
    for (let i = 0; i < words; i++) this.keys[id * words + i] = key[i]
    slots[at * 2] = hash
    slots[at * 2 + 1] = id + 1
    this.added = true
    this.size++
    if (this.size * 2 > mask) this.growSlots()
    return this.remember(key, id)
  }

  /** Removes a key by its id, which must be in use. */
  delete(id: number): void {
    const { slots, mask } = this
    let at = this.hashAt(id) & mask
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
    this.free.push(id)
    this.lastId = NOT_ASKED
  }

  /** Copies the key of an id into `out`. */
  read(id: number, out: Int32Array): void {
    for (let i = 0; i < this.words; i++) out[i] = this.keys[id * this.words + i]
  }

  private remember(key: Int32Array, id: number): number {
    for (let i = 0; i < this.words; i++) this.lastKey[i] = key[i]
    this.lastId = id
    return id
  }

  private hash(key: Int32Array): number {
    let h = SEED
    for (let i = 0; i < this.words; i++) h = mix(h, key[i])
    return finish(h)
  }

  private hashAt(id: number): number {
    let h = SEED
    for (let i = 0; i < this.words; i++) h = mix(h, this.keys[id * this.words + i])
    return finish(h)
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
function same(keys: Int32Array, at: number, key: Int32Array, words: number): boolean {
  for (let i = words - 1; i >= 0; i--) if (keys[at + i] !== key[i]) return false
  return true
}

/** One round and the finalizer of MurmurHash3 (x86, 32 bit; public domain). */
function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, 0x1b873593)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

function finish(h: number): number {
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
