/**
 * A quick look at many frames, for the passes over a huge capture that search it for RST, SYN and FIN, or for the packets of some
 * connections. The layout of most frames of most captures (Ethernet, IPv4 without options, TCP) is recognised by a handful of bytes;
 * every other frame is picked, for the full walk to look at. Words are read little-endian: one load each where bytes would be four.
 */
import type { Picker } from '../model.js'
import { plainAddress, plainEnd, plainIpAt, plainTcpAt } from './plain.js'
import { TCP_NEEDED } from './tcp.js'

const ETHERNET = 1
const TCP = 34
/** Bytes 12 to 14: IPv4, version 4 with a header of five words. */
const TYPE = 12
const TYPE_MASK = 0x00ffffff
const PLAIN_IPV4 = 0x00450008
const TOTAL_LENGTH = 16
/** Bytes 20 to 23: no fragment (the bit that forbids them may be set), any TTL, TCP. */
const FRAGMENT = 20
const FRAGMENT_MASK = 0xff00ff3f | 0
const WHOLE_TCP = 0x06000000
const SOURCE = 26
const DESTINATION = 30
const PORTS = 34
/** Header length in words (4 bits) and the flags. */
const LENGTH_AND_FLAGS = 46
const LENGTH_MASK = 0xf000
/** Five words; eight, with NOP NOP timestamps in the last three. */
const NO_OPTIONS = 0x5000
const TWELVE_MORE = 0x8000
const OPTIONS = 54
const PADDED_TIMESTAMPS = 0x0a080101

/**
 * Picks segments with one of `flags`, and all that are not a TCP segment in the common layout with nothing to complain about: without
 * options, or with timestamps alone, as nearly all are. (Others may be malformed, which the full walk notes: what is noted must not depend
 * on how a capture is read.) Keeps no state, counts no notes. What is not picked is a TCP segment without any of `flags`.
 */
export class FlagPicker implements Picker {
  readonly recipe: { flags: number }
  private readonly mask: number

  constructor(flags: number) {
    this.recipe = { flags }
    this.mask = LENGTH_MASK | flags
  }

  wants(view: DataView, start: number, end: number, original: number, linkType: number): boolean {
    const captured = end - start
    if (
      linkType !== ETHERNET ||
      captured < TCP + TCP_NEEDED ||
      (view.getInt32(start + TYPE, true) & TYPE_MASK) !== PLAIN_IPV4 ||
      (view.getInt32(start + FRAGMENT, true) & FRAGMENT_MASK) !== WHOLE_TCP
    )
      return !isQuiet(view, start, end, original, linkType, this.mask)
    // The packet ends where its own length and that of the frame both allow.
    const wireBytes = original > captured ? original : captured
    const packetEnd = 14 + view.getUint16(start + TOTAL_LENGTH, false)
    const tcpBytes = (packetEnd < wireBytes ? packetEnd : wireBytes) - TCP
    const seen = view.getUint16(start + LENGTH_AND_FLAGS, false) & this.mask
    if (seen !== TWELVE_MORE) return seen !== NO_OPTIONS || tcpBytes < 20
    return (
      tcpBytes < 32 || captured < OPTIONS + 4 || view.getInt32(start + OPTIONS, true) !== PADDED_TIMESTAMPS
    )
  }
}

/** The same for the layouts of plain.ts. */
function isQuiet(
  view: DataView,
  start: number,
  end: number,
  original: number,
  linkType: number,
  mask: number,
): boolean {
  const ip = plainIpAt(view, start, end, linkType)
  if (ip < 0) return false
  const at = plainTcpAt(view, ip)
  const wireEnd = start + original > end ? start + original : end
  const packetEnd = plainEnd(view, ip)
  const tcpBytes = (packetEnd < wireEnd ? packetEnd : wireEnd) - at
  const seen = view.getUint16(at + 12, false) & mask
  if (seen === NO_OPTIONS) return tcpBytes >= 20
  return (
    seen === TWELVE_MORE &&
    tcpBytes >= 32 &&
    end - at >= 24 &&
    view.getInt32(at + 20, true) === PADDED_TIMESTAMPS
  )
}

/** A set of 4-tuples as bits: small enough for a core's cache, wrong now and then in what it takes for a member. */
export class TupleBits {
  private readonly shift: number

  /** @param bits a power of two of words, shared between threads; all zero at first */
  private constructor(readonly bits: Int32Array) {
    this.shift = Math.clz32(bits.length) - 4
  }

  /** @param expected members, about: two of 64 bits each, so that one stranger in a thousand is taken for one */
  static for(expected: number): TupleBits {
    const log = Math.min(28, Math.max(12, 6 + Math.ceil(Math.log2(expected + 1))))
    return new TupleBits(new Int32Array(new SharedArrayBuffer(2 ** (log - 3))))
  }

  /** The set that has these bits. */
  static of(bits: Int32Array): TupleBits {
    return new TupleBits(bits)
  }

  /** Adds a 4-tuple, in either direction; addresses as `addressWord` gives them. */
  add(source: number, destination: number, sourcePort: number, destinationPort: number): void {
    const h = hash(source, destination, sourcePort, destinationPort)
    for (const bit of [h >>> this.shift, second(h) >>> this.shift]) this.bits[bit >>> 5] |= 1 << (bit & 31)
  }

  /** Whether a 4-tuple is in the set, or is taken for a member. */
  has(source: number, destination: number, ports: number): boolean {
    const { bits, shift } = this
    const h = hash(source, destination, ports >>> 16, ports & 0xffff)
    const bit = h >>> shift
    if ((bits[bit >>> 5] & (1 << (bit & 31))) === 0) return false
    // Asked of 3 % only, and spares decoding nearly all strangers among them.
    const other = second(h) >>> shift
    return (bits[other >>> 5] & (1 << (other & 31))) !== 0
  }
}

/**
 * Picks segments whose 4-tuple is in the set (or is taken for such), and all that are not TCP in a common layout. 5 ns a record, where
 * decoding and looking up each takes 90.
 */
export class TuplePicker implements Picker {
  readonly recipe: { bits: Int32Array }

  constructor(private readonly tuples: TupleBits) {
    this.recipe = { bits: tuples.bits }
  }

  wants(view: DataView, start: number, end: number, _original: number, linkType: number): boolean {
    if (
      linkType === ETHERNET &&
      end - start >= TCP + TCP_NEEDED &&
      (view.getInt32(start + TYPE, true) & TYPE_MASK) === PLAIN_IPV4 &&
      (view.getInt32(start + FRAGMENT, true) & FRAGMENT_MASK) === WHOLE_TCP
    ) {
      const source = view.getInt32(start + SOURCE, false)
      const destination = view.getInt32(start + DESTINATION, false)
      return this.tuples.has(source, destination, view.getInt32(start + PORTS, false))
    }
    const ip = plainIpAt(view, start, end, linkType)
    if (ip < 0) return true
    const ports = view.getInt32(plainTcpAt(view, ip), false)
    return this.tuples.has(plainAddress(view, ip, 0), plainAddress(view, ip, 1), ports)
  }
}

/** The same in both directions. Each end is mixed by itself: sums of plain addresses and ports would meet all the time. */
function hash(source: number, destination: number, sourcePort: number, destinationPort: number): number {
  return Math.imul(mixed(source, sourcePort) + mixed(destination, destinationPort), 0xc2b2ae35)
}

/** Another place for the same hash. */
const second = (h: number): number => Math.imul(h ^ (h >>> 16), 0x27d4eb2f)

/** The first half of MurmurHash3's finalizer (public domain). */
function mixed(address: number, port: number): number {
  const h = Math.imul(address ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b)
  return h ^ (h >>> 15)
}
