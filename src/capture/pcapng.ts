/**
 * pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 *
 * block   type (4) · total length (4) · body · total length again (4), lengths rounded up to 4 (Wireshark does so too: some writers
 *         forget the padding in the length)
 *
 * Numbered are the blocks that tshark numbers: packets, and also custom blocks, systemd journal entries and Sysdig events.
 * A block with sound lengths and a damaged body is skipped with a note (tshark stops there); unsound lengths end the capture.
 */
import { CaptureError, printable } from './error.js'
import {
  type Interface,
  parseInterface,
  readNames,
  statisticsDrops,
  UNKNOWN_INTERFACE,
} from './pcapng-blocks.js'
import {
  enhancedPacket,
  enhancedPackets,
  knowBases,
  type Outcome,
  obsoletePacket,
  type Section,
  simplePacket,
} from './pcapng-packets.js'
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  INTERFACE,
  LEAST,
  NAMES,
  NUMBERED_OTHERS,
  PACKET,
  SECRETS,
  SECTION_HEADER,
  SIMPLE_PACKET,
  STATISTICS,
} from './pcapng-types.js'
import {
  cut,
  isFull,
  isPlain,
  type Knowledge,
  MAX_HELD_BYTES,
  type RecordReader,
  type RecordState,
  stop,
} from './record.js'

const BYTE_ORDER_SWAPPED = 0x4d3c2b1a

/** Wireshark's limit: the largest D-Bus packet, and 128 KiB of options. */
const MAX_BLOCK = 32 + 128 * 1024 * 1024 + 131_072

/** Interfaces of one section that are remembered, some 50 MB: packets of others are skipped. */
const MAX_INTERFACES = 1 << 18

/** Interfaces that other readers are told of. */
const MAX_TOLD = 1024

/** A capture under way. */
interface PcapngReading extends Section {
  /** The same as the state's, to look up. */
  linkTypes: Set<number>
  /** Section headers so far. */
  sections: number
  /** Blocks so far that change how packets are read, and all blocks that are more than an ordinary packet. */
  changes: number
  others: number
  /** Bytes left of a block that is too long to be held, all that it has, and whether it gets a number. */
  skipping: number
  skippedTotal: number
  skippedCounts: boolean
}

/** What is known of a section that is being read. */
export interface PcapngDetails {
  little: boolean
  interfaces: Interface[]
}

/**
 * A reader for one pcapng capture whose first four bytes are known to be SECTION_HEADER.
 * @param details it goes on at a block of a section of which these are known; the state has its timebase then
 */
export function createPcapngReader(state: RecordState, details?: PcapngDetails): RecordReader {
  const skipped = { skipping: 0, skippedTotal: 0, skippedCounts: false }
  const start = { little: true, interfaces: [], ...details, sections: details ? 1 : 0 }
  const ng: PcapngReading = { state, ...start, linkTypes: new Set(), changes: 0, others: 0, ...skipped }
  if (details) knowBases(ng)
  return {
    read: (data, view, start, end, until = end) => read(ng, data, view, start, end, until),
    knowledge: () => knowledge(ng),
    get plain() {
      return ng.skipping === 0 && ng.others === 0 && isPlain(state)
    },
    finish: (data, view, start, end) => finish(ng, data, view, start, end),
  }
}

function knowledge({
  sections,
  interfaces,
  changes,
  little,
  skipping,
}: PcapngReading): Knowledge | undefined {
  if (sections === 0 || interfaces.length > MAX_TOLD || skipping > 0) return undefined
  return { format: 'pcapng', version: changes, details: { little, interfaces } }
}

function read(
  ng: PcapngReading,
  data: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  until: number,
): number {
  const { state } = ng
  const { batch } = state
  let at = start
  batch.data = data
  batch.view = view
  while (!state.stopped && !isFull(batch)) {
    if (ng.skipping > 0) at = skip(ng, at, end)
    else if (ng.sections > 0) at = enhancedPackets(ng, view, at, end, until)
    if (isFull(batch) || (at >= until && ng.skipping === 0)) break
    const total = blockLength(ng, view, at, end)
    if (total === 0) break
    if (total > MAX_HELD_BYTES) {
      beginSkip(ng, view.getUint32(at, ng.little), total)
      continue
    }
    if (at + total > end) break
    if (roundUp(view.getUint32(at + total - 4, ng.little)) !== total) {
      fail(ng, `the two lengths of the block behind record ${state.frames} disagree`)
      break
    }
    readBlock(ng, data, view, at, total)
    at += total
  }
  return state.stopped ? end : at
}

function finish(ng: PcapngReading, data: Uint8Array, view: DataView, start: number, end: number): number {
  const { state } = ng
  const at = state.stopped ? end : read(ng, data, view, start, end, end)
  if (isFull(state.batch) && !state.stopped) return at
  if (ng.sections === 0) {
    throw new CaptureError(`${printable(state.label)} ends within its pcapng header: nothing to analyse`)
  }
  noteDrops(ng)
  if (state.stopped) return end
  if (ng.skipping > 0) cut(state, ng.skippedTotal, ng.skippedTotal - ng.skipping)
  else if (at < end) cut(state, blockLength(ng, view, at, end) || 12, end - at)
  return end
}

/** To a multiple of 4, unsigned. */
const roundUp = (length: number): number => ((length + 3) & ~3) >>> 0

/** Total length of the block at `at`, rounded up; 0 when its head is not there yet or makes no sense (then the state is stopped). */
function blockLength(ng: PcapngReading, view: DataView, at: number, end: number): number {
  if (end - at < 8) return 0
  const isSection = view.getUint32(at, true) === SECTION_HEADER
  if (isSection && (end - at < 12 || !setByteOrder(ng, view, at))) return 0
  const total = roundUp(view.getUint32(at + 4, ng.little))
  if (total >= (isSection ? 28 : 12) && total <= MAX_BLOCK) return total
  fail(ng, `the block behind record ${ng.state.frames} claims a length of ${total} bytes`)
  return 0
}

function setByteOrder(ng: PcapngReading, view: DataView, at: number): boolean {
  const magic = view.getUint32(at + 8, true)
  const known = magic === BYTE_ORDER_MAGIC || magic === BYTE_ORDER_SWAPPED
  if (known) ng.little = magic === BYTE_ORDER_MAGIC
  else fail(ng, `a section header behind record ${ng.state.frames} has an unknown byte order`)
  return known
}

/** Unsound framing: nothing behind it can be found. In the very first block: this is no capture. */
function fail({ state, sections }: PcapngReading, reason: string): void {
  if (sections === 0) {
    throw new CaptureError(
      `${printable(state.label)} is not a readable pcapng file: its first header is damaged`,
    )
  }
  stop(state, 'damaged-block', state.frames + 1, `${reason}: analysed up to there`)
}

function readBlock(ng: PcapngReading, data: Uint8Array, view: DataView, at: number, total: number): void {
  const { state, little } = ng
  const type = view.getUint32(at, little)
  if (type === ENHANCED_PACKET && total >= 32) {
    const drops = ng.interfaces[view.getUint32(at + 8, little)]?.packetDrops
    settle(ng, type, total, enhancedPacket(ng, view, at, total))
    if (ng.interfaces[view.getUint32(at + 8, little)]?.packetDrops !== drops) ng.others++
    return
  }
  ng.others++
  if (total < (LEAST.get(type) ?? 0)) return settle(ng, type, total, 'damaged')
  if (NUMBERED_OTHERS.has(type)) {
    state.frames++
    return
  }
  switch (type) {
    case SECTION_HEADER:
      return beginSection(ng, view, at)
    case INTERFACE:
      return addInterface(ng, view, at, total)
    case SIMPLE_PACKET:
      return settle(ng, type, total, simplePacket(ng, view, at, total))
    case PACKET:
      return settle(ng, type, total, obsoletePacket(ng, view, at, total))
    case NAMES:
      return settle(ng, type, total, readNames(data, view, at, total, little, state.names) ? 'ok' : 'damaged')
    case STATISTICS:
      return readStatistics(ng, view, at, total)
    case SECRETS:
      return
    default: {
      const message = `pcapng blocks of unknown types were skipped (first type 0x${type.toString(16)})`
      state.notes.add('unknown-block', null, 1, message)
    }
  }
}

/** Notes what could not be used. */
function settle(ng: PcapngReading, type: number, total: number, outcome: Outcome): void {
  if (outcome === 'ok') return
  const { state, interfaces } = ng
  ng.others++
  state.complete = false
  if (outcome === 'unknown-interface') return state.notes.add('unknown-interface', null)
  // It keeps its number, so that the ones behind it keep theirs.
  if (type === INTERFACE) {
    ng.changes++
    interfaces.push({ ...UNKNOWN_INTERFACE })
  }
  const message = `a pcapng block (type ${type}, ${total} bytes, behind record ${state.frames}) was damaged and skipped`
  state.notes.add('damaged-block', state.frames + 1, 1, message)
}

/** §4.1 */
function beginSection(ng: PcapngReading, view: DataView, at: number): void {
  const { state, little } = ng
  const major = view.getUint16(at + 12, little)
  const minor = view.getUint16(at + 14, little)
  if (major !== 1 || (minor !== 0 && minor !== 2)) {
    const reason = `pcapng version ${major}.${minor} is not supported (1.0 is)`
    if (ng.sections === 0) throw new CaptureError(`cannot read ${printable(state.label)}: ${reason}`)
    return fail(ng, reason)
  }
  noteDrops(ng)
  ng.sections++
  ng.changes++
  ng.interfaces = []
}

function addInterface(ng: PcapngReading, view: DataView, at: number, total: number): void {
  const { state, interfaces, little, sections, linkTypes } = ng
  if (interfaces.length >= MAX_INTERFACES) return
  ng.changes++
  const described = parseInterface(view, at, total, little)
  if (!linkTypes.has(described.linkType)) {
    linkTypes.add(described.linkType)
    state.linkTypes.push(described.linkType)
  }
  // The best resolution among the interfaces is the capture's; the default does not count.
  const isFirst = sections === 1 && interfaces.length === 0
  state.digits = isFirst ? described.digits : Math.max(state.digits, described.digits)
  interfaces.push(described)
}

/** Counters run from the start of the capture: the latest is the sum. */
function readStatistics(
  { interfaces, little, state }: PcapngReading,
  view: DataView,
  at: number,
  total: number,
): void {
  const of = interfaces[view.getUint32(at + 8, little)]
  if (of === undefined) return
  of.statisticsDrops = statisticsDrops(view, at, total, little)
  noteDropsOf(of, state)
}

/** At the end of a section: what packets told and no statistics. */
function noteDrops({ state, interfaces }: PcapngReading): void {
  for (const of of interfaces) noteDropsOf(of, state)
}

/** Per-packet counts and statistics tell the same losses twice. Noted as they come: who judges a stream has to know by then. */
function noteDropsOf(of: Interface, state: RecordState): void {
  const drops = Math.max(of.statisticsDrops, of.packetDrops)
  if (drops <= of.notedDrops) return
  state.notes.add('capture-drops', null, drops - of.notedDrops)
  of.notedDrops = drops
}

function beginSkip(ng: PcapngReading, type: number, total: number): void {
  ng.others++
  ng.skipping = total
  ng.skippedTotal = total
  ng.skippedCounts =
    type === ENHANCED_PACKET || type === PACKET || type === SIMPLE_PACKET || NUMBERED_OTHERS.has(type)
}

/** Walks over a long block; it counts once all of it has been seen. */
function skip(ng: PcapngReading, at: number, end: number): number {
  const { state } = ng
  const step = Math.min(ng.skipping, end - at)
  ng.skipping -= step
  if (ng.skipping === 0 && ng.skippedCounts) {
    state.frames++
    state.notes.add('oversized-record', state.frames)
  }
  return at + step
}
