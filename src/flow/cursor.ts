/**
 * The numbers of one connection by their names: a view of its row of numbers.ts. The hot path moves ONE of these from row to row; the objects
 * of the connections (connection.ts) are views that stay.
 */
import type { TrackedConnection } from './connection.js'
import {
  BITS,
  BLOCKS,
  CLIENT_AT,
  HISTORY_AT,
  LAST,
  LAST_TIME,
  LETTERS,
  LONGEST_SILENCE,
  type Numbers,
  PACKETS,
  SERVER_AT,
} from './numbers.js'
import { TrackedSide } from './side.js'

/** Side indices, as in the application state. */
export const CLIENT = 0
export const SERVER = 1
export type SideIndex = 0 | 1

export const RESET = 1
const CLOSING = 2
const SYN_SEEN = 4
export const SYN_ACK_SEEN = 8
export const HANDSHAKE_ACKED = 16
export const BEYOND_SYN = 32
const RST_SINCE_PEEK = 64
export const HAS_PREVIOUS = 128
export const CLIENT_LOW = 256
const HAS_LABELS = 512
export const SERVER_SPOKE = 1024

export class ConnectionCursor {
  readonly client: TrackedSide
  readonly server: TrackedSide

  /** @param at place of its row among the numbers */
  constructor(
    readonly numbers: Numbers,
    public at: number,
  ) {
    this.client = new TrackedSide(numbers, at + CLIENT_AT)
    this.server = new TrackedSide(numbers, at + SERVER_AT)
  }

  moveTo(at: number): void {
    this.at = at
    this.client.at = at + CLIENT_AT
    this.server.at = at + SERVER_AT
  }

  /** Everything else about the connection: for what is rare, each object is some cache misses away. */
  get self(): TrackedConnection {
    return this.numbers.ownerOf(this.at)
  }

  side(index: SideIndex): TrackedSide {
    return index === CLIENT ? this.client : this.server
  }

  /** A RST was seen: TAIL becomes AFTER. */
  get reset(): boolean {
    return this.has(RESET)
  }

  set reset(value: boolean) {
    this.setBit(RESET, value)
  }

  /** Both FINs are acknowledged. */
  get closing(): boolean {
    return this.has(CLOSING)
  }

  set closing(value: boolean) {
    this.setBit(CLOSING, value)
  }

  // Who sent a SYN without ACK, a SYN-ACK, the client's acknowledgement of it: the handshake fact.
  get synSeen(): boolean {
    return this.has(SYN_SEEN)
  }

  set synSeen(value: boolean) {
    this.setBit(SYN_SEEN, value)
  }

  get synAckSeen(): boolean {
    return this.has(SYN_ACK_SEEN)
  }

  set synAckSeen(value: boolean) {
    this.setBit(SYN_ACK_SEEN, value)
  }

  get handshakeAcked(): boolean {
    return this.has(HANDSHAKE_ACKED)
  }

  set handshakeAcked(value: boolean) {
    this.setBit(HANDSHAKE_ACKED, value)
  }

  /** Somebody went on as one does only after the handshake, whether that was captured or not. */
  get beyondSyn(): boolean {
    return this.has(BEYOND_SYN)
  }

  set beyondSyn(value: boolean) {
    this.setBit(BEYOND_SYN, value)
  }

  /** A RST came since the application state last changed: the next payload must not change what was true at that RST. */
  get rstSincePeek(): boolean {
    return this.has(RST_SINCE_PEEK)
  }

  set rstSincePeek(value: boolean) {
    this.setBit(RST_SINCE_PEEK, value)
  }

  /** An incarnation before this one is held. */
  get hasPrevious(): boolean {
    return this.has(HAS_PREVIOUS)
  }

  protected set hasPrevious(value: boolean) {
    this.setBit(HAS_PREVIOUS, value)
  }

  /** The client is the lower end of the tuple. */
  get clientLow(): boolean {
    return this.has(CLIENT_LOW)
  }

  protected set clientLow(value: boolean) {
    this.setBit(CLIENT_LOW, value)
  }

  /** Some kept segment has a label. */
  get hasLabels(): boolean {
    return this.has(HAS_LABELS)
  }

  set hasLabels(value: boolean) {
    this.setBit(HAS_LABELS, value)
  }

  /** The newest payload was the server's. */
  get serverSpoke(): boolean {
    return this.has(SERVER_SPOKE)
  }

  set serverSpoke(value: boolean) {
    this.setBit(SERVER_SPOKE, value)
  }

  /** Packets, copies not counted. */
  get packets(): number {
    return this.numbers.words[this.at + PACKETS]
  }

  set packets(value: number) {
    this.numbers.words[this.at + PACKETS] = value
  }

  /** One bit per history letter that was written: client in bits 0-7, server in 16-23. */
  get letters(): number {
    return this.numbers.words[this.at + LETTERS]
  }

  set letters(value: number) {
    this.numbers.words[this.at + LETTERS] = value
  }

  get historyLength(): number {
    return (this.letters >> 8) & 0xff
  }

  /** @param letter its character code; at most 64 are to be added */
  addHistory(letter: number): void {
    this.numbers.bytes[(this.at + HISTORY_AT) * 4 + this.historyLength] = letter
    this.letters += 1 << 8
  }

  get lastTimeNs(): number {
    return this.numbers.doubles[(this.at + LAST_TIME) >> 1]
  }

  set lastTimeNs(value: number) {
    this.numbers.doubles[(this.at + LAST_TIME) >> 1] = value
  }

  get longestSilenceNs(): number {
    return this.numbers.doubles[(this.at + LONGEST_SILENCE) >> 1]
  }

  set longestSilenceNs(value: number) {
    this.numbers.doubles[(this.at + LONGEST_SILENCE) >> 1] = value
  }

  /** The last packet's kind and side; -1 before. */
  get lastKind(): number {
    return (this.numbers.words[this.at + LAST] << 16) >> 16
  }

  get lastSide(): number {
    return this.numbers.words[this.at + LAST] >> 16
  }

  setLast(kind: number, side: SideIndex): void {
    this.numbers.words[this.at + LAST] = (side << 16) | kind
  }

  /** Number of one of the first eight blocks of rows, see retention.ts. */
  block(index: number): number {
    return this.numbers.words[this.at + BLOCKS + index]
  }

  setBlock(index: number, block: number): void {
    this.numbers.words[this.at + BLOCKS + index] = block
  }

  /** The client waits for the answer to its SYN (RFC 9293 §3.3.2). */
  get inSynSent(): boolean {
    return (this.numbers.words[this.at + BITS] & (SYN_SEEN | SYN_ACK_SEEN | BEYOND_SYN)) === SYN_SEEN
  }

  /** Both FINs were sent and acknowledged. */
  get closed(): boolean {
    const { client, server } = this
    return (
      client.finSeen &&
      server.finSeen &&
      ((server.ackedTo - client.finEnd) | 0) >= 0 &&
      ((client.ackedTo - server.finEnd) | 0) >= 0
    )
  }

  private setBit(bit: number, value: boolean): void {
    const { words } = this.numbers
    if (value) words[this.at + BITS] |= bit
    else words[this.at + BITS] &= ~bit
  }

  private has(bit: number): boolean {
    return (this.numbers.words[this.at + BITS] & bit) !== 0
  }
}
