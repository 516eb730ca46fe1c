/** Captures taken apart into records or blocks, so that they can be dropped, repeated and spliced, and put together again. */
import { idb, shb, u16, u32 } from '../capture/build.js'

export interface Parts {
  kind: 'pcap' | 'pcapng' | 'other'
  big: boolean
  /** LINKTYPE_ of the file, or of its first interface. */
  linkType: number
  /** File header (pcap), empty (pcapng), everything (other). */
  head: Uint8Array
  /** Records with their headers; blocks; none. */
  pieces: Uint8Array[]
}

export function split(bytes: Uint8Array): Parts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const magic = bytes.length >= 24 ? view.getUint32(0, true) : 0
  if (magic === 0xa1b2c3d4 || magic === 0xa1b23c4d) return splitPcap(bytes, view, false)
  if (magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1) return splitPcap(bytes, view, true)
  if (magic === 0x0a0d0d0a) return splitPcapng(bytes, view)
  return { kind: 'other', big: false, linkType: -1, head: bytes, pieces: [] }
}

function splitPcap(bytes: Uint8Array, view: DataView, big: boolean): Parts {
  const pieces: Uint8Array[] = []
  let at = 24
  while (at + 16 <= bytes.length) {
    const end = Math.min(at + 16 + view.getUint32(at + 8, !big), bytes.length)
    pieces.push(bytes.slice(at, end))
    at = end
  }
  return { kind: 'pcap', big, linkType: view.getUint32(20, !big) & 0xffff, head: bytes.slice(0, 24), pieces }
}

function splitPcapng(bytes: Uint8Array, view: DataView): Parts {
  const big = view.getUint32(8, true) !== 0x1a2b3c4d
  const pieces: Uint8Array[] = []
  let linkType = -1
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = Math.max(12, (view.getUint32(at + 4, !big) + 3) & ~3)
    const end = Math.min(at + length, bytes.length)
    if (linkType < 0 && view.getUint32(at, !big) === 1) linkType = view.getUint16(at + 8, !big)
    pieces.push(bytes.slice(at, end))
    at = end
  }
  return { kind: 'pcapng', big, linkType, head: new Uint8Array(0), pieces }
}

export function join({ head, pieces }: Parts): Uint8Array {
  return new Uint8Array(Buffer.concat([head, ...pieces]))
}

/** Where the packet's bytes lie in a record or block; undefined when it bears none. */
export function packetOf(parts: Parts, piece: Uint8Array): { from: number; to: number } | undefined {
  if (parts.kind === 'pcap') return piece.length > 16 ? { from: 16, to: piece.length } : undefined
  if (parts.kind !== 'pcapng' || piece.length < 40) return undefined
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
  if (view.getUint32(0, !parts.big) !== 6) return undefined
  return { from: 28, to: Math.min(28 + view.getUint32(20, !parts.big), piece.length - 4) }
}

/** The record or block with another packet in it; its lengths are right. */
export function withPacket(parts: Parts, piece: Uint8Array, packet: Uint8Array): Uint8Array {
  const { big } = parts
  const length = u32(packet.length, big)
  if (parts.kind === 'pcap') return bytesOf(piece.slice(0, 8), length, length, packet)
  const total = u32(32 + ((packet.length + 3) & ~3), big)
  const padding = new Uint8Array((4 - (packet.length % 4)) % 4)
  return bytesOf(piece.slice(0, 4), total, piece.slice(8, 20), length, length, packet, padding, total)
}

/** The records of a classic pcap as enhanced packet blocks of a pcapng. */
export function asPcapng(parts: Parts): Parts {
  if (parts.kind !== 'pcap') return parts
  const { big } = parts
  const pieces = parts.pieces.flatMap(piece => {
    if (piece.length < 16) return []
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length)
    const micros = BigInt(view.getUint32(0, !big)) * 1_000_000n + BigInt(view.getUint32(4, !big) % 1_000_000)
    const frame = bytesOf(
      u32(6, big),
      new Uint8Array(8),
      u32(Number(micros >> 32n), big),
      u32(Number(micros & 0xffffffffn), big),
    )
    const blank: Parts = { ...parts, kind: 'pcapng' }
    return [withPacket(blank, frame, piece.slice(16))]
  })
  return {
    ...parts,
    kind: 'pcapng',
    head: new Uint8Array(0),
    pieces: [shb({ big }), idb({ big, linkType: parts.linkType }), ...pieces],
  }
}

export function bytesOf(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Big-endian, as on the wire. */
export const wire16 = (value: number): Uint8Array => u16(value & 0xffff, true)
export const wire32 = (value: number): Uint8Array => u32(value >>> 0, true)
