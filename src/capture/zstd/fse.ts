/** Finite state entropy tables, RFC 8878 §4.1. */
import { type BackwardBits, highBit, ZstdDamage } from './bits.js'

/** State → symbol, bits to read for the next state, and what they are added to. */
export interface FseTable {
  log: number
  symbols: Uint8Array
  bits: Uint8Array
  base: Uint16Array
}

/** §4.1.1: a table description at `at`. @returns the table and where the description ends */
export function readFseTable(
  bytes: Uint8Array,
  at: number,
  end: number,
  maxLog: number,
  maxSymbol: number,
): { table: FseTable; end: number } {
  let bit = at * 8
  const read = (count: number): number => {
    if (bit + count > end * 8) throw new ZstdDamage('a table beyond its block')
    const byte = bit >> 3
    const word = bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16)
    const value = (word >> (bit & 7)) & ((1 << count) - 1)
    bit += count
    return value
  }
  const log = read(4) + 5
  if (log > maxLog) throw new ZstdDamage('a table that is too large')
  const counts: number[] = []
  let remaining = 1 << log
  while (remaining > 0) {
    if (counts.length > maxSymbol) throw new ZstdDamage('a table of too many symbols')
    const width = highBit(remaining + 1) + 1
    // Small values take a bit less: the description may end right behind one.
    const short = (1 << width) - 2 - remaining
    const low = read(width - 1)
    const value = low < short ? low : withHighBit(low, read(1), width, short)
    const count = value - 1
    remaining -= Math.abs(count)
    counts.push(count)
    if (count !== 0) continue
    for (let zeros = 3; zeros === 3; ) {
      zeros = read(2)
      for (let i = 0; i < zeros; i++) counts.push(0)
    }
  }
  if (remaining < 0 || counts.length > maxSymbol + 1) throw new ZstdDamage('a table whose sum is wrong')
  return { table: buildFseTable(counts, log), end: (bit + 7) >> 3 }
}

function withHighBit(low: number, high: number, width: number, short: number): number {
  return high === 0 ? low : low + (1 << (width - 1)) - short
}

/** §4.1.1, "from normalized distribution to decoding tables". @param counts -1 = "less than one" */
export function buildFseTable(counts: readonly number[], log: number): FseTable {
  const size = 1 << log
  const table = {
    log,
    symbols: new Uint8Array(size),
    bits: new Uint8Array(size),
    base: new Uint16Array(size),
  }
  const next = counts.map(count => Math.abs(count))
  let high = size
  counts.forEach((count, symbol) => {
    if (count === -1) table.symbols[--high] = symbol
  })
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  counts.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) {
      table.symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  })
  if (at !== 0) throw new ZstdDamage('a table whose sum is wrong')
  for (let state = 0; state < size; state++) {
    const count = next[table.symbols[state]]++
    const bits = log - highBit(count)
    table.bits[state] = bits
    table.base[state] = (count << bits) - size
  }
  return table
}

/** A table of one symbol that takes no bits. */
export const oneSymbol = (symbol: number): FseTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: Uint8Array.of(0),
  base: Uint16Array.of(0),
})

/** §4.2.1.2: two states take turns until the stream is used up; the other one then has a last symbol. */
export function readTwoStates(table: FseTable, bits: BackwardBits, most: number): number[] {
  const { symbols, base } = table
  const out: number[] = []
  const states = [bits.read(table.log), bits.read(table.log)]
  for (let turn = 0; out.length < most; turn ^= 1) {
    const state = states[turn]
    out.push(symbols[state])
    states[turn] = base[state] + bits.read(table.bits[state])
    if (bits.left < 0) {
      out.push(symbols[states[turn ^ 1]])
      return out
    }
  }
  throw new ZstdDamage('too many Huffman weights')
}
