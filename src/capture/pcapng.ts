/**
 * pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 *
 * block   type (4) · total length (4) · body · total length again (4), lengths rounded up to 4 (Wireshark does so too: some writers
 *         forget the padding in the length)
 *
 * Numbered are the blocks that tshark numbers: packets, and also custom blocks, systemd journal entries and Sysdig events.
 * A block with sound lengths and a damaged body is skipped with a note (tshark stops there); unsound lengths end the capture.
 */
import type { FrameHandler } from '../model.js'
import { CaptureError, printable } from './error.js'
import { maxCapturedBytes } from './linktypes.js'
import {
  type Interface,
  packetDrops,
  parseInterface,
  readNames,
  statisticsDrops,
  UNKNOWN_INTERFACE,
} from './pcapng-blocks.js'
import { cut, MAX_HELD_BYTES, type RecordReader, type RecordState, stop } from './record.js'

/** Reads the same in both byte orders. */
export const SECTION_HEADER = 0x0a0d0d0a
const BYTE_ORDER_MAGIC = 0x1a2b3c4d

const INTERFACE = 1
const PACKET = 2
const SIMPLE_PACKET = 3
const NAMES = 4
const STATISTICS = 5
const ENHANCED_PACKET = 6
const SECRETS = 10
const CUSTOM = 0xbad
const CUSTOM_NO_COPY = 0x40000bad

/** Types that hold no packet but get a frame number in Wireshark 4.0 → least total length, below which they are damaged. */
const NUMBERED_OTHERS = new Map([
  [CUSTOM, 16],
  [CUSTOM_NO_COPY, 16],
  [9, 35], // systemd journal entry
  [0x204, 36], // Sysdig events
  [0x216, 36],
  [0x221, 36],
])

/** Least total length of the blocks that are looked into. */
const LEAST = new Map([
  [INTERFACE, 20],
  [PACKET, 32],
  [SIMPLE_PACKET, 16],
  [NAMES, 12],
  [STATISTICS, 24],
  [ENHANCED_PACKET, 32],
  ...NUMBERED_OTHERS,
])

/** Wireshark's limit: the largest D-Bus packet, and 128 KiB of options. */
const MAX_BLOCK = 32 + 128 * 1024 * 1024 + 131_072

/** A reader for one pcapng capture whose first four bytes are known to be SECTION_HEADER. */
export function createPcapngReader(state: RecordState): RecordReader {
  let little = true
  let interfaces: Interface[] = []
  let sections = 0
  let drops = 0
  /** Bytes left of a block that is too long to be held; whether it gets a number. */
  let skipping = 0
  let skippedCounts = false
  let skippedTotal = 0
  const { frame, timebase, notes } = state

  function read(data: Uint8Array, view: DataView, start: number, end: number, onFrame: FrameHandler): number {
    let at = start
    frame.data = data
    while (!state.stopped) {
      if (skipping > 0) at = skip(at, end)
      const total = blockLength(view, at, end)
      if (total === 0) break
      if (total > MAX_HELD_BYTES) {
        beginSkip(view.getUint32(at, little), total)
        continue
      }
      if (at + total > end) break
      // Trailers are compared after the same rounding.
      if (((view.getUint32(at + total - 4, little) + 3) & ~3) >>> 0 !== total) {
        stop(
          state,
          'damaged-block',
          state.frames + 1,
          `the two lengths of the block behind record ${state.frames} disagree: analysed up to there`,
        )
        break
      }
      block(data, view, at, total, onFrame)
      at += total
    }
    return state.stopped ? end : at
  }

  /** Total length of the block at `at`, rounded up; 0 when its head is not there yet or makes no sense (then the state is stopped). */
  function blockLength(view: DataView, at: number, end: number): number {
    if (end - at < 8) return 0
    const isSection = view.getUint32(at, true) === SECTION_HEADER
    if (isSection) {
      if (end - at < 12) return 0
      if (!setByteOrder(view, at)) return 0
    }
    const total = ((view.getUint32(at + 4, little) + 3) & ~3) >>> 0
    if (total < (isSection ? 28 : 12) || total > MAX_BLOCK) {
      fail(`the block behind record ${state.frames} claims a length of ${total} bytes`)
      return 0
    }
    return total
  }

  function setByteOrder(view: DataView, at: number): boolean {
    const magic = view.getUint32(at + 8, true)
    if (magic === BYTE_ORDER_MAGIC) little = true
    else if (magic === 0x4d3c2b1a) little = false
    else {
      fail(`a section header behind record ${state.frames} has an unknown byte order`)
      return false
    }
    return true
  }

  /** Unsound framing: nothing behind it can be found. In the very first block: this is no capture. */
  function fail(reason: string): void {
    if (sections === 0)
      throw new CaptureError(
        `${printable(state.label)} is not a readable pcapng file: its first header is damaged`,
      )
    stop(state, 'damaged-block', state.frames + 1, `${reason}: analysed up to there`)
  }

  function block(data: Uint8Array, view: DataView, at: number, total: number, onFrame: FrameHandler): void {
    const type = view.getUint32(at, little)
    if (type === ENHANCED_PACKET && total >= 32) return enhancedPacket(view, at, total, onFrame)
    if (total < (LEAST.get(type) ?? 0)) return damaged(type, total)
    if (NUMBERED_OTHERS.has(type)) {
      state.frames++
      return
    }
    switch (type) {
      case SECTION_HEADER:
        return section(view, at)
      case INTERFACE:
        interfaces.push(newInterface(view, at, total))
        return
      case SIMPLE_PACKET:
        return simplePacket(view, at, total, onFrame)
      case PACKET:
        return obsoletePacket(view, at, total, onFrame)
      case NAMES:
        if (!readNames(data, view, at, total, little, state.names)) damaged(type, total)
        return
      case STATISTICS:
        return statistics(view, at, total)
      case SECRETS:
        return
      default:
        notes.add(
          'unknown-block',
          null,
          1,
          `pcapng blocks of unknown types were skipped (first type 0x${type.toString(16)})`,
        )
    }
  }

  function section(view: DataView, at: number): void {
    const major = view.getUint16(at + 12, little)
    const minor = view.getUint16(at + 14, little)
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      const reason = `pcapng version ${major}.${minor} is not supported (1.0 is)`
      if (sections === 0) throw new CaptureError(`cannot read ${printable(state.label)}: ${reason}`)
      return stop(state, 'damaged-block', state.frames + 1, `${reason}: analysed up to there`)
    }
    sections++
    addDrops()
    interfaces = []
  }

  function newInterface(view: DataView, at: number, total: number): Interface {
    const described = parseInterface(view, at, total, little)
    if (!state.linkTypes.includes(described.linkType)) state.linkTypes.push(described.linkType)
    // Six is only the default: the best resolution among the interfaces is the capture's.
    state.digits =
      sections === 1 && interfaces.length === 0 ? described.digits : Math.max(state.digits, described.digits)
    return described
  }

  /** §4.3: interface (4) · time high, low (8) · captured (4) · original (4) · data · options */
  function enhancedPacket(view: DataView, at: number, total: number, onFrame: FrameHandler): void {
    const from = interfaces[view.getUint32(at + 8, little)]
    const captured = view.getUint32(at + 20, little)
    const padded = (captured + 3) & ~3
    if (!accepts(from, captured, 32, total)) return
    if (total > 32 + padded) from.packetDrops += packetDrops(view, at + 28 + padded, at + total - 4, little)
    setTime(from, view.getUint32(at + 12, little), view.getUint32(at + 16, little))
    emit(from, at + 28, captured, view.getUint32(at + 24, little), onFrame)
  }

  /** Appendix: as the enhanced one, but interface (2) · drops (2). */
  function obsoletePacket(view: DataView, at: number, total: number, onFrame: FrameHandler): void {
    const from = interfaces[view.getUint16(at + 8, little)]
    const captured = view.getUint32(at + 20, little)
    if (!accepts(from, captured, 32, total)) return
    const lost = view.getUint16(at + 10, little)
    if (lost !== 0xffff) from.packetDrops += lost
    setTime(from, view.getUint32(at + 12, little), view.getUint32(at + 16, little))
    emit(from, at + 28, captured, view.getUint32(at + 24, little), onFrame)
  }

  /** §4.4: original length (4) · data; of interface 0, without a time. The snap length tells how much is data. */
  function simplePacket(view: DataView, at: number, total: number, onFrame: FrameHandler): void {
    const from = interfaces[0]
    const original = view.getUint32(at + 8, little)
    const captured = from?.snapLength ? Math.min(original, from.snapLength) : original
    if (!accepts(from, captured, 16, total)) return
    notes.add('no-timestamps', state.frames + 1)
    frame.timeNs = state.lastNs
    emit(from, at + 12, captured, original, onFrame)
  }

  /** Whether a packet's interface is known and its data fits its block; notes the contrary. */
  function accepts(
    from: Interface | undefined,
    captured: number,
    fixedBytes: number,
    total: number,
  ): from is Interface {
    if (!from || from.linkType < 0) {
      notes.add('unknown-interface', null)
      state.complete = false
      return false
    }
    if (fixedBytes + ((captured + 3) & ~3) <= total && captured <= maxCapturedBytes(from.linkType))
      return true
    damaged(ENHANCED_PACKET, total)
    return false
  }

  function damaged(type: number, total: number): void {
    if (type === INTERFACE) interfaces.push({ ...UNKNOWN_INTERFACE })
    notes.add(
      'damaged-block',
      state.frames + 1,
      1,
      `a pcapng block (type ${type}, ${total} bytes, behind record ${state.frames}) was damaged and skipped`,
    )
    state.complete = false
  }

  function emit(
    from: Interface,
    dataAt: number,
    captured: number,
    original: number,
    onFrame: FrameHandler,
  ): void {
    state.bytes += captured
    frame.number = ++state.frames
    frame.start = dataAt
    frame.end = dataAt + captured
    frame.originalLength = original
    frame.linkType = from.linkType
    onFrame(frame)
  }

  function setTime(from: Interface, high: number, low: number): void {
    if (!from.baseKnown) setBase(from, high, low)
    // Both halves relative to the zero point: exact in a double for 104 days of nanoseconds, whatever the date.
    const units = (high - from.baseHigh) * 4_294_967_296 + (low - from.baseLow)
    const timeNs = from.nsPerUnit > 0 ? units * from.nsPerUnit : exactNs(from, high, low)
    if (timeNs < state.lastNs - 1e9 && state.frames > 0) notes.add('clock-stepped-back', state.frames + 1)
    if (!(timeNs >= state.earliestNs)) state.earliestNs = timeNs
    if (!(timeNs <= state.latestNs)) state.latestNs = timeNs
    state.lastNs = timeNs
    frame.timeNs = timeNs
  }

  function setBase(from: Interface, high: number, low: number): void {
    const units = (BigInt(high) << 32n) | BigInt(low)
    if (Number.isNaN(timebase.seconds))
      timebase.seconds = Number(units / from.unitsPerSecond + from.offsetSeconds)
    const base = (BigInt(timebase.seconds) - from.offsetSeconds) * from.unitsPerSecond
    from.baseHigh = Number(base >> 32n)
    from.baseLow = Number(base & 0xffffffffn)
    from.baseKnown = true
  }

  /** Powers of 2 and anything finer than a nanosecond; rare enough for BigInt. */
  function exactNs(from: Interface, high: number, low: number): number {
    const units = (BigInt(high) << 32n) | BigInt(low)
    const base = (BigInt(timebase.seconds) - from.offsetSeconds) * from.unitsPerSecond
    const scaled = (units - base) * 1_000_000_000n
    const ns = scaled / from.unitsPerSecond
    return Number(scaled < 0n && ns * from.unitsPerSecond !== scaled ? ns - 1n : ns)
  }

  function statistics(view: DataView, at: number, total: number): void {
    const of = interfaces[view.getUint32(at + 8, little)]
    // Counters run from the start of the capture: the latest is the sum.
    if (of) of.statisticsDrops = statisticsDrops(view, at, total, little)
  }

  /** Per-packet counts and statistics tell the same losses twice. */
  function addDrops(): void {
    for (const of of interfaces) drops += Math.max(of.statisticsDrops, of.packetDrops)
    if (drops > 0) notes.add('capture-drops', null, drops)
    drops = 0
  }

  function beginSkip(type: number, total: number): void {
    skipping = total
    skippedTotal = total
    skippedCounts =
      type === ENHANCED_PACKET || type === PACKET || type === SIMPLE_PACKET || NUMBERED_OTHERS.has(type)
  }

  function skip(at: number, end: number): number {
    const step = Math.min(skipping, end - at)
    skipping -= step
    if (skipping === 0 && skippedCounts) {
      state.frames++
      notes.add('oversized-record', state.frames)
    }
    return at + step
  }

  function finish(data: Uint8Array, view: DataView, start: number, end: number, onFrame: FrameHandler): void {
    const at = state.stopped ? end : read(data, view, start, end, onFrame)
    if (sections === 0)
      throw new CaptureError(`${printable(state.label)} ends within its pcapng header: nothing to analyse`)
    addDrops()
    if (state.stopped) return
    const have = end - at
    if (skipping > 0) cut(state, skippedTotal, skippedTotal - skipping)
    else if (have > 0) cut(state, have >= 12 ? blockLength(view, at, end) : 12, have)
  }

  return { read, finish }
}
