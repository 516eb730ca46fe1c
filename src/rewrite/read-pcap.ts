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

export class PcapBlocks implements BlockReader {
  stopped = false
  private readonly packet = newPacket()
  private readonly piece = newPiece()
  private layout: Layout | undefined
  private skipping = 0

  constructor(
    private readonly label: string,
    private readonly timebase: Timebase,
    private readonly visitor: Visitor,
  ) {}

  read(data: Uint8Array, view: DataView, start: number, end: number, final: boolean): number {
    let at = start
    if (!this.layout) {
      at = this.begin(view, start, end, final)
      if (at < 0) return start
    }
    while (at < end) {
      const next = this.skipping > 0 ? this.pass(data, at, end) : this.record(data, view, at, end)
      if (next === at) break
      at = next
    }
    return at
  }

  /** Where the first record begins; -1 when more bytes are needed to tell. */
  private begin(view: DataView, start: number, end: number, final: boolean): number {
    if (end - start < FILE_HEADER + 4 && !final) return -1
    const header = parsePcapHeader(view, start, this.label)
    const at = Math.min(start + header.bytes, end)
    const variant = header.variantUnknown
      ? guessVariant(view, at, end, header, final || end - start >= MAX_HELD_BYTES)
      : header.modified
        ? MODIFIED
        : STANDARD
    if (!variant) return -1
    const { linkType, snapLength, nsPerUnit, littleEndian } = header
    const field = view.getUint32(start + LINK_TYPE, littleEndian)
    this.layout = {
      header,
      headerBytes: variant.headerBytes,
      flags: field & FCS_KNOWN && linkType <= 0xffff ? ((field >>> 28) * 2) << FCS_SHIFT : 0,
      holdable: Math.min(maxCapturedBytes(linkType), MAX_HELD_BYTES - 64),
    }
    this.visitor.pcap({ linkType, snapLength, resolution: nsPerUnit === 1 ? 9 : 6 })
    return at
  }

  /** Hands over one record; returns where the next one begins, `at` when it is not all there. */
  private record(data: Uint8Array, view: DataView, at: number, end: number): number {
    const { header, headerBytes, holdable } = this.layout!
    const { packet, piece } = this
    if (end - at < headerBytes) return at
    const captured = this.fillHead(view, at)
    const body = at + headerBytes
    if (captured > maxCapturedBytes(header.linkType)) {
      this.stopped = true
      return end
    }
    if (captured > holdable) {
      this.skipping = captured
      piece.captured = captured
      piece.first = true
      packet.number++
      return body
    }
    if (body + captured > end) return at
    packet.data = data
    packet.start = body + Math.min(header.skipInRecord, captured)
    packet.end = body + captured
    packet.number++
    this.visitor.packet(packet)
    return body + captured
  }

  /** Fills all but the bytes; returns the captured length. */
  private fillHead(view: DataView, at: number): number {
    const { packet, timebase } = this
    const { header, flags } = this.layout!
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

  /** The next part of a record that is too long to be held. */
  private pass(data: Uint8Array, at: number, end: number): number {
    const { piece, packet } = this
    const to = Math.min(end, at + this.skipping)
    this.skipping -= to - at
    Object.assign(piece, {
      data,
      from: at,
      to,
      last: this.skipping === 0,
      numbered: this.skipping === 0,
      packet,
    })
    this.visitor.large(piece)
    piece.first = false
    return to
  }
}

/** seconds × units + fraction as two halves of 64 bits, in doubles that stay exact: the seconds go in 16 bits at a time. */
function setTime(
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
