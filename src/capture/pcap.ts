/**
 * Classic pcap, as libpcap and Wireshark read it: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
 *
 * file header (24 bytes)  magic · major.minor · 8 bytes unused · snap length · link type
 * record header (16…28)   seconds · fraction · captured length · original length · what old variants add
 *
 * A record that makes no sense ends the capture, as it does for tshark: pcap has no marks to find the next record by.
 */
import { putRow } from '../frames.js'
import { CaptureError, printable } from './error.js'
import { maxCapturedBytes } from './linktypes.js'
import { guessVariant, MODIFIED, type PcapVariant, STANDARD } from './pcap-variant.js'
import {
  cut,
  isFull,
  isPlain,
  type Knowledge,
  MAX_HELD_BYTES,
  noteStep,
  noteTimes,
  type RecordReader,
  type RecordState,
  stop,
} from './record.js'

const FILE_HEADER = 24

/** Which of the two length fields comes first: version 2.3 and later have the captured length first, but some 2.3 files do not. */
export type LengthOrder = 'captured-first' | 'original-first' | 'the-smaller'

/** What the file header says. */
export interface PcapHeader {
  littleEndian: boolean
  /** Nanoseconds in a unit of the fraction field. */
  nsPerUnit: number
  /** Bytes before the first record. */
  bytes: number
  snapLength: number
  linkType: number
  lengthOrder: LengthOrder
  /** True for the magic of the patched libpcaps of 1999, whose record headers are longer. */
  modified: boolean
  /** False where the header alone settles that record headers are standard. */
  variantUnknown: boolean
  /** Padding that AIX puts before FDDI frames, inside the captured length. */
  skipInRecord: number
}

/** Magic number as read little-endian → what it says. */
const MAGICS: Readonly<Record<number, { little: boolean; nano?: true; modified?: true; ixia?: true }>> = {
  0xa1b2c3d4: { little: true },
  0xd4c3b2a1: { little: false },
  0xa1b23c4d: { little: true, nano: true },
  0x4d3cb2a1: { little: false, nano: true },
  0xa1b2cd34: { little: true, modified: true },
  0x34cdb2a1: { little: false, modified: true },
  // Ixia's hardware and software captures: four more bytes of file header
  0x1c0001ac: { little: true, nano: true, ixia: true },
  0xac01001c: { little: false, nano: true, ixia: true },
  0x1c0001ab: { little: true, ixia: true },
  0xab01001c: { little: false, ixia: true },
}

/** True when the first four bytes, read little-endian, begin a pcap file. */
export const isPcapMagic = (magic: number): boolean => MAGICS[magic >>> 0] !== undefined

/** AIX writes version 2.2 with interface types of RFC 1573 where others have link types: ifType → LINKTYPE_. */
const AIX_LINK_TYPES: Readonly<Record<number, number>> = { 6: 1, 9: 6, 15: 10, 24: 0 }

/**
 * @param view at least 24 bytes from `at`, the first four a pcap magic
 * @throws CaptureError for versions before 2.0
 */
export function parsePcapHeader(view: DataView, at: number, label: string): PcapHeader {
  const { little, nano = false, modified = false, ixia = false } = MAGICS[view.getUint32(at, true)]
  const major = view.getUint16(at + 4, little)
  const minor = view.getUint16(at + 6, little)
  if (major < 2)
    throw new CaptureError(
      `${printable(label)} is a pcap file of version ${major}.${minor}: only 2.0 and later are understood`,
    )
  const network = view.getUint32(at + 20, little)
  const aixLinkType = !nano && !modified && major === 2 && minor === 2 ? AIX_LINK_TYPES[network] : undefined
  return {
    littleEndian: little,
    nsPerUnit: nano || aixLinkType !== undefined ? 1 : 1000,
    bytes: FILE_HEADER + (ixia ? 4 : 0),
    snapLength: view.getUint32(at + 16, little),
    // Bits 26..31 tell the length of a trailing checksum: lengths in IP headers exclude it anyway. Bits 16..25 must be
    // zero; where they are not, the whole number is kept, so that it shows up as an unknown link type.
    linkType: aixLinkType ?? (network & 0x03ff0000 ? network & 0x03ffffff : network & 0xffff),
    lengthOrder: lengthOrder(major, minor),
    modified,
    variantUnknown: modified || (!nano && !ixia && aixLinkType === undefined && major === 2 && minor >= 4),
    skipInRecord: aixLinkType === 10 ? 3 : 0,
  }
}

/** 543.0 is DG/UX. */
function lengthOrder(major: number, minor: number): LengthOrder {
  if ((major === 2 && minor < 3) || major === 543) return 'original-first'
  return major === 2 && minor === 3 ? 'the-smaller' : 'captured-first'
}

/** A capture under way. */
interface PcapReading {
  state: RecordState
  /** Undefined until enough has come to tell. */
  header: PcapHeader | undefined
  variant: PcapVariant | undefined
  /** Bytes left of a record that is too long to be held, and all that it has. */
  skipping: number
  skippedCaptured: number
}

/** What is known of a pcap capture. */
export interface PcapDetails {
  header: PcapHeader
  variant: PcapVariant
}

/**
 * A reader for one pcap capture whose first four bytes are known to be a pcap magic.
 * @param details it goes on at a record of a capture of which these are known
 */
export function createPcapReader(state: RecordState, details?: PcapDetails): RecordReader {
  const { header, variant } = details ?? {}
  const pcap: PcapReading = { state, header, variant, skipping: 0, skippedCaptured: 0 }
  return {
    read: (data, view, start, end, until = end) => read(pcap, data, view, start, end, until),
    knowledge: () => knowledge(pcap),
    get plain() {
      return pcap.skipping === 0 && isPlain(state)
    },
    finish: (data, view, start, end) => finish(pcap, data, view, start, end),
  }
}

function knowledge({ header, variant, skipping }: PcapReading): Knowledge | undefined {
  if (!header || !variant || skipping > 0) return undefined
  return { format: 'pcap', version: 0, details: { header, variant } }
}

function read(
  pcap: PcapReading,
  data: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  until: number,
): number {
  const { state } = pcap
  let at = start
  state.batch.data = data
  state.batch.view = view
  if (!pcap.variant) {
    at = begin(pcap, view, start, end, end - start >= MAX_HELD_BYTES)
    if (at < 0) return start
  }
  do {
    if (pcap.skipping > 0) at = skip(pcap, at, end)
    at = readRecords(pcap, view, at, end, until)
  } while (pcap.skipping > 0 && at < end && !state.stopped)
  return state.stopped ? end : at
}

function finish(pcap: PcapReading, data: Uint8Array, view: DataView, start: number, end: number): number {
  const { state } = pcap
  let at = start
  if (!pcap.variant) {
    if (end - start < FILE_HEADER) {
      const have = `${end - start} of ${FILE_HEADER} bytes`
      throw new CaptureError(
        `${printable(state.label)} ends within its pcap header (${have}): nothing to analyse`,
      )
    }
    at = begin(pcap, view, start, end, true)
  }
  at = read(pcap, data, view, at, end, end)
  if (state.stopped || isFull(state.batch)) return at
  const need = pcap.skippedCaptured + pcap.variant!.headerBytes
  if (pcap.skipping > 0) cut(state, need, need - pcap.skipping)
  else if (at < end) cut(state, recordBytes(pcap, view, at, end - at), end - at)
  return end
}

/** Reads the file header and tells the variant; returns where the records begin, -1 when more bytes are needed first. */
function begin(pcap: PcapReading, view: DataView, start: number, end: number, final: boolean): number {
  const { state } = pcap
  if (end - start < FILE_HEADER + 4 && !final) return -1
  const header = (pcap.header ??= parsePcapHeader(view, start, state.label))
  const at = Math.min(start + header.bytes, end)
  const guess = header.variantUnknown && !state.live
  pcap.variant = guess ? guessVariant(view, at, end, header, final) : defaultVariant(header)
  if (!pcap.variant) return -1
  state.linkTypes = [header.linkType]
  state.digits = header.nsPerUnit === 1 ? 9 : 6
  return at
}

const defaultVariant = (header: PcapHeader): PcapVariant => (header.modified ? MODIFIED : STANDARD)

/** Puts the records that lie whole in `view[start .. end)` into the batch; returns where the next one begins. */
function readRecords(pcap: PcapReading, view: DataView, start: number, end: number, until: number): number {
  // Everything that is touched for every record is a local: twice as fast as through properties.
  const { littleEndian: little, nsPerUnit, lengthOrder, skipInRecord, linkType } = pcap.header!
  const headerBytes = pcap.variant!.headerBytes
  const holdable = Math.min(maxCapturedBytes(linkType), MAX_HELD_BYTES - 64)
  const swappable = lengthOrder !== 'captured-first'
  const { state } = pcap
  const { batch, picker, timebase } = state
  const times = batch.timeNs
  const rowsBefore = batch.length
  let baseSeconds = timebase.seconds
  let { frames, bytes } = state
  let lastNs = frames > 0 ? state.lastNs : Number.NaN
  let [earliestNs, latestNs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let at = start
  while (end - at >= headerBytes && batch.length < times.length && at < until) {
    let captured = view.getUint32(at + 8, little)
    let original = view.getUint32(at + 12, little)
    if (swappable && isSwapped(lengthOrder, captured, original)) [captured, original] = [original, captured]
    if (captured > holdable) {
      tooLong(pcap, captured, frames + 1)
      break
    }
    const next = at + headerBytes + captured
    if (next > end) break
    const seconds = view.getUint32(at, little)
    if (Number.isNaN(baseSeconds)) baseSeconds = timebase.seconds = seconds
    const timeNs = (seconds - baseSeconds) * 1e9 + view.getUint32(at + 4, little) * nsPerUnit
    if (!(timeNs >= lastNs - 1e9)) noteStep(state, frames, timeNs)
    if (timeNs < earliestNs) earliestNs = timeNs
    if (timeNs > latestNs) latestNs = timeNs
    lastNs = timeNs
    bytes += captured
    frames++
    const from = at + headerBytes + (skipInRecord < captured ? skipInRecord : captured)
    at = next
    if (picker.wants(view, from, next, original, linkType)) {
      times[batch.length] = timeNs
      putRow(batch, frames, from, next, original, linkType)
    }
  }
  batch.passed += frames - state.frames - (batch.length - rowsBefore)
  Object.assign(state, { frames, bytes })
  noteTimes(state, earliestNs, latestNs, lastNs)
  return at
}

const isSwapped = (order: LengthOrder, first: number, second: number): boolean =>
  order === 'original-first' || (order === 'the-smaller' && first > second)

function tooLong(pcap: PcapReading, captured: number, record: number): void {
  if (captured > maxCapturedBytes(pcap.header!.linkType)) {
    const message = `record ${record} claims ${captured} captured bytes: analysed up to there`
    stop(pcap.state, 'damaged-record', record, message)
  } else {
    pcap.skipping = pcap.variant!.headerBytes + captured
    pcap.skippedCaptured = captured
  }
}

/** Walks over a long record; it counts once all of it has been seen. */
function skip(pcap: PcapReading, at: number, end: number): number {
  const { state } = pcap
  const step = Math.min(pcap.skipping, end - at)
  pcap.skipping -= step
  if (pcap.skipping === 0) {
    state.frames++
    state.bytes += pcap.skippedCaptured
    state.notes.add('oversized-record', state.frames)
  }
  return at + step
}

/** What the record of which `have` bytes are there would need. */
function recordBytes(pcap: PcapReading, view: DataView, at: number, have: number): number {
  const { headerBytes } = pcap.variant!
  if (have < headerBytes) return headerBytes
  const { littleEndian, lengthOrder } = pcap.header!
  const first = view.getUint32(at + 8, littleEndian)
  const second = view.getUint32(at + 12, littleEndian)
  return headerBytes + (isSwapped(lengthOrder, first, second) ? second : first)
}
