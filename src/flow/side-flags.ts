/** What is true of a side of a connection: bits of its row of numbers.ts. Plain accessors, which V8 puts in place where they are used. */
import { type Numbers, SIDE_BITS } from './numbers.js'

export const STARTED = 1
const ISN_KNOWN = 2
export const SYN_SEEN = 4
export const FIN_SEEN = 8
export const ACKED = 16
export const EDGE_KNOWN = 32
export const TIMING = 64
export const STRAY_PENDING = 128
const STRAY_ACK_PENDING = 256
export const HAS_TIMESTAMPS = 512
const SACK_PERMITTED = 1024

export class SideFlags {
  /** @param at its place among the numbers */
  constructor(
    readonly numbers: Numbers,
    public at: number,
  ) {}

  /** Some sequence number of it is known: `nextSeq` counts. */
  get started(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & STARTED) !== 0
  }

  set started(value: boolean) {
    this.setBit(STARTED, value)
  }

  get isnKnown(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & ISN_KNOWN) !== 0
  }

  set isnKnown(value: boolean) {
    this.setBit(ISN_KNOWN, value)
  }

  get synSeen(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & SYN_SEEN) !== 0
  }

  set synSeen(value: boolean) {
    this.setBit(SYN_SEEN, value)
  }

  get finSeen(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & FIN_SEEN) !== 0
  }

  set finSeen(value: boolean) {
    this.setBit(FIN_SEEN, value)
  }

  /** It has acknowledged something. */
  get acked(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & ACKED) !== 0
  }

  set acked(value: boolean) {
    this.setBit(ACKED, value)
  }

  get edgeKnown(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & EDGE_KNOWN) !== 0
  }

  set edgeKnown(value: boolean) {
    this.setBit(EDGE_KNOWN, value)
  }

  get timing(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & TIMING) !== 0
  }

  set timing(value: boolean) {
    this.setBit(TIMING, value)
  }

  get strayPending(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & STRAY_PENDING) !== 0
  }

  set strayPending(value: boolean) {
    this.setBit(STRAY_PENDING, value)
  }

  get strayAckPending(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & STRAY_ACK_PENDING) !== 0
  }

  set strayAckPending(value: boolean) {
    this.setBit(STRAY_ACK_PENDING, value)
  }

  get timestamps(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & HAS_TIMESTAMPS) !== 0
  }

  set timestamps(value: boolean) {
    this.setBit(HAS_TIMESTAMPS, value)
  }

  get sackPermitted(): boolean {
    return (this.numbers.words[this.at + SIDE_BITS] & SACK_PERMITTED) !== 0
  }

  set sackPermitted(value: boolean) {
    this.setBit(SACK_PERMITTED, value)
  }

  private setBit(bit: number, value: boolean): void {
    const { words } = this.numbers
    if (value) words[this.at + SIDE_BITS] |= bit
    else words[this.at + SIDE_BITS] &= ~bit
  }
}
