/** Bit streams of Zstandard: tables are written forwards, everything else backwards. RFC 8878 §4.1, §4.2.2. */

/** Damage; the message says what is wrong. */
export class ZstdDamage extends Error {}

/** Place of the highest set bit of a number above 0. */
export const highBit = (value: number): number => 31 - Math.clz32(value)

/** Reads from the last bit towards the first. Bits before the first are zeros; `left` is negative then. */
export class BackwardBits {
  /** Bits not read yet. */
  left: number

  /** @param bytes with at least three bytes of room behind `end`, whatever they hold */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly start: number,
    end: number,
  ) {
    const last = end > start ? bytes[end - 1] : 0
    if (last === 0) throw new ZstdDamage('a bit stream without an end mark')
    this.left = (end - 1 - start) * 8 + highBit(last)
  }

  /** The next `count` bits, at most 16, without going on. */
  peek(count: number): number {
    const at = this.left - count
    if (at < 0) return this.left <= 0 ? 0 : this.word(0, this.left) << (count - this.left)
    return this.word(at, count)
  }

  /** At most 16 bits. */
  read(count: number): number {
    const value = this.peek(count)
    this.left -= count
    return value
  }

  /** At most 31 bits. */
  readLong(count: number): number {
    if (count <= 16) return this.read(count)
    const high = this.read(count - 16)
    return high * 65_536 + this.read(16)
  }

  private word(at: number, count: number): number {
    const { bytes } = this
    const byte = this.start + (at >> 3)
    const word = bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)
    return (word >> (at & 7)) & ((1 << count) - 1)
  }
}
