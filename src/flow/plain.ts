/**
 * The segments that nearly all are: data in order and pure acknowledgements of a connection that is established and of which there is nothing
 * to remark. They move the same numbers in the same way as `Tracker.record` does with every segment, without asking what cannot be:
 * nothing is called, and no time is boxed to be passed on, which made 37 bytes of garbage a segment..
 */
import type { Frame } from '../model.js'
import { ACK, FIN, RST, type Segment, SYN } from '../wire/segment.js'
import { SAME_ID_NS } from './copies.js'
import {
  BEYOND_SYN,
  CLIENT,
  CLIENT_LOW,
  HANDSHAKE_ACKED,
  HAS_PREVIOUS,
  RESET,
  SERVER,
  type SideIndex,
  SYN_ACK_SEEN,
} from './cursor.js'
import { lettersOf, shiftOf } from './history.js'
import {
  KIND_ACK,
  KIND_DATA,
  KIND_DUPLICATE_ACK,
  KIND_KEEPALIVE_PROBE,
  KIND_WINDOW_UPDATE,
  KIND_ZERO_WINDOW_PROBE,
} from './kinds.js'
import {
  ACKED_TO,
  BITS,
  CLIENT_AT,
  DATA_SEGMENTS,
  HOP_COUNT,
  HOPS,
  LAST,
  LAST_TIME,
  LETTERS,
  LONGEST_SILENCE,
  MIN_RESPONSE,
  NEXT_SEQ,
  type Numbers,
  PAYLOAD_BYTES,
  SEGMENTS,
  SERVER_AT,
  SIDE_BITS,
  SIDE_LAST_TIME,
  TIMED_END,
  TIMED_TIME,
  WINDOW,
  WINDOW_EDGE,
  WINDOW_SCALE,
} from './numbers.js'
import {
  ACKED,
  EDGE_KNOWN,
  FIN_SEEN,
  HAS_TIMESTAMPS,
  STARTED,
  STRAY_PENDING,
  SYN_SEEN,
  TIMING,
} from './side-flags.js'

/** Some other kind of segment. */
export const NOT_PLAIN = -1

/** The side of the connection at `at` that sent a segment. */
export function sideAt(numbers: Numbers, at: number, sourceLow: boolean): SideIndex {
  return sourceLow === ((numbers.words[at + BITS] & CLIENT_LOW) !== 0) ? CLIENT : SERVER
}

/**
 * Looks only.
 * @param at place of the newest connection of its 4-tuple, or NOWHERE
 * @returns the segment's kind, NOT_PLAIN when it has to be looked at closely
 */
export function plainKind(
  numbers: Numbers,
  at: number,
  from: SideIndex,
  segment: Segment,
  frame: Frame,
): number {
  const { words, doubles } = numbers
  const { flags, payloadBytes, window } = segment
  if ((flags & (ACK | SYN | FIN | RST)) !== ACK || window === 0 || !isEstablished(words[at + BITS]))
    return NOT_PLAIN
  const me = at + (from === CLIENT ? CLIENT_AT : SERVER_AT)
  const peer = at + (from === CLIENT ? SERVER_AT : CLIENT_AT)
  const bits = words[me + SIDE_BITS]
  const peerBits = words[peer + SIDE_BITS]
  if (
    (bits & (STARTED | ACKED | FIN_SEEN)) !== (STARTED | ACKED) ||
    (peerBits & (STARTED | FIN_SEEN)) !== STARTED
  )
    return NOT_PLAIN
  // The first of its letter in the history, the first hop limit or another than the first, the side's first segment.
  if (lettersOf(flags, payloadBytes) & ~(words[at + LETTERS] >> shiftOf(from))) return NOT_PLAIN
  if (
    (words[me + HOPS] & 0xff) !== segment.hopLimit ||
    words[me + HOP_COUNT] === 0 ||
    words[me + SEGMENTS] === 0
  )
    return NOT_PLAIN
  const progress = (segment.ack - words[me + ACKED_TO]) | 0
  // Of something unseen.
  if (progress > 0 && ((segment.ack - words[peer + NEXT_SEQ]) | 0) > 0) return NOT_PLAIN
  const ahead = (segment.seq - words[me + NEXT_SEQ]) | 0
  if (payloadBytes > 0) {
    const probe = payloadBytes === 1 && words[peer + WINDOW] === 0
    return ahead === 0 && !probe ? KIND_DATA : NOT_PLAIN
  }
  // May be a copy of another, see `originalOf`.
  if (progress <= 0 && frame.timeNs - doubles[(at + LAST_TIME) >> 1] <= SAME_ID_NS) return NOT_PLAIN
  if (progress !== 0) return KIND_ACK
  const lastKind = (words[at + LAST] << 16) >> 16
  if (ahead === -1 || lastKind === KIND_KEEPALIVE_PROBE || lastKind === KIND_ZERO_WINDOW_PROBE)
    return NOT_PLAIN
  if (words[me + WINDOW] < 0) return KIND_ACK
  return window === words[me + WINDOW] ? KIND_DUPLICATE_ACK : KIND_WINDOW_UPDATE
}

/** No RST, no predecessor, and the handshake is done or was not captured. */
function isEstablished(bits: number): boolean {
  if (bits & (RESET | HAS_PREVIOUS)) return false
  return (bits & HANDSHAKE_ACKED) !== 0 || (bits & (BEYOND_SYN | SYN_ACK_SEEN)) === BEYOND_SYN
}

/** Moves the numbers by a plain segment, but for the ordinal, which `keepSegment` counts. */
export function movePlain(
  numbers: Numbers,
  at: number,
  from: SideIndex,
  segment: Segment,
  frame: Frame,
  kind: number,
): void {
  const { words, doubles } = numbers
  const { timeNs } = frame
  const me = at + (from === CLIENT ? CLIENT_AT : SERVER_AT)
  const silenceNs = timeNs - doubles[(at + LAST_TIME) >> 1]
  if (silenceNs > doubles[(at + LONGEST_SILENCE) >> 1]) doubles[(at + LONGEST_SILENCE) >> 1] = silenceNs
  if (kind === KIND_DATA) {
    const end = (segment.seq + segment.payloadBytes) | 0
    words[me + NEXT_SEQ] = end
    doubles[(me + PAYLOAD_BYTES) >> 1] += segment.payloadBytes
    words[me + DATA_SEGMENTS]++
    words[me + SIDE_BITS] &= ~STRAY_PENDING
    if ((words[me + SIDE_BITS] & TIMING) === 0) {
      words[me + SIDE_BITS] |= TIMING
      words[me + TIMED_END] = end
      doubles[(me + TIMED_TIME) >> 1] = timeNs
    }
  }
  acknowledgePlain(words, doubles, at, from, segment, timeNs)
  words[me + WINDOW] = segment.window
  words[me + HOP_COUNT]++
  words[me + SEGMENTS]++
  if (segment.hasTimestamps && (words[me + SIDE_BITS] & SYN_SEEN) === 0)
    words[me + SIDE_BITS] |= HAS_TIMESTAMPS
  doubles[(me + SIDE_LAST_TIME) >> 1] = timeNs
  doubles[(at + LAST_TIME) >> 1] = timeNs
  words[at + LAST] = (from << 16) | kind
}

/** As `acknowledge` in timing.ts. */
function acknowledgePlain(
  words: Int32Array,
  doubles: Float64Array,
  at: number,
  from: SideIndex,
  segment: Segment,
  timeNs: number,
): void {
  const me = at + (from === CLIENT ? CLIENT_AT : SERVER_AT)
  const peer = at + (from === CLIENT ? SERVER_AT : CLIENT_AT)
  const { ack } = segment
  const progress = (ack - words[me + ACKED_TO]) | 0
  if (progress < 0) return
  words[me + ACKED_TO] = ack
  if (words[peer + SIDE_BITS] & TIMING && ((ack - words[peer + TIMED_END]) | 0) >= 0) {
    words[peer + SIDE_BITS] &= ~TIMING
    const responseNs = timeNs - doubles[(peer + TIMED_TIME) >> 1]
    if (responseNs >= 0 && responseNs < doubles[(me + MIN_RESPONSE) >> 1])
      doubles[(me + MIN_RESPONSE) >> 1] = responseNs
  }
  const scaled = words[at + CLIENT_AT + WINDOW_SCALE] >= 0 && words[at + SERVER_AT + WINDOW_SCALE] >= 0
  const scale = scaled ? words[me + WINDOW_SCALE] : 0
  const edge = (ack + (segment.window << (scale > 14 ? 14 : scale))) | 0
  if (progress > 0 && (words[me + SIDE_BITS] & EDGE_KNOWN) === 0) {
    words[me + SIDE_BITS] |= EDGE_KNOWN
    words[me + WINDOW_EDGE] = edge
  } else if (((edge - words[me + WINDOW_EDGE]) | 0) > 0) words[me + WINDOW_EDGE] = edge
}
