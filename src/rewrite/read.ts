/**
 * A capture read again, this time for its bytes: every block of a pcapng file and every record of a pcap file as it lies there, with the
 * frame numbers and times that the analysis gave it. Nothing is held beyond one chunk.
 */
import { type Input, inputOf, type OpenInput, openInput } from '../capture/input.js'
import { MAX_HELD_BYTES } from '../capture/record.js'
import type { Timebase } from '../model.js'
import type { PacketFields } from './blocks.js'
import { PcapBlocks } from './read-pcap.js'
import { PcapngBlocks } from './read-pcapng.js'

/** A block of a pcapng file: `data[at .. at + total)`. One object is used again and again. */
export interface Block {
  type: number
  data: Uint8Array
  view: DataView
  at: number
  total: number
  little: boolean
  /** Whether Wireshark gives it a frame number. */
  numbered: boolean
}

/** A packet with what the analysis knows it by. One object is used again and again. */
export interface Packet extends PacketFields {
  /** Frame number. */
  number: number
  timeNs: number
  linkType: number
  little: boolean
  /** The block it lies in, of whatever kind; undefined in pcap files. */
  block: Block | undefined
}

/** A part of a block or record that is too long to be held (MAX_HELD_BYTES): nobody looks into it. */
export interface LargePiece {
  data: Uint8Array
  from: number
  to: number
  first: boolean
  last: boolean
  little: boolean
  /** Set with the last piece, when the whole has a frame number. */
  numbered: boolean
  /** Of pcap records, whose head is not part of the pieces: what stood in it, and how many bytes all pieces have. */
  packet: Packet | undefined
  captured: number
}

/** What is done with the parts of a capture, in their order. */
export interface Visitor {
  /** The file is a pcap: its one interface. Comes first, instead of `section` and the interface's `block`. */
  pcap(header: { linkType: number; snapLength: number; resolution: 6 | 9 }): void
  /** A Section Header Block. */
  section(block: Block): void
  packet(packet: Packet): void
  /** Any other sound block: interfaces, names, statistics, secrets, custom and unknown ones. */
  block(block: Block): void
  large(piece: LargePiece): void
  /** After each chunk of input: what was handed over may be overwritten once this resolves. */
  settled(): Promise<void>
}

/** Parses one container. */
export interface BlockReader {
  /** Hands over what lies whole in `data[start .. end)`; returns where the rest begins. @param final no more bytes will come */
  read(data: Uint8Array, view: DataView, start: number, end: number, final: boolean): number
  /** True once nothing behind this can be read. */
  readonly stopped: boolean
}

export interface ReadOptions {
  timebase: Timebase
  signal?: AbortSignal | undefined
  /** Bytes asked of the file at once; default 1 MiB. */
  chunkBytes?: number | undefined
}

/**
 * @param path a file; compressed ones are unpacked on the way
 * @returns false when the file ended, or went bad, before its last record did
 * @throws CaptureError; the reason of `signal` when aborted
 */
export async function readBlocks(path: string, visitor: Visitor, options: ReadOptions): Promise<boolean> {
  const input = inputOf(path)
  const opened = await openInput(input)
  try {
    return await readOpened(input, opened, visitor, options)
  } finally {
    opened.source.close()
  }
}

async function readOpened(
  input: Input,
  { format, source }: OpenInput,
  visitor: Visitor,
  { timebase, signal, chunkBytes = 1 << 20 }: ReadOptions,
): Promise<boolean> {
  const reader = new (format === 'pcap' ? PcapBlocks : PcapngBlocks)(input.label, timebase, visitor)
  const buffer = Buffer.allocUnsafeSlow(chunkBytes + MAX_HELD_BYTES)
  const view = new DataView(buffer.buffer)
  let start = 0
  let end = 0
  for (;;) {
    signal?.throwIfAborted()
    if (buffer.length - end < chunkBytes) {
      buffer.copyWithin(0, start, end)
      end -= start
      start = 0
    }
    const count = await source.read(buffer, end, chunkBytes)
    end += count
    start = reader.read(buffer, view, start, end, count === 0)
    await visitor.settled()
    if (reader.stopped) return false
    if (count === 0) return start === end && source.defect() === undefined
  }
}
