/**
 * The last packets of everything, in one fixed piece of memory: what happened before a reset is known only after it. Packets are found
 * again by the hash of their 4-tuple.
 */
import type { Frame } from '../model.js'
import type { Segment } from '../wire/segment.js'

/** A packet taken out of the ring; its bytes are the caller's. */
export interface HeldPacket {
  frame: number
  timeNs: number
  originalLength: number
  linkType: number
  data: Buffer
}

/** Memory beside the bytes themselves, per packet; few packets are shorter than this. */
const ENTRY_BYTES = 48
const TYPICAL_BYTES = 160

export class PacketRing {
  private readonly bytes: Buffer
  private readonly size: number
  /** Entry i of the ring: hashes, frame, place and lengths of its bytes, link type. */
  private readonly words: Int32Array
  private readonly timesNs: Float64Array
  /** Entries `first .. next` are held, counted without end. */
  private first = 0
  private next = 0
  private at = 0

  /** @param memoryBytes all it takes */
  constructor(memoryBytes: number) {
    this.size = Math.max(64, Math.floor(memoryBytes / (ENTRY_BYTES + TYPICAL_BYTES)))
    this.bytes = Buffer.allocUnsafeSlow(memoryBytes - this.size * ENTRY_BYTES)
    this.words = new Int32Array(this.size * STRIDE)
    this.timesNs = new Float64Array(this.size)
  }

  /** Packets longer than the ring are left out. */
  add(segment: Segment, frame: Frame): void {
    const length = frame.end - frame.start
    if (length > this.bytes.length) return
    if (this.at + length > this.bytes.length) this.wrap()
    const place = this.at
    while (this.first < this.next && this.overlaps(place, place + length)) this.first++
    if (this.next - this.first === this.size) this.first++
    this.bytes.set(frame.data.subarray(frame.start, frame.end), place)
    this.at += length
    const slot = this.next++ % this.size
    this.timesNs[slot] = frame.timeNs
    const { words } = this
    const base = slot * STRIDE
    words[base] = tupleHash(segment, 0x9e3779b1)
    words[base + 1] = tupleHash(segment, 0x85ebca6b)
    words[base + 2] = frame.number
    words[base + 3] = place
    words[base + 4] = length
    words[base + 5] = frame.originalLength
    words[base + 6] = frame.linkType
  }

  /** The packets held of the connection that a RST frame belongs to, oldest first; empty when that frame is no longer held. */
  connectionOf(rstFrame: number): HeldPacket[] {
    const { words } = this
    let a = 0
    let b = 0
    let found = false
    for (let i = this.next - 1; i >= this.first && !found; i--) {
      const base = (i % this.size) * STRIDE
      if (words[base + 2] >>> 0 !== rstFrame) continue
      a = words[base]
      b = words[base + 1]
      found = true
    }
    const packets: HeldPacket[] = []
    if (!found) return packets
    for (let i = this.first; i < this.next; i++) {
      const base = (i % this.size) * STRIDE
      if (words[base] === a && words[base + 1] === b) packets.push(this.packet(i % this.size))
    }
    return packets
  }

  private packet(slot: number): HeldPacket {
    const base = slot * STRIDE
    const place = this.words[base + 3]
    return {
      frame: this.words[base + 2] >>> 0,
      timeNs: this.timesNs[slot],
      originalLength: this.words[base + 5] >>> 0,
      linkType: this.words[base + 6],
      data: Buffer.from(this.bytes.subarray(place, place + this.words[base + 4])),
    }
  }

  /** The rest of the bytes is left empty: packets lie in one piece. */
  private wrap(): void {
    while (this.first < this.next && this.placeOf(this.first) >= this.at) this.first++
    this.at = 0
  }

  private placeOf(entry: number): number {
    return this.words[(entry % this.size) * STRIDE + 3]
  }

  /** Whether the oldest packet's bytes lie where new ones go. */
  private overlaps(from: number, to: number): boolean {
    const base = (this.first % this.size) * STRIDE
    const place = this.words[base + 3]
    return place < to && place + this.words[base + 4] > from
  }
}

const STRIDE = 7

/** The same for both directions; two seeds together tell connections apart. */
function tupleHash({ source, destination, sourcePort, destinationPort }: Segment, seed: number): number {
  return (endHash(source, sourcePort, seed) + endHash(destination, destinationPort, seed)) | 0
}

function endHash(address: Int32Array, port: number, seed: number): number {
  let h = seed ^ port
  for (let i = 0; i < 4; i++) {
    h = Math.imul(h ^ address[i], 0x01000193)
    h ^= h >>> 15
  }
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 13)
}
