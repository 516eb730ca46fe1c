/**
 * The frame being redacted: what was captured, and the copy that takes shape beside it. The copy begins as zeros, and a layer keeps only
 * what it names. So whatever nobody knows (payload, padding, options, trailers, unheard-of protocols) is blank without any rule.
 */
import type { Aliases } from '../aliases.js'

export class Canvas {
  data: Uint8Array = new Uint8Array(0)
  /** The captured bytes are `data[start .. captured)`. */
  start = 0
  captured = 0
  /** End of the innermost packet by its lengths, as far as captured: nothing behind it (padding, trailers) is kept. */
  limit = 0
  /** `data[i]` becomes `copy[i - start]`. */
  copy: Uint8Array = new Uint8Array(0)
  /** Headers entered so far: lying packets could nest for ever. */
  depth = 0

  constructor(readonly aliases: Aliases) {}

  /** @param data of which `[start .. end)` is the frame */
  begin(data: Uint8Array, start: number, end: number): void {
    this.data = data
    this.start = start
    this.captured = end
    this.limit = end
    this.depth = 0
    if (this.copy.length < end - start) this.copy = new Uint8Array(Math.max(end - start, 1 << 16))
    else this.copy.fill(0, 0, end - start)
  }

  /** From here on no byte at or behind `end` is of interest. */
  narrow(end: number): void {
    if (end < this.limit) this.limit = end
  }

  /** Whether `data[.. need)` may be read, and nesting is still sane. */
  has(need: number): boolean {
    return need <= this.limit && ++this.depth < 256
  }

  /** Keeps up to `count` bytes as they are. */
  keep(at: number, count: number): void {
    const end = at + count < this.limit ? at + count : this.limit
    for (let i = at; i < end; i++) this.copy[i - this.start] = this.data[i]
  }

  set8(at: number, value: number): void {
    if (at < this.captured) this.copy[at - this.start] = value
  }

  set16(at: number, value: number): void {
    this.set8(at, value >>> 8)
    this.set8(at + 1, value & 255)
  }

  set32(at: number, value: number): void {
    this.set16(at, value >>> 16)
    this.set16(at + 2, value & 0xffff)
  }

  /** Replaces four bytes of IPv4 address, if they are all there. */
  ipv4(at: number): void {
    if (at + 4 <= this.limit) this.set32(at, this.aliases.ipv4(word(this.data, at)))
  }

  ipv6(at: number): void {
    if (at + 16 > this.limit) return
    const { data, aliases } = this
    const alias = aliases.ipv6(word(data, at), word(data, at + 4), word(data, at + 8), word(data, at + 12))
    for (let i = 0; i < 4; i++) this.set32(at + 4 * i, alias[i])
  }

  mac(at: number): void {
    if (at + 6 > this.limit) return
    const mac = ((this.data[at] << 8) | this.data[at + 1]) * 0x100000000 + (word(this.data, at + 2) >>> 0)
    const alias = this.aliases.mac(mac)
    this.set16(at, Math.floor(alias / 0x100000000))
    this.set32(at + 2, (alias % 0x100000000) | 0)
  }

  /** Ones' complement sum of the frame's `[at .. end)` as captured. */
  sumOriginal(at: number, end: number): number {
    return sumBytes(this.data, at, end < this.captured ? end : this.captured)
  }

  /** The same of the copy; bytes that were not captured count as zero, which is what they would have become. */
  sumCopy(at: number, end: number): number {
    return sumBytes(this.copy, at - this.start, (end < this.captured ? end : this.captured) - this.start)
  }
}

/** 32 bits, signed. */
export function word(data: Uint8Array, at: number): number {
  return (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]
}

/** RFC 1071, not folded; an odd last byte is the upper half of its word. */
function sumBytes(data: Uint8Array, at: number, end: number): number {
  let sum = 0
  for (; at + 1 < end; at += 2) sum += (data[at] << 8) | data[at + 1]
  return at < end ? sum + (data[at] << 8) : sum
}
