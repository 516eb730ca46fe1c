/** What becomes of each part of a capture: passed on as it is but for comments, or redacted. */
import { forEachOption } from '../capture/pcapng-blocks.js'
import { INTERFACE, SIMPLE_PACKET } from '../capture/pcapng-types.js'
import type { FrameRedactor } from '../redact/index.js'
import { VERSION } from '../version.js'
import {
  beginLargePacket,
  endLargePacket,
  type PacketFields,
  writeEmptyCustom,
  writeInterface,
  writePacket,
  writeSection,
  writeSimplePacket,
} from './blocks.js'
import type { Output } from './output.js'
import type { Block, LargePiece, Packet } from './read.js'

export const PROGRAM = `rst-analyze ${VERSION}`

const NO_COMMENTS: readonly Buffer[] = []

/** The one section and interface of what was a pcap file, in the byte order of this machine's likes. */
export function writePcapHeader(
  out: Output,
  { linkType, snapLength, resolution }: { linkType: number; snapLength: number; resolution: number },
  comment?: string,
): void {
  writeSection(out, { program: PROGRAM, ...(comment === undefined ? {} : { comment }) }, true)
  writeInterface(out, { linkType, snapLength, resolution }, true)
}

/** A packet with comments added. */
export function writeFrame(
  out: Output,
  packet: Packet,
  comments: readonly Buffer[] = NO_COMMENTS,
  redact?: FrameRedactor,
): void {
  const { block } = packet
  if (redact && block?.type === SIMPLE_PACKET && comments.length === 0)
    writeSimplePacket(out, redactedFields(packet, redact), packet.little)
  else if (redact) writePacket(out, redactedFields(packet, redact), comments, packet.little)
  else if (block && comments.length === 0) out.pass(block.data, block.at, block.at + block.total)
  else writePacket(out, packet, comments, packet.little)
}

/** Options go: comments, hashes and whatever else a program noted. */
function redactedFields(packet: Packet, redact: FrameRedactor): PacketFields {
  const data = redact(packet)
  const { interface: of, timeHigh, timeLow, originalLength, start, end } = packet
  return {
    interface: of,
    timeHigh,
    timeLow,
    originalLength,
    data,
    start: 0,
    end: end - start,
    optionData: data,
    optionsAt: 0,
    optionsEnd: 0,
    drops: -1,
    flags: 0,
  }
}

/** A section header: its length (draft §4.1) becomes "unknown", since comments make the section longer. */
export function writeSectionCopy(out: Output, { data, at, total }: Block): void {
  out.bytes(data, at, at + 16)
  out.u32(0xffffffff, true)
  out.u32(0xffffffff, true)
  out.bytes(data, at + 24, at + total)
}

const IF_TSRESOL = 9
const IF_TSOFFSET = 14
const MICROSECONDS = 6

/** Of an interface only its link type, snap length and clock: names, addresses, filters and systems go. */
function writeBareInterface(out: Output, { view, data, at, total, little }: Block): void {
  let resolution = MICROSECONDS
  let offset: Uint8Array | undefined
  forEachOption(view, at + 16, at + total - 4, little, (code, value, length) => {
    if (code === IF_TSRESOL && length === 1) resolution = view.getUint8(value)
    else if (code === IF_TSOFFSET && length === 8) offset = data.slice(value, value + 8)
  })
  const linkType = view.getUint16(at + 8, little)
  writeInterface(out, { linkType, snapLength: view.getUint32(at + 12, little), resolution, offset }, little)
}

/** Any block that is neither section nor packet. In a redacted file an empty one takes its place where it had a frame number. */
export function writeOther(out: Output, block: Block, redacted: boolean): void {
  if (!redacted) out.pass(block.data, block.at, block.at + block.total)
  else if (block.type === INTERFACE && block.total >= 20) writeBareInterface(out, block)
  else if (block.numbered) writeEmptyCustom(out, block.little)
}

/** A record too long to be held; nothing of it stays in a redacted file but its frame number. */
export function writeLarge(out: Output, piece: LargePiece, redacted: boolean): void {
  const { packet, captured, little } = piece
  if (redacted) {
    if (piece.last && piece.numbered) writeEmptyCustom(out, little)
    return
  }
  if (packet && piece.first) beginLargePacket(out, packet, captured, little)
  out.pass(piece.data, piece.from, piece.to)
  if (packet && piece.last) endLargePacket(out, captured, little)
}
