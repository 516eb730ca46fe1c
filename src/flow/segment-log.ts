/**
 * Memory for the segments of all connections: one pool of rows of 16 words, one cache line each, that are handed out in blocks.
 * A row of typed arrays costs 64 bytes where an object costs 250, and nothing for the garbage collector to follow.
 */
import type { Frame } from '../model.js'
import type { Segment } from '../wire/segment.js'
import { KeyTable } from './key-table.js'

/** No row: end of a chain, or a segment that is not kept. */
export const NO_ROW = -1

/** A connection's rows come in blocks: its next segment finds its row beside the one before. */
export const BLOCK_BITS = 3
export const BLOCK_ROWS = 1 << BLOCK_BITS

const STRIDE = 16
/** The pool grows by pages of a MiB: an array that is doubled and copied took 7 % of the time, and a quarter more memory. */
const PAGE_BITS = 14
const PAGE_ROWS = 1 << PAGE_BITS
// Words 0 and 1 hold the time as one double.
export const FRAME = 2
export const SEQ = 3
export const ACK_NUMBER = 4
/** Flags in bits 0-11, then the fields below. */
export const BITS = 5
/** Window in the upper half, IPv4 identification in the lower. */
export const WINDOW_ID = 6
export const PAYLOAD = 7
export const NEW_BYTES = 8
/** Hop limit (8 bits), header length in words (4), flow label (20). */
export const HOPS = 9
export const TS_VAL = 10
export const TS_ECR = 11
/** Capture in the upper half, MAC id in the lower. */
export const CAPTURE_MAC = 12
/** Position among the packets of its connection, from 1. */
export const ORDINAL = 13
const PREVIOUS = 14
const NEXT = 15

export const FROM_SERVER = 1 << 12
export const KIND_SHIFT = 13
export const HAS_TIMESTAMPS = 1 << 17
/** 0 = not set, 1 = set, 2 = IPv6 (which has neither the bit nor the identification). */
export const FRAGMENT_SHIFT = 18
/** 0 = cannot be told, 1 = yes, 2 = no. */
export const STARTS_SHIFT = 20
const HAS_LABEL = 1 << 22
/** Copies of this packet met so far, at most 7. */
const COPIES_SHIFT = 23
export const IS_RST = 0x004
const NO_MAC = 0xffff
/** MAC addresses found without a look-up; a power of two. */
const RECENT_MACS = 16

/** What only RST rows have. */
export interface RstDetails {
  copies: { frame: number; capture: number; hopLimit: number }[]
  text: string | undefined
  mptcpReason: number | undefined
  checksum: 'good' | 'bad' | 'offloaded' | 'unknown'
}

/** What a RST's details and a label take with their places in the maps, measured. */
const DETAILS_BYTES = 168
const LABEL_BYTES = 120

export class SegmentLog {
  /** Blocks handed out and not returned. */
  used = 0
  readonly details = new Map<number, RstDetails>()
  private readonly pages: Int32Array[] = []
  /** The same memory as doubles. */
  private readonly times: Float64Array[] = []
  private readonly labels = new Map<number, string>()
  private readonly macs = new KeyTable(2)
  private readonly mac = new Int32Array(2)
  private freeBlock = NO_ROW
  private blocks = 0
  // The last MAC addresses by their lowest bits: high, low, id.
  private readonly recentMacs = new Int32Array(RECENT_MACS * 3)

  /** Number of a block of rows that nobody uses; its rows are `BLOCK_ROWS` times that number and those behind it. */
  takeBlock(): number {
    let block = this.freeBlock
    if (block !== NO_ROW) this.freeBlock = this.next(block * BLOCK_ROWS)
    else {
      block = this.blocks++
      if (this.blocks * BLOCK_ROWS > this.pages.length * PAGE_ROWS) this.grow()
    }
    this.used++
    return block
  }

  /** Reads a row, so that it is in the cache. The answer means nothing, but without it nothing would be read. */
  touch(row: number): number {
    if (row >= this.blocks * BLOCK_ROWS) return 0
    const words = this.page(row)
    const at = placeIn(row)
    return words[at] ^ words[at + STRIDE - 1]
  }

  /** Returns a block to the pool; what is known of its rows must have been forgotten. */
  releaseBlock(block: number): void {
    const row = block * BLOCK_ROWS
    this.page(row)[placeIn(row) + NEXT] = this.freeBlock
    this.freeBlock = block
    this.used--
  }

  /** Fills a row with the fields of a segment; links and judgement are the caller's. */
  write(row: number, segment: Segment, frame: Frame, fromServer: boolean, ordinal: number): void {
    const words = this.page(row)
    const at = placeIn(row)
    this.times[row >> PAGE_BITS][at >> 1] = frame.timeNs
    words[at + FRAME] = frame.number
    words[at + SEQ] = segment.seq
    words[at + ACK_NUMBER] = segment.ack
    const fragment = segment.dontFragment < 0 ? 2 : segment.dontFragment
    words[at + BITS] =
      segment.flags |
      (fromServer ? FROM_SERVER : 0) |
      (segment.hasTimestamps ? HAS_TIMESTAMPS : 0) |
      (fragment << FRAGMENT_SHIFT)
    words[at + WINDOW_ID] = (segment.window << 16) | (segment.ipId & 0xffff)
    words[at + PAYLOAD] = segment.payloadBytes
    words[at + NEW_BYTES] = 0
    words[at + HOPS] =
      (segment.hopLimit << 24) | ((segment.headerBytes >> 2) << 20) | (segment.flowLabel & 0xfffff)
    words[at + TS_VAL] = segment.tsVal
    words[at + TS_ECR] = segment.tsEcr
    words[at + CAPTURE_MAC] = (frame.capture << 16) | this.macId(segment.macHigh, segment.macLow)
    words[at + ORDINAL] = ordinal
  }

  /** Appends a row behind `tail` (NO_ROW: it begins a chain). */
  link(row: number, tail: number): void {
    this.page(row)[placeIn(row) + PREVIOUS] = tail
    this.page(row)[placeIn(row) + NEXT] = NO_ROW
    if (tail !== NO_ROW) this.page(tail)[placeIn(tail) + NEXT] = row
  }

  /** Takes a row that has both neighbours out of its chain. */
  unlink(row: number): void {
    const previous = this.previous(row)
    const next = this.next(row)
    this.page(previous)[placeIn(previous) + NEXT] = next
    this.page(next)[placeIn(next) + PREVIOUS] = previous
  }

  /** Before a row is used again: what is known of it besides its words. */
  forget(row: number): void {
    const bits = this.page(row)[placeIn(row) + BITS]
    if (bits & HAS_LABEL) this.labels.delete(row)
    if (bits & IS_RST) this.details.delete(row)
  }

  next(row: number): number {
    return this.page(row)[placeIn(row) + NEXT]
  }

  previous(row: number): number {
    return this.page(row)[placeIn(row) + PREVIOUS]
  }

  word(row: number, field: number): number {
    return this.page(row)[placeIn(row) + field]
  }

  timeNs(row: number): number {
    return this.times[row >> PAGE_BITS][placeIn(row) >> 1]
  }

  isRst(row: number): boolean {
    return (this.page(row)[placeIn(row) + BITS] & IS_RST) !== 0
  }

  fromServer(row: number): boolean {
    return (this.page(row)[placeIn(row) + BITS] & FROM_SERVER) !== 0
  }

  /** TCP flags, twelve bits. */
  flags(row: number): number {
    return this.page(row)[placeIn(row) + BITS] & 0xfff
  }

  hasTimestamps(row: number): boolean {
    return (this.page(row)[placeIn(row) + BITS] & HAS_TIMESTAMPS) !== 0
  }

  tsEcr(row: number): number {
    return this.page(row)[placeIn(row) + TS_ECR]
  }

  window(row: number): number {
    return this.page(row)[placeIn(row) + WINDOW_ID] >>> 16
  }

  /** -1 for IPv6. */
  ipId(row: number): number {
    return this.isIpv6(row) ? -1 : this.page(row)[placeIn(row) + WINDOW_ID] & 0xffff
  }

  hopLimit(row: number): number {
    return this.page(row)[placeIn(row) + HOPS] >>> 24
  }

  capture(row: number): number {
    return this.page(row)[placeIn(row) + CAPTURE_MAC] >>> 16
  }

  /** Of the id in `CAPTURE_MAC`: a 48-bit integer, -1 when the link has none. */
  macAddress(id: number): number {
    if (id === NO_MAC) return -1
    this.macs.read(id, this.mac)
    return this.mac[0] * 0x100000000 + (this.mac[1] >>> 0)
  }

  label(row: number): string | undefined {
    return this.page(row)[placeIn(row) + BITS] & HAS_LABEL ? this.labels.get(row) : undefined
  }

  copies(row: number): number {
    return (this.page(row)[placeIn(row) + BITS] >> COPIES_SHIFT) & 7
  }

  addCopy(row: number): void {
    if (this.copies(row) < 7) this.page(row)[placeIn(row) + BITS] += 1 << COPIES_SHIFT
  }

  setKind(row: number, kind: number, newBytes: number): void {
    this.page(row)[placeIn(row) + BITS] |= kind << KIND_SHIFT
    this.page(row)[placeIn(row) + NEW_BYTES] = newBytes
  }

  setLabel(row: number, label: string): void {
    this.labels.set(row, label)
    this.page(row)[placeIn(row) + BITS] |= HAS_LABEL
  }

  setStartsMessage(row: number, starts: boolean): void {
    this.page(row)[placeIn(row) + BITS] |= (starts ? 1 : 2) << STARTS_SHIFT
  }

  /** Bytes of memory behind the rows in use, and of what is noted of few of them. */
  get bytes(): number {
    return (
      this.used * BLOCK_ROWS * STRIDE * 4 + this.details.size * DETAILS_BYTES + this.labels.size * LABEL_BYTES
    )
  }

  private isIpv6(row: number): boolean {
    return ((this.page(row)[placeIn(row) + BITS] >> FRAGMENT_SHIFT) & 3) === 2
  }

  /** A capture knows few MAC addresses: rows hold a 16-bit id. */
  private macId(high: number, low: number): number {
    if (high < 0) return NO_MAC
    const { recentMacs, mac } = this
    const at = (low & (RECENT_MACS - 1)) * 3
    if (recentMacs[at] === high + 1 && recentMacs[at + 1] === low) return recentMacs[at + 2]
    mac[0] = high
    mac[1] = low
    const id = this.macs.size < NO_MAC ? this.macs.add(mac) : this.macs.find(mac)
    recentMacs[at] = high + 1
    recentMacs[at + 1] = low
    recentMacs[at + 2] = id < 0 ? NO_MAC : id
    return recentMacs[at + 2]
  }

  private grow(): void {
    const words = new Int32Array(PAGE_ROWS * STRIDE)
    this.pages.push(words)
    this.times.push(new Float64Array(words.buffer))
  }

  /** The page that a row stands in, at `placeIn(row)`. */
  page(row: number): Int32Array {
    return this.pages[row >> PAGE_BITS]
  }
}

export function placeIn(row: number): number {
  return (row & (PAGE_ROWS - 1)) * STRIDE
}
