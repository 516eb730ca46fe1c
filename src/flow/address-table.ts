/** Addresses → numbers in order of appearance. One word is all that tells IPv4 addresses apart: eight of them share a cache line. */
import { SlotTable, USED } from './slot-table.js'
import { ADDRESS_WORDS } from './tuple.js'

/** The number + 1. */
const ENTRY_WORDS = 1

export class AddressTable {
  /** Set by `add`: whether the address was new. */
  added = false
  size = 0
  private readonly ipv4 = new SlotTable(1, ENTRY_WORDS)
  private readonly ipv6 = new SlotTable(ADDRESS_WORDS, ENTRY_WORDS)
  private readonly shortKey = new Int32Array(1)
  private readonly longKey = new Int32Array(ADDRESS_WORDS)
  /** By number. */
  private addresses = new Int32Array(64 * ADDRESS_WORDS)

  get bytes(): number {
    return this.ipv4.bytes + this.ipv6.bytes + this.addresses.byteLength
  }

  /** @param address may be longer than an address */
  find(address: Int32Array): number {
    const short = this.isShort(address)
    const table = short ? this.ipv4 : this.ipv6
    const place = table.placeOf(short ? this.shortKey : this.longKey)
    return table.rows[place + table.words + USED] - 1
  }

  /** Number of an address, which is added when it is not there. */
  add(address: Int32Array): number {
    const short = this.isShort(address)
    const table = short ? this.ipv4 : this.ipv6
    const key = short ? this.shortKey : this.longKey
    const place = table.placeOf(key)
    this.added = !table.has(place)
    if (!this.added) return table.rows[place + table.words + USED] - 1
    table.put(place, key, this.size + 1)
    const at = this.size * ADDRESS_WORDS
    if (at === this.addresses.length) {
      const longer = new Int32Array(at * 2)
      longer.set(this.addresses)
      this.addresses = longer
    }
    for (let i = 0; i < ADDRESS_WORDS; i++) this.addresses[at + i] = address[i]
    return this.size++
  }

  /** Copies the address of a number into `out`. */
  read(id: number, out: Int32Array): void {
    for (let i = 0; i < ADDRESS_WORDS; i++) out[i] = this.addresses[id * ADDRESS_WORDS + i]
  }

  /** ::ffff:a.b.c.d, as IPv4 addresses are held; fills the key. */
  private isShort(address: Int32Array): boolean {
    const { shortKey, longKey } = this
    if ((address[0] | address[1]) === 0 && address[2] === 0xffff) {
      shortKey[0] = address[3]
      return true
    }
    for (let i = 0; i < ADDRESS_WORDS; i++) longKey[i] = address[i]
    return false
  }
}
