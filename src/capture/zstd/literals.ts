/** The literals section of a block and its Huffman code, RFC 8878 §3.1.1.3.1 and §4.2. */
import { BackwardBits, highBit, ZstdDamage } from './bits.js'
import { readFseTable, readTwoStates } from './fse.js'

/** Next bits → symbol, and how many of them were its code. */
export interface Huffman {
  maxBits: number
  symbols: Uint8Array
  bits: Uint8Array
}

export interface Literals {
  /** Valid until the next block. */
  bytes: Uint8Array
  /** Where the section ends. */
  end: number
  /** For blocks that use the same code again. */
  huffman: Huffman | undefined
}

const MOST = 128 * 1024
const MAX_CODE_BITS = 11

/** @param room takes the literals: at least 128 KiB */
export function readLiterals(
  bytes: Uint8Array,
  at: number,
  end: number,
  before: Huffman | undefined,
  room: Uint8Array,
): Literals {
  if (at >= end) throw new ZstdDamage('no literals section')
  const [b0, b1, b2, b3, b4] = bytes.subarray(at, at + 5)
  const type = b0 & 3
  const format = (b0 >> 2) & 3
  if (type < 2) {
    const header = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3
    const size = [b0 >> 3, (b0 >> 4) | (b1 << 4), 0, (b0 >> 4) | (b1 << 4) | (b2 << 12)][
      format === 2 ? 0 : format
    ]
    return plain(bytes, at + header, end, type === 1, size, before, room)
  }
  const header = format < 2 ? 3 : format + 2
  if (at + header > end) throw new ZstdDamage('a cut literals section')
  const size =
    format < 2
      ? (b0 >> 4) | ((b1 & 0x3f) << 4)
      : format === 2
        ? (b0 >> 4) | (b1 << 4) | ((b2 & 3) << 12)
        : (b0 >> 4) | (b1 << 4) | ((b2 & 0x3f) << 12)
  const packed =
    format < 2
      ? (b1 >> 6) | (b2 << 2)
      : format === 2
        ? (b2 >> 2) | (b3 << 6)
        : (b2 >> 6) | (b3 << 2) | (b4 << 10)
  let from = at + header
  const to = from + packed
  if (to > end || size > MOST) throw new ZstdDamage('literals beyond their block')
  let huffman = before
  if (type === 2) {
    const read = readHuffman(bytes, from, to)
    huffman = read.huffman
    from = read.end
  }
  if (huffman === undefined) throw new ZstdDamage('a Huffman code that never came')
  if (format === 0) decode(huffman, bytes, from, to, room, 0, size)
  else fourStreams(huffman, bytes, from, to, room, size)
  return { bytes: room.subarray(0, size), end: to, huffman }
}

function plain(
  bytes: Uint8Array,
  from: number,
  end: number,
  repeated: boolean,
  size: number,
  huffman: Huffman | undefined,
  room: Uint8Array,
): Literals {
  const to = from + (repeated ? 1 : size)
  if (to > end || size > MOST) throw new ZstdDamage('literals beyond their block')
  if (!repeated) return { bytes: bytes.subarray(from, to), end: to, huffman }
  return { bytes: room.fill(bytes[from], 0, size).subarray(0, size), end: to, huffman }
}

/** §3.1.1.3.1.6: three lengths, then four streams of a quarter each. */
function fourStreams(
  h: Huffman,
  bytes: Uint8Array,
  from: number,
  to: number,
  room: Uint8Array,
  size: number,
): void {
  if (from + 6 > to) throw new ZstdDamage('a cut jump table')
  const quarter = (size + 3) >> 2
  let start = from + 6
  let at = 0
  for (let i = 0; i < 4; i++) {
    const length = i < 3 ? bytes[from + 2 * i] | (bytes[from + 2 * i + 1] << 8) : to - start
    const count = i < 3 ? quarter : size - 3 * quarter
    if (length < 0 || start + length > to || count < 0) throw new ZstdDamage('streams beyond their block')
    decode(h, bytes, start, start + length, room, at, count)
    start += length
    at += count
  }
}

function decode(
  h: Huffman,
  bytes: Uint8Array,
  from: number,
  to: number,
  room: Uint8Array,
  at: number,
  count: number,
): void {
  const stream = new BackwardBits(bytes, from, to)
  const { maxBits, symbols, bits } = h
  for (let i = at; i < at + count; i++) {
    const code = stream.peek(maxBits)
    room[i] = symbols[code]
    stream.left -= bits[code]
  }
  if (stream.left !== 0) throw new ZstdDamage('literals that do not fill their stream')
}

/** §4.2.1: weights, plainly or entropy-coded; the last one follows from the others. */
function readHuffman(bytes: Uint8Array, at: number, end: number): { huffman: Huffman; end: number } {
  const head = at < end ? bytes[at] : 0
  const count = head - 127
  const to = at + 1 + (head < 128 ? head : (count + 1) >> 1)
  if (to > end || at >= end) throw new ZstdDamage('a cut Huffman code')
  if (head >= 128) {
    const weights = Array.from(
      { length: count },
      (_, i) => (bytes[at + 1 + (i >> 1)] >> (i & 1 ? 0 : 4)) & 15,
    )
    return { huffman: buildHuffman(weights), end: to }
  }
  const { table, end: from } = readFseTable(bytes, at + 1, to, 6, 255)
  return { huffman: buildHuffman(readTwoStates(table, new BackwardBits(bytes, from, to), 255)), end: to }
}

function buildHuffman(weights: number[]): Huffman {
  if (weights.some(weight => weight > MAX_CODE_BITS)) throw new ZstdDamage('an impossible Huffman code')
  const sum = weights.reduce((all, weight) => all + (weight > 0 ? 2 ** (weight - 1) : 0), 0)
  if (sum === 0) throw new ZstdDamage('a Huffman code without symbols')
  const maxBits = highBit(sum) + 1
  const rest = 2 ** maxBits - sum
  if (maxBits > MAX_CODE_BITS || (rest & (rest - 1)) !== 0) throw new ZstdDamage('an impossible Huffman code')
  const lengths = [...weights, highBit(rest) + 1].map(weight => (weight > 0 ? maxBits + 1 - weight : 0))
  const huffman = { maxBits, symbols: new Uint8Array(1 << maxBits), bits: new Uint8Array(1 << maxBits) }
  // §4.2.1.3: the longest codes come first, equal ones in order of their symbols.
  let at = 0
  for (let length = maxBits; length > 0; length--) {
    lengths.forEach((own, symbol) => {
      if (own !== length) return
      const to = at + (1 << (maxBits - length))
      huffman.symbols.fill(symbol, at, to)
      huffman.bits.fill(length, at, to)
      at = to
    })
  }
  return huffman
}
