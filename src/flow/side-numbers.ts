/** The numbers of a side of a connection by their names: a view of its part of a row of numbers.ts. */
import {
  ACKED_TO,
  DATA_SEGMENTS,
  FIN_END,
  FORGOTTEN_UNSEEN,
  GAPS,
  GAPS_NOTED,
  HOLE_COUNT,
  ISN,
  LOWEST_SEQ,
  MIN_RESPONSE,
  MSS,
  NEXT_SEQ,
  PAYLOAD_BYTES,
  RETRANSMITTED,
  RST_ROWS,
  SEGMENTS,
  SIDE_FIRST_TIME,
  SIDE_LAST_TIME,
  STRAY_ACK,
  STRAY_END,
  TIMED_END,
  TIMED_TIME,
  WINDOW,
  WINDOW_EDGE,
  WINDOW_SCALE,
  ZERO_WINDOWS,
} from './numbers.js'
import { SideFlags } from './side-flags.js'

/** Names of RFC 9293 §3.3.1, seen from the capture point. Sequence numbers are signed 32-bit (see wire/seq.ts). */
export class SideNumbers extends SideFlags {
  /** Right behind the highest sequence number seen (SND.NXT). */
  get nextSeq(): number {
    return this.numbers.words[this.at + NEXT_SEQ]
  }

  set nextSeq(value: number) {
    this.numbers.words[this.at + NEXT_SEQ] = value
  }

  /** What it has acknowledged (RCV.NXT as it told); counts when `acked`. */
  get ackedTo(): number {
    return this.numbers.words[this.at + ACKED_TO]
  }

  set ackedTo(value: number) {
    this.numbers.words[this.at + ACKED_TO] = value
  }

  /** Last window field, not scaled, of a segment that was no SYN; -1 before. */
  get window(): number {
    return this.numbers.words[this.at + WINDOW]
  }

  set window(value: number) {
    this.numbers.words[this.at + WINDOW] = value
  }

  /** Highest right edge of the window it offered. */
  get windowEdge(): number {
    return this.numbers.words[this.at + WINDOW_EDGE]
  }

  set windowEdge(value: number) {
    this.numbers.words[this.at + WINDOW_EDGE] = value
  }

  /** -1 = not announced. */
  get windowScale(): number {
    return this.numbers.words[this.at + WINDOW_SCALE]
  }

  set windowScale(value: number) {
    this.numbers.words[this.at + WINDOW_SCALE] = value
  }

  /** Of the one segment being timed (Karn: never a repeated one), see `timing.ts`. */
  get timedEnd(): number {
    return this.numbers.words[this.at + TIMED_END]
  }

  set timedEnd(value: number) {
    this.numbers.words[this.at + TIMED_END] = value
  }

  get holeCount(): number {
    return this.numbers.words[this.at + HOLE_COUNT]
  }

  set holeCount(value: number) {
    this.numbers.words[this.at + HOLE_COUNT] = value
  }

  get segments(): number {
    return this.numbers.words[this.at + SEGMENTS]
  }

  set segments(value: number) {
    this.numbers.words[this.at + SEGMENTS] = value
  }

  get dataSegments(): number {
    return this.numbers.words[this.at + DATA_SEGMENTS]
  }

  set dataSegments(value: number) {
    this.numbers.words[this.at + DATA_SEGMENTS] = value
  }

  get gaps(): number {
    return this.numbers.words[this.at + GAPS]
  }

  set gaps(value: number) {
    this.numbers.words[this.at + GAPS] = value
  }

  get retransmittedSegments(): number {
    return this.numbers.words[this.at + RETRANSMITTED]
  }

  set retransmittedSegments(value: number) {
    this.numbers.words[this.at + RETRANSMITTED] = value
  }

  /** Segments that announced a closed window. */
  get zeroWindows(): number {
    return this.numbers.words[this.at + ZERO_WINDOWS]
  }

  set zeroWindows(value: number) {
    this.numbers.words[this.at + ZERO_WINDOWS] = value
  }

  get isn(): number {
    return this.numbers.words[this.at + ISN]
  }

  set isn(value: number) {
    this.numbers.words[this.at + ISN] = value
  }

  /** Lowest sequence number seen: with `nextSeq` the range that is surely this incarnation's. */
  get lowestSeq(): number {
    return this.numbers.words[this.at + LOWEST_SEQ]
  }

  set lowestSeq(value: number) {
    this.numbers.words[this.at + LOWEST_SEQ] = value
  }

  /** Right behind its FIN. */
  get finEnd(): number {
    return this.numbers.words[this.at + FIN_END]
  }

  set finEnd(value: number) {
    this.numbers.words[this.at + FIN_END] = value
  }

  /** -1 = not announced. */
  get mss(): number {
    return this.numbers.words[this.at + MSS]
  }

  set mss(value: number) {
    this.numbers.words[this.at + MSS] = value
  }

  /** End of a segment beyond any window; a second one that continues it is believed. */
  get strayEnd(): number {
    return this.numbers.words[this.at + STRAY_END]
  }

  set strayEnd(value: number) {
    this.numbers.words[this.at + STRAY_END] = value
  }

  /** An acknowledgement of something unseen; a second one is believed. */
  get strayAck(): number {
    return this.numbers.words[this.at + STRAY_ACK]
  }

  set strayAck(value: number) {
    this.numbers.words[this.at + STRAY_ACK] = value
  }

  /** RSTs kept as rows, see retention.ts. */
  get rstRows(): number {
    return this.numbers.words[this.at + RST_ROWS]
  }

  set rstRows(value: number) {
    this.numbers.words[this.at + RST_ROWS] = value
  }

  get gapsNoted(): number {
    return this.numbers.words[this.at + GAPS_NOTED]
  }

  set gapsNoted(value: number) {
    this.numbers.words[this.at + GAPS_NOTED] = value
  }

  get timedNs(): number {
    return this.numbers.doubles[(this.at + TIMED_TIME) >> 1]
  }

  set timedNs(value: number) {
    this.numbers.doubles[(this.at + TIMED_TIME) >> 1] = value
  }

  /** Infinity until measured. */
  get minResponseNs(): number {
    return this.numbers.doubles[(this.at + MIN_RESPONSE) >> 1]
  }

  set minResponseNs(value: number) {
    this.numbers.doubles[(this.at + MIN_RESPONSE) >> 1] = value
  }

  get lastTimeNs(): number {
    return this.numbers.doubles[(this.at + SIDE_LAST_TIME) >> 1]
  }

  set lastTimeNs(value: number) {
    this.numbers.doubles[(this.at + SIDE_LAST_TIME) >> 1] = value
  }

  get payloadBytes(): number {
    return this.numbers.doubles[(this.at + PAYLOAD_BYTES) >> 1]
  }

  set payloadBytes(value: number) {
    this.numbers.doubles[(this.at + PAYLOAD_BYTES) >> 1] = value
  }

  get firstTimeNs(): number {
    return this.numbers.doubles[(this.at + SIDE_FIRST_TIME) >> 1]
  }

  set firstTimeNs(value: number) {
    this.numbers.doubles[(this.at + SIDE_FIRST_TIME) >> 1] = value
  }

  /** Acknowledged bytes of holes that are no longer remembered. */
  get forgottenUnseenBytes(): number {
    return this.numbers.doubles[(this.at + FORGOTTEN_UNSEEN) >> 1]
  }

  set forgottenUnseenBytes(value: number) {
    this.numbers.doubles[(this.at + FORGOTTEN_UNSEEN) >> 1] = value
  }
}
