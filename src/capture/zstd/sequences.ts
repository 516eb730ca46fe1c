/** The sequences section of a block: copy so many literals, then so many bytes from so far back. RFC 8878 §3.1.1.3.2 and §3.1.1.4. */
import { BackwardBits, ZstdDamage } from './bits.js'
import { buildFseTable, type FseTable, oneSymbol, readFseTable } from './fse.js'

/** Code → least value and further bits. */
interface Codes {
  base: Int32Array
  bits: Uint8Array
}

/** Codes below `plain` are their own value plus `least`; the others follow each other, each as wide as its bits say. */
function codes(plain: number, least: number, bits: number[]): Codes {
  const list = { base: new Int32Array(plain + bits.length), bits: new Uint8Array(plain + bits.length) }
  for (let i = 0; i < plain; i++) list.base[i] = i + least
  let base = plain + least
  bits.forEach((width, i) => {
    list.base[plain + i] = base
    list.bits[plain + i] = width
    base += 1 << width
  })
  return list
}

const LITERALS = codes(16, 0, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])
const MATCHES = codes(32, 3, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16])

/** §3.1.1.3.2.2 */
const repeated = (count: number, value: number): number[] => Array.from({ length: count }, () => value)
const DEFAULT_LITERALS = [
  4,
  3,
  ...repeated(11, 2),
  1,
  1,
  1,
  ...repeated(9, 2),
  3,
  2,
  ...repeated(5, 1),
  ...repeated(4, -1),
]
const DEFAULT_MATCHES = [1, 4, 3, ...repeated(6, 2), ...repeated(37, 1), ...repeated(7, -1)]
const DEFAULT_OFFSETS = [...repeated(6, 1), 2, 2, 2, ...repeated(15, 1), ...repeated(5, -1)]

interface Kind {
  maxLog: number
  maxSymbol: number
  standard: FseTable
}

const KINDS: readonly Kind[] = [
  { maxLog: 9, maxSymbol: 35, standard: buildFseTable(DEFAULT_LITERALS, 6) },
  { maxLog: 8, maxSymbol: 31, standard: buildFseTable(DEFAULT_OFFSETS, 5) },
  { maxLog: 9, maxSymbol: 52, standard: buildFseTable(DEFAULT_MATCHES, 6) },
]

/** What a block takes over from the one before: tables of literal lengths, offsets and match lengths, and the latest offsets. */
export interface Memory {
  tables: (FseTable | undefined)[]
  offsets: [number, number, number]
}

export const newMemory = (): Memory => ({ tables: [undefined, undefined, undefined], offsets: [1, 4, 8] })

/**
 * Carries a block out.
 * @param out has room for 128 KiB behind `length`; before it lies what matches may reach
 * @returns the new length
 */
export function runSequences(
  bytes: Uint8Array,
  at: number,
  end: number,
  literals: Uint8Array,
  memory: Memory,
  out: Uint8Array,
  length: number,
  most: number,
): number {
  const { count, from } = readCount(bytes, at, end)
  if (count === 0) {
    if (from !== end) throw new ZstdDamage('bytes behind the last sequence')
    if (literals.length > most) throw new ZstdDamage('literals beyond their block')
    out.set(literals, length)
    return length + literals.length
  }
  const start = readTables(bytes, from, end, memory)
  return execute(new BackwardBits(bytes, start, end), count, literals, memory, out, length, length + most)
}

function readCount(bytes: Uint8Array, at: number, end: number): { count: number; from: number } {
  const b0 = at < end ? bytes[at] : -1
  const size = b0 < 128 ? 1 : b0 < 255 ? 2 : 3
  if (b0 < 0 || at + size > end) throw new ZstdDamage('a cut sequences section')
  if (size === 1) return { count: b0, from: at + 1 }
  if (size === 2) return { count: ((b0 - 128) << 8) + bytes[at + 1], from: at + 2 }
  return { count: bytes[at + 1] + (bytes[at + 2] << 8) + 0x7f00, from: at + 3 }
}

function readTables(bytes: Uint8Array, at: number, end: number, memory: Memory): number {
  if (at >= end) throw new ZstdDamage('a cut sequences section')
  const modes = bytes[at]
  if (modes & 3) throw new ZstdDamage('reserved bits set')
  let from = at + 1
  KINDS.forEach(({ maxLog, maxSymbol, standard }, i) => {
    const mode = (modes >> (6 - 2 * i)) & 3
    if (mode === 0) memory.tables[i] = standard
    else if (mode === 1) {
      if (from >= end || bytes[from] > maxSymbol) throw new ZstdDamage('an impossible code')
      memory.tables[i] = oneSymbol(bytes[from++])
    } else if (mode === 2) {
      const read = readFseTable(bytes, from, end, maxLog, maxSymbol)
      memory.tables[i] = read.table
      from = read.end
    } else if (memory.tables[i] === undefined) throw new ZstdDamage('a table that never came')
  })
  return from
}

function execute(
  bits: BackwardBits,
  count: number,
  literals: Uint8Array,
  { tables, offsets }: Memory,
  out: Uint8Array,
  length: number,
  limit: number,
): number {
  const [ll, of, ml] = tables as [FseTable, FseTable, FseTable]
  let [l, o, m] = [bits.read(ll.log), bits.read(of.log), bits.read(ml.log)]
  let at = length
  let from = 0
  for (let left = count; left > 0; left--) {
    const offsetCode = of.symbols[o]
    const value = 2 ** offsetCode + bits.readLong(offsetCode)
    const matchCode = ml.symbols[m]
    const match = MATCHES.base[matchCode] + bits.read(MATCHES.bits[matchCode])
    const literalCode = ll.symbols[l]
    const plain = LITERALS.base[literalCode] + bits.read(LITERALS.bits[literalCode])
    if (left > 1) {
      l = ll.base[l] + bits.read(ll.bits[l])
      m = ml.base[m] + bits.read(ml.bits[m])
      o = of.base[o] + bits.read(of.bits[o])
    }
    const offset = offsetOf(value, plain, offsets)
    if (bits.left < 0 || from + plain > literals.length || at + plain + match > limit)
      throw new ZstdDamage('sequences beyond their block')
    for (const to = at + plain; at < to; ) out[at++] = literals[from++]
    if (offset <= 0 || offset > at) throw new ZstdDamage('a match before the first byte')
    // Byte by byte: a match may overlap what it makes.
    for (const to = at + match; at < to; at++) out[at] = out[at - offset]
  }
  if (bits.left !== 0) throw new ZstdDamage('sequences that do not fill their stream')
  if (at + literals.length - from > limit) throw new ZstdDamage('sequences beyond their block')
  out.set(literals.subarray(from), at)
  return at + literals.length - from
}

/** §3.1.1.5: values up to 3 mean one of the latest three offsets. */
function offsetOf(value: number, literals: number, latest: Memory['offsets']): number {
  if (value > 3) {
    latest[2] = latest[1]
    latest[1] = latest[0]
    return (latest[0] = value - 3)
  }
  const which = value - 1 + (literals === 0 ? 1 : 0)
  if (which === 0) return latest[0]
  const offset = which < 3 ? latest[which] : latest[0] - 1
  if (which > 1) latest[2] = latest[1]
  latest[1] = latest[0]
  return (latest[0] = offset)
}
