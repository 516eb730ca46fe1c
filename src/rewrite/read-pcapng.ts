/** Blocks of a pcapng file. What is sound, and which number a packet bears, is judged by the reader of the capture layer, block by block. */
import { createPcapngReader } from '../capture/pcapng.js'
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  PACKET,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from '../capture/pcapng-types.js'
import { MAX_HELD_BYTES, newRecordState, type RecordReader, type RecordState } from '../capture/record.js'
import { loadFrame, newFrame } from '../frames.js'
import type { Frame, Timebase } from '../model.js'
import type { Block, BlockReader, LargePiece, Packet, Visitor } from './read.js'

export class PcapngBlocks implements BlockReader {
  private readonly state: RecordState
  private readonly judge: RecordReader
  private readonly block = newBlock()
  private readonly packet = newPacket()
  private readonly piece = newPiece()
  /** The last time of interface 0, for blocks without one. */
  private readonly lastTime = { high: 0, low: 0 }
  private readonly frame = newFrame()
  private skipping = 0

  constructor(
    label: string,
    timebase: Timebase,
    private readonly visitor: Visitor,
  ) {
    this.state = newRecordState(label, 0, false, timebase, new Map())
    this.judge = createPcapngReader(this.state)
  }

  get stopped(): boolean {
    return this.state.stopped
  }

  read(data: Uint8Array, view: DataView, start: number, end: number): number {
    const { state, block } = this
    let at = start
    while (!state.stopped && end > at) {
      if (this.skipping > 0) {
        at = this.pass(data, view, at, end)
        continue
      }
      const total = blockLength(view, at, end, block)
      if (total === 0) break
      if (total > MAX_HELD_BYTES) {
        this.skipping = total
        continue
      }
      // A length that makes no sense is for the judge to refuse.
      if (at + total > end && total >= 12) break
      this.one(data, view, at, Math.max(total, 12))
      at += total
    }
    return state.stopped ? end : at
  }

  private one(data: Uint8Array, view: DataView, at: number, total: number): void {
    const { state, block, visitor } = this
    const before = state.frames
    state.batch.length = 0
    this.judge.read(data, view, at, at + total)
    if (state.stopped) return
    const type = view.getUint32(at, block.little)
    block.type = type
    block.data = data
    block.view = view
    block.at = at
    block.total = total
    block.numbered = state.frames > before
    if (state.batch.length > 0) {
      loadFrame(state.batch, 0, this.frame)
      visitor.packet(fill(this.packet, block, this.frame, this.lastTime))
    } else if (type === SECTION_HEADER) visitor.section(block)
    // Packets that the judge did not take are damaged: another program would stop at them.
    else if (type !== ENHANCED_PACKET && type !== PACKET && type !== SIMPLE_PACKET) visitor.block(block)
  }

  /** The next part of a block that is too long to be held. */
  private pass(data: Uint8Array, view: DataView, at: number, end: number): number {
    const { state, piece, block } = this
    const to = Math.min(end, at + this.skipping)
    const before = state.frames
    const first = piece.last
    this.judge.read(data, view, at, to)
    if (state.stopped) return end
    this.skipping -= to - at
    Object.assign(piece, { data, from: at, to, first, last: this.skipping === 0, little: block.little })
    piece.numbered = state.frames > before
    this.visitor.large(piece)
    return to
  }
}

/** Total length, rounded up to 4; 0 when its head is not there yet. Sets the byte order at section headers. */
function blockLength(view: DataView, at: number, end: number, block: Block): number {
  if (end - at < 12) return 0
  if (view.getUint32(at, true) === SECTION_HEADER)
    block.little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
  return ((view.getUint32(at + 4, block.little) + 3) & ~3) >>> 0 || 4
}

/** The fields of an Enhanced, Simple or obsolete Packet Block (§4.3, §4.4, appendix A) that the judge found sound. */
function fill(packet: Packet, block: Block, frame: Frame, lastTime: { high: number; low: number }): Packet {
  const { view, at, total, little, type } = block
  const isSimple = type === SIMPLE_PACKET
  packet.number = frame.number
  packet.timeNs = frame.timeNs
  packet.linkType = frame.linkType
  packet.little = little
  packet.originalLength = frame.originalLength
  packet.data = frame.data
  packet.start = frame.start
  packet.end = frame.end
  packet.interface = isSimple
    ? 0
    : type === PACKET
      ? view.getUint16(at + 8, little)
      : view.getUint32(at + 8, little)
  packet.timeHigh = isSimple ? lastTime.high : view.getUint32(at + 12, little)
  packet.timeLow = isSimple ? lastTime.low : view.getUint32(at + 16, little)
  if (packet.interface === 0) {
    lastTime.high = packet.timeHigh
    lastTime.low = packet.timeLow
  }
  packet.drops = type === PACKET ? dropsOf(view.getUint16(at + 10, little)) : -1
  packet.optionData = frame.data
  packet.optionsEnd = at + total - 4
  packet.optionsAt = isSimple ? packet.optionsEnd : at + 28 + ((frame.end - frame.start + 3) & ~3)
  packet.block = block
  return packet
}

/** Appendix A: 0xffff says that the number is not known. */
const dropsOf = (drops: number): number => (drops === 0xffff ? -1 : drops)

function newBlock(): Block {
  const data = new Uint8Array(12)
  return { type: 0, data, view: new DataView(data.buffer), at: 0, total: 0, little: true, numbered: false }
}

export function newPacket(): Packet {
  const data = new Uint8Array(0)
  return {
    number: 0,
    timeNs: Number.NaN,
    linkType: 0,
    little: true,
    block: undefined,
    interface: 0,
    timeHigh: 0,
    timeLow: 0,
    originalLength: 0,
    data,
    start: 0,
    end: 0,
    optionData: data,
    optionsAt: 0,
    optionsEnd: 0,
    drops: -1,
    flags: 0,
  }
}

export function newPiece(): LargePiece {
  const data = new Uint8Array(0)
  return {
    data,
    from: 0,
    to: 0,
    first: false,
    last: true,
    little: true,
    numbered: false,
    packet: undefined,
    captured: 0,
  }
}
