/**
 * History letters as Zeek writes them (base/protocols/conn, `history`): S SYN, H SYN-ACK, A pure ACK, D data, F FIN, R RST, T retransmission,
 * W closed window, G gap left by the capture, Q SYN with FIN or RST, I FIN with RST. Upper case = client. Each is written once per side,
 * T, W and G again at the 10th, 100th … occurrence.
 */
import { ACK, FIN, RST, SYN } from '../wire/segment.js'
import { CLIENT, type ConnectionCursor, type SideIndex } from './cursor.js'
import { KIND_RETRANSMISSION } from './kinds.js'

/** Letters that can be written once per side, by their bit. */
const LETTERS = 'SHADFRQI'
const S = 0
const H = 1
const A = 2
const D = 3
const F = 4
const R = 5
const Q = 6
const I = 7

/** Longest history. */
const MAX_LENGTH = 64
const LOWER_CASE = 0x20

/**
 * Adds what a packet brought. Allocates only when a letter is written.
 * @param kind index into SEGMENT_KINDS, as just observed
 */
export function noteHistory(
  c: ConnectionCursor,
  from: SideIndex,
  flags: number,
  payloadBytes: number,
  kind: number,
): void {
  const shift = shiftOf(from)
  const bits = lettersOf(flags, payloadBytes)
  const fresh = bits & ~(c.letters >> shift)
  if (fresh !== 0) {
    c.letters |= bits << shift
    for (let letter = 0; letter < LETTERS.length; letter++)
      if (fresh & (1 << letter)) write(c, from, LETTERS[letter])
  }
  if (flags & (SYN | RST)) return
  const side = from === CLIENT ? c.client : c.server
  if (kind === KIND_RETRANSMISSION && isPowerOfTen(side.retransmittedSegments)) write(c, from, 'T')
  if (side.window === 0 && isPowerOfTen(side.zeroWindows)) write(c, from, 'W')
  if (side.gaps > side.gapsNoted) {
    side.gapsNoted = side.gaps
    if (isPowerOfTen(side.gaps)) write(c, from, 'G')
  }
}

/** Where a side's letters stand among the bits of `ConnectionCursor.letters`. */
export function shiftOf(from: SideIndex): number {
  return from === CLIENT ? 0 : 16
}

/** The letters that a segment stands for, as bits. */
export function lettersOf(flags: number, payloadBytes: number): number {
  let bits = 0
  if (flags & SYN) {
    bits = 1 << (flags & ACK ? H : S)
    if (flags & (FIN | RST)) bits |= 1 << Q
  } else if (flags & FIN && flags & RST) bits = 1 << I
  if (payloadBytes > 0) bits |= 1 << D
  if (flags & FIN) bits |= 1 << F
  if (flags & RST) bits |= 1 << R
  return bits === 0 && flags & ACK ? 1 << A : bits
}

function write(c: ConnectionCursor, from: SideIndex, letter: string): void {
  // Among the numbers: as a string per connection it was a sixth of the time, most of it for the garbage collector.
  if (c.historyLength < MAX_LENGTH) c.addHistory(letter.charCodeAt(0) | (from === CLIENT ? 0 : LOWER_CASE))
}

function isPowerOfTen(count: number): boolean {
  while (count >= 10 && count % 10 === 0) count /= 10
  return count === 1
}
