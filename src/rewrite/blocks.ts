/**
 * Writers of pcapng blocks: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html (section numbers are its).
 *
 * block   type (4) · total length (4) · body · total length again (4); options are code (2) · length (2) · value padded to 4
 */
import {
  BYTE_ORDER_MAGIC,
  CUSTOM_NO_COPY,
  ENHANCED_PACKET,
  INTERFACE,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from '../capture/pcapng-types.js'
import type { Output } from './output.js'

const OPT_COMMENT = 1
const SHB_USERAPPL = 4
const IF_TSRESOL = 9
const EPB_FLAGS = 2
const EPB_DROPCOUNT = 4

const padded = (length: number): number => (length + 3) & ~3

/** A packet as §4.3 describes it, wherever it comes from. */
export interface PacketFields {
  interface: number
  /** Upper and lower half of the timestamp, in units of its interface. */
  timeHigh: number
  timeLow: number
  originalLength: number
  /** The captured bytes are `data[start .. end)`. */
  data: Uint8Array
  start: number
  end: number
  /** Options that are kept as they are: `optionData[optionsAt .. optionsEnd)`, opt_endofopt with them if there is one. */
  optionData: Uint8Array
  optionsAt: number
  optionsEnd: number
  /** For epb_dropcount; -1 when nothing is known. */
  drops: number
  /** For epb_flags; 0 = not written. */
  flags: number
}

/** §4.3. New comments stand before the options that were there, so that even a damaged list stays what it was. */
export function writePacket(
  out: Output,
  packet: PacketFields,
  comments: readonly Buffer[],
  little: boolean,
): void {
  const { data, start, end } = packet
  const at = beginBlock(out, ENHANCED_PACKET, little)
  out.u32(packet.interface, little)
  out.u32(packet.timeHigh, little)
  out.u32(packet.timeLow, little)
  out.u32(end - start, little)
  out.u32(packet.originalLength, little)
  out.bytes(data, start, end)
  pad(out, end - start)
  for (const comment of comments) writeOption(out, OPT_COMMENT, comment, little)
  writeExtras(out, packet, little)
  if (packet.optionsEnd > packet.optionsAt) {
    out.bytes(packet.optionData, packet.optionsAt, packet.optionsEnd)
  } else if (comments.length > 0 || packet.drops >= 0 || packet.flags !== 0) out.zeros(4)
  endBlock(out, at, little)
}

/** §4.4: no time, no options. */
export function writeSimplePacket(
  out: Output,
  { data, start, end, originalLength }: PacketFields,
  little: boolean,
): void {
  const at = beginBlock(out, SIMPLE_PACKET, little)
  out.u32(originalLength, little)
  out.bytes(data, start, end)
  pad(out, end - start)
  endBlock(out, at, little)
}

function writeExtras(out: Output, { drops, flags }: PacketFields, little: boolean): void {
  if (flags !== 0) {
    out.u16(EPB_FLAGS, little)
    out.u16(4, little)
    out.u32(flags, little)
  }
  if (drops < 0) return
  out.u16(EPB_DROPCOUNT, little)
  out.u16(8, little)
  out.u32(little ? drops : 0, little)
  out.u32(little ? 0 : drops, little)
}

/** The head of a packet whose bytes follow piece by piece; `endLargePacket` ends it. */
export function beginLargePacket(out: Output, packet: PacketFields, captured: number, little: boolean): void {
  out.u32(ENHANCED_PACKET, little)
  out.u32(32 + padded(captured), little)
  out.u32(packet.interface, little)
  out.u32(packet.timeHigh, little)
  out.u32(packet.timeLow, little)
  out.u32(captured, little)
  out.u32(packet.originalLength, little)
}

export function endLargePacket(out: Output, captured: number, little: boolean): void {
  pad(out, captured)
  out.u32(32 + padded(captured), little)
}

/** §4.1, length unknown. */
export function writeSection(
  out: Output,
  options: { program: string; comment?: string },
  little: boolean,
): void {
  const at = beginBlock(out, SECTION_HEADER, little)
  out.u32(BYTE_ORDER_MAGIC, little)
  out.u16(1, little)
  out.u16(0, little)
  out.u32(0xffffffff, little)
  out.u32(0xffffffff, little)
  if (options.comment !== undefined) writeOption(out, OPT_COMMENT, Buffer.from(options.comment), little)
  writeOption(out, SHB_USERAPPL, Buffer.from(options.program), little)
  out.zeros(4)
  endBlock(out, at, little)
}

/** @param resolution if_tsresol as one byte */
export interface InterfaceFields {
  linkType: number
  snapLength: number
  resolution: number
  /** if_tsoffset, the eight bytes as they stood; left out when undefined. */
  offset?: Uint8Array | undefined
}

/** §4.2 */
export function writeInterface(out: Output, fields: InterfaceFields, little: boolean): void {
  const at = beginBlock(out, INTERFACE, little)
  out.u16(Math.min(fields.linkType, 0xffff), little)
  out.u16(0, little)
  out.u32(fields.snapLength, little)
  writeOption(out, IF_TSRESOL, Uint8Array.of(fields.resolution), little)
  if (fields.offset) writeOption(out, 14, fields.offset, little)
  out.zeros(4)
  endBlock(out, at, little)
}

/** §4.7 without content, of nobody: it has a frame number in Wireshark, and nothing else. */
export function writeEmptyCustom(out: Output, little: boolean): void {
  out.u32(CUSTOM_NO_COPY, little)
  out.u32(16, little)
  out.u32(0, little)
  out.u32(16, little)
}

function writeOption(out: Output, code: number, value: Uint8Array, little: boolean): void {
  out.u16(code, little)
  out.u16(value.length, little)
  out.bytes(value, 0, value.length)
  pad(out, value.length)
}

function beginBlock(out: Output, type: number, little: boolean): number {
  out.u32(type, little)
  out.u32(0, little)
  return out.length - 8
}

function endBlock(out: Output, at: number, little: boolean): void {
  const total = out.length + 4 - at
  out.patch32(at + 4, total, little)
  out.u32(total, little)
}

function pad(out: Output, length: number): void {
  if (length & 3) out.zeros(4 - (length & 3))
}
