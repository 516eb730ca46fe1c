/**
 * Bounded reassembly of IP fragments (RFC 791 §3.2, RFC 8200 §4.5). A TCP header belongs to the frame whose fragment completes the
 * packet, as Wireshark counts it. Only the beginning of each packet is kept: headers and what a payload peek needs.
 */
import type { Segment } from '../segment.js'
import { LAYER_VLAN } from '../layers.js'

/** Bytes kept of each packet. */
const HEAD = 4096
/** Packets waiting for fragments; the oldest is forgotten first. */
const MAX_PACKETS = 1024
/** Bytes kept of all waiting packets. */
const MAX_BYTES = 4 << 20
/** Fragments of one packet; a flood of overlaps ends here. */
const MAX_FRAGMENTS = 1024
/** What a fragment costs besides the bytes kept of it, about. */
const FRAGMENT_BYTES = 128

interface Fragment {
  offset: number
  length: number
  /** The part that lies before HEAD. */
  bytes: Uint8Array
}

interface Waiting {
  /** By offset; equal offsets in order of arrival. */
  fragments: Fragment[]
  /** Length of the whole packet, known from its last fragment; -1 before. */
  total: number
  bytes: number
}

/** A packet put together: its first bytes, and how long it is. */
export interface Reassembled {
  bytes: Uint8Array
  total: number
}

export class Fragments {
  private readonly waiting = new Map<string, Waiting>()
  private bytes = 0

  /**
   * Adds the fragment `data[at .. at + length)`, all of it captured.
   * @param id identification, with the protocol where that belongs to the key
   * @param offset in bytes
   * @returns the packet when this fragment completes it, undefined when more are missing
   */
  add(
    segment: Segment,
    id: number,
    data: Uint8Array,
    at: number,
    length: number,
    offset: number,
    more: boolean,
  ): Reassembled | undefined {
    // Hosts throw fragments of nothing away (Linux ip_frag_queue), and so does Wireshark.
    if (length === 0) return undefined
    const key = packetKey(segment, id)
    const packet = this.waiting.get(key) ?? this.open(key)
    if (packet.fragments.length >= MAX_FRAGMENTS) return undefined
    const kept = Math.max(0, Math.min(length, HEAD - offset))
    insert(packet.fragments, { offset, length, bytes: data.slice(at, at + kept) })
    packet.bytes += kept + FRAGMENT_BYTES
    this.bytes += kept + FRAGMENT_BYTES
    if (!more && packet.total < 0) packet.total = offset + length
    if (packet.total < 0 || covered(packet.fragments) < packet.total) return undefined
    this.close(key, packet)
    return join(packet)
  }

  private open(key: string): Waiting {
    const packet: Waiting = { fragments: [], total: -1, bytes: 0 }
    this.waiting.set(key, packet)
    while (this.waiting.size > MAX_PACKETS || this.bytes > MAX_BYTES) {
      const [oldest] = this.waiting
      this.close(oldest[0], oldest[1])
    }
    return packet
  }

  private close(key: string, packet: Waiting): void {
    this.waiting.delete(key)
    this.bytes -= packet.bytes
  }
}

/** Fragments belong together when addresses, identification and VLAN agree. */
function packetKey(segment: Segment, id: number): string {
  let vlan = 0
  for (let i = 0; i < segment.layerCount; i++) {
    if (segment.layers[i * 2] === LAYER_VLAN) vlan = segment.layers[i * 2 + 1]
  }
  return `${segment.ipVersion} ${segment.source.join(' ')} ${segment.destination.join(' ')} ${id} ${vlan}`
}

function insert(fragments: Fragment[], fragment: Fragment): void {
  let i = fragments.length
  while (i > 0 && fragments[i - 1].offset > fragment.offset) i--
  fragments.splice(i, 0, fragment)
}

/** Bytes known without a gap from the beginning. */
function covered(fragments: Fragment[]): number {
  let end = 0
  for (const { offset, length } of fragments) {
    if (offset <= end && offset + length > end) end = offset + length
  }
  return end
}

/** Where fragments overlap, the one with the lower offset counts. */
function join({ fragments, total }: Waiting): Reassembled {
  const bytes = new Uint8Array(Math.min(total, HEAD))
  let end = 0
  for (const fragment of fragments) {
    const { offset, length } = fragment
    if (offset + length <= end || offset >= total) continue
    copy(bytes, fragment, end)
    end = Math.max(end, Math.min(offset + length, total))
  }
  return { bytes, total }
}

/** Copies what of a fragment lies at `from` and behind. */
function copy(bytes: Uint8Array, fragment: Fragment, from: number): void {
  const part = fragment.bytes.subarray(from - fragment.offset)
  if (from < bytes.length) bytes.set(part.subarray(0, bytes.length - from), from)
}
