/**
 * Record headers of old pcap variants are longer than 16 bytes, and the file header does not always say so. Wireshark tries each
 * layout on the first three records and counts what makes no sense (wiretap/libpcap.c, libpcap_try_variants); so does this.
 */
import { maxCapturedBytes } from './linktypes.js'
import type { PcapHeader } from './pcap.js'

export interface PcapVariant {
  name: 'standard' | 'modified' | 'suse-6.3' | 'nokia'
  /** Of each record. */
  headerBytes: number
}

export const STANDARD: PcapVariant = { name: 'standard', headerBytes: 16 }
export const MODIFIED: PcapVariant = { name: 'modified', headerBytes: 24 }
const SUSE: PcapVariant = { name: 'suse-6.3', headerBytes: 28 }
const NOKIA: PcapVariant = { name: 'nokia', headerBytes: 20 }

const RECORDS_TO_TRY = 3

/**
 * @param at where the first record begins
 * @param final no more bytes will come: decide with what there is
 * @returns undefined when more bytes are needed. Where no layout fits without fault: the standard one, unless the magic rules it
 *          out. (Wireshark takes the least bad one; on a capture with a damaged record early on that may read garbage.)
 */
export function guessVariant(
  view: DataView,
  at: number,
  end: number,
  header: PcapHeader,
  final: boolean,
): PcapVariant | undefined {
  const candidates = header.modified ? [MODIFIED, SUSE] : [STANDARD, MODIFIED, NOKIA]
  let best: PcapVariant | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const faults = countFaults(view, at, end, header, candidate, final)
    if (faults === undefined) return undefined
    if (faults === 0) return candidate
    if (faults < fewest) {
      fewest = faults
      best = candidate
    }
  }
  return header.modified ? best : STANDARD
}

function countFaults(
  view: DataView,
  start: number,
  end: number,
  header: PcapHeader,
  variant: PcapVariant,
  final: boolean,
): number | undefined {
  let at = start
  let faults = 0
  for (let i = 0; i < RECORDS_TO_TRY; i++) {
    if (at === end && final) return faults
    if (end - at < variant.headerBytes) return final ? faults + 1 : undefined
    faults += recordFaults(view, at, header) + extraFaults(view, at, header.littleEndian, variant)
    const captured = view.getUint32(at + 8, header.littleEndian)
    if (captured > maxCapturedBytes(header.linkType)) return faults
    at += variant.headerBytes + captured
    if (at > end) return final ? faults + 1 : undefined
  }
  return faults
}

/** The fields that all variants have. All variants that must be guessed have microseconds. */
function recordFaults(view: DataView, at: number, header: PcapHeader): number {
  const little = header.littleEndian
  const captured = view.getUint32(at + 8, little)
  const original = view.getUint32(at + 12, little)
  const faults = [
    view.getUint32(at + 4, little) >= 1_000_000,
    captured > maxCapturedBytes(header.linkType),
    captured > header.snapLength,
    original > 128 * 1024 * 1024,
    captured > original,
  ]
  return faults.filter(Boolean).length
}

/** The fields that only this variant has: interface, Ethernet type and packet type of Linux, or Nokia's pattern. */
function extraFaults(view: DataView, at: number, little: boolean, variant: PcapVariant): number {
  if (variant.name === 'standard') return 0
  const word = view.getUint32(at + 16, little)
  if (variant.name === 'nokia') return isNokiaWord(word) ? 0 : 1
  const protocol = view.getUint16(at + 20, little)
  const protocolOk = protocol >= 0x600 || protocol <= 0x17 || [0x60, 0x200, 0x400].includes(protocol)
  return Number(word > 10_000) + Number(!protocolOk) + Number(view.getUint8(at + 22) > 4)
}

/** 0xXfbfYZ0W with X 9 or b, Y b or d, Z 6 or 9, W 1 or 2: the values seen in such files. */
function isNokiaWord(word: number): boolean {
  const hex = word.toString(16).padStart(8, '0')
  return /^[9b]fbf[bd][69]0[12]$/.test(hex)
}
