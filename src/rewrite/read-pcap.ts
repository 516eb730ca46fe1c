/** Records of a classic pcap file as pcapng packets of one interface: times in the file's own units, exact for every 32-bit second. */
import { maxCapturedBytes } from '../capture/linktypes.js'
import { type PcapHeader, parsePcapHeader } from '../capture/pcap.js'
import { guessVariant, MODIFIED, STANDARD } from '../capture/pcap-variant.js'
import { MAX_HELD_BYTES } from '../capture/record.js'
import type { Timebase } from '../model.js'
import type { BlockReader, Visitor } from './read.js'
import { newPacket, newPiece } from './read-pcapng.js'

const FILE_HEADER = 24
const LINK_TYPE = 20
/** Bit 26 of the link type field says that bits 28..31 count the 16-bit words of a frame check sequence. */
const FCS_KNOWN = 0x04000000
/** epb_flags, draft §4.3.1: octets of the frame check sequence in bits 5..8. */
const FCS_SHIFT = 5

/** What follows from the file header. */
interface Layout {
  header: PcapHeader
  headerBytes: number
  flags: number
  holdable: number
}

export function pcapBlocks(label: string, timebase: Timebase, visitor: Visitor): BlockReader {
  const packet = newPacket()
  const piece = newPiece()
  let layout: Layout | undefined
  let skipping = 0
  let stopped = false

  function begin(view: DataView, start: number, end: number, final: boolean): number {
    if (end - start < FILE_HEADER + 4 && !final) return -1
    const header = parsePcapHeader(view, start, label)
    const at = Math.min(start + header.bytes, end)
    const variant = header.variantUnknown
      ? guessVariant(view, at, end, header, final || end - start >= MAX_HELD_BYTES)
      : header.modified
        ? MODIFIED
        : STANDARD
    if (!variant) return -1
    const field = view.getUint32(start + LINK_TYPE, header.littleEndian)
    layout = {
      header,
      headerBytes: variant.headerBytes,
      flags: field & FCS_KNOWN && header.linkType <= 0xffff ? (field >>> 28) * 2 << FCS_SHIFT : 0,
      holdable: Math.min(maxCapturedBytes(header.linkType), MAX_HELD_BYTES - 64),
    }
    visitor.pcap({
      linkType: header.linkType,
      snapLength: header.snapLength,
      resolution: header.nsPerUnit === 1 ? 9 : 6,
    })
    return at
  }

  function read(data: Uint8Array, view: DataView, start: number, end: number, final: boolean): number {
    let at = start
    if (!layout) {
      at = begin(view, start, end, final)
      if (at < 0) return start
    }
    const { header, headerBytes, holdable } = layout!
    while (!stopped) {
      if (skipping > 0) {
        if (at === end) break
        at = pass(data, at, end)
        continue
      }
      if (end - at < headerBytes) break
      const captured = fillHead(view, at)
      if (captured > maxCapturedBytes(header.linkType)) {
        stopped = true
        return end
      }
      if (captured > holdable) {
        skipping = captured
        piece.captured = captured
        piece.first = true
        at += headerBytes
        continue
      }
      const next = at + headerBytes + captured
      if (next > end) break
      packet.data = data
      packet.start = at + headerBytes + Math.min(header.skipInRecord, captured)
      packet.end = next
      packet.number++
      visitor.packet(packet)
      at = next
    }
    return at
  }

  /** Fills all but the bytes; returns the captured length. */
  function fillHead(view: DataView, at: number): number {
    const { header, flags } = layout!
    const { littleEndian: little, nsPerUnit, lengthOrder } = header
    const first = view.getUint32(at + 8, little)
    const second = view.getUint32(at + 12, little)
    const isSwapped = lengthOrder === 'original-first' || (lengthOrder === 'the-smaller' && first > second)
    const seconds = view.getUint32(at, little)
    const fraction = view.getUint32(at + 4, little)
    if (Number.isNaN(timebase.seconds)) timebase.seconds = seconds
    packet.timeNs = (seconds - timebase.seconds) * 1e9 + fraction * nsPerUnit
    packet.linkType = header.linkType
    packet.flags = flags
    packet.originalLength = isSwapped ? first : second
    setTime(packet, seconds, fraction, nsPerUnit === 1 ? 1e9 : 1e6)
    return isSwapped ? second : first
  }

  function pass(data: Uint8Array, at: number, end: number): number {
    const to = Math.min(end, at + skipping)
    skipping -= to - at
    if (piece.first) packet.number++
    Object.assign(piece, { data, from: at, to, last: skipping === 0, numbered: true, packet })
    visitor.large(piece)
    piece.first = false
    return to
  }

  return { read, stopped: () => stopped }
}

/** seconds × units + fraction as two halves of 64 bits, in doubles that stay exact: the seconds go in 16 bits at a time. */
export function setTime(
  into: { timeHigh: number; timeLow: number },
  seconds: number,
  fraction: number,
  unitsPerSecond: number,
): void {
  const upper = (seconds >>> 16) * unitsPerSecond
  const lower = (upper % 0x10000) * 0x10000 + (seconds & 0xffff) * unitsPerSecond + fraction
  into.timeHigh = Math.floor(upper / 0x10000) + Math.floor(lower / 0x100000000)
  into.timeLow = lower % 0x100000000
}
