/** The nouns of a comparison. Two captures of the same traffic are numbered 0 and 1, in the order of the command line. */
import type {
  CaptureInfo,
  Comparison,
  Connection,
  Report,
  Reset,
  SeenAt,
  SegmentRecord,
  Side,
  World,
} from '../model.js'
import type { NameTable } from '../names.js'

export type CaptureIndex = 0 | 1

/** One of the two captures, read. Records and connections bear its index; `timeNs` counts on its own clock. */
export interface Vantage {
  index: CaptureIndex
  /** File name as printed; the whole path where both have the same. */
  name: string
  world: World
  info: CaptureInfo
  names: NameTable
  /** Connections were forgotten for want of memory: what is absent may have been there. */
  incomplete: boolean
}

/** One packet as both captures recorded it. `from` is its sender's side in the connection of capture 0. */
export interface PacketPair {
  from: Side
  records: [SegmentRecord, SegmentRecord]
  /** Equal IP ID or timestamps besides equal numbers: the same packet, not only an equal one. */
  identified: boolean
}

/** The same connection in both captures, or a part of it. */
export interface Link {
  connections: [Connection, Connection]
  /** Capture 1 took the client of capture 0 for the server; happens where neither saw a SYN. */
  flipped: boolean
  /** Sequence number in capture 1 minus that in capture 0 (mod 2^32) of what each side of capture 0's connection sent; 0 unless rewritten. */
  shift: Record<Side, number>
  /** The same difference of their timestamps. */
  stamps: Record<Side, number>
  /** Packets found in both, RSTs left out, in the order of capture 0. */
  packets: PacketPair[]
  /** RST frames found in both; filled once the clocks are known. */
  resets: ResetPair[]
}

export interface ResetPair extends PacketPair {
  /** What was changed on the way besides addresses and hop limit. */
  rewritten: boolean
}

export interface ComparedReset extends Reset {
  vantages: [SeenAt, SeenAt]
}

export interface ComparedReport extends Report {
  resets: ComparedReset[]
  comparison: Comparison
}

/** A side of capture 0's connection in the terms of the connection in capture `index`, and the other way round. */
export function sideIn(link: Link, index: CaptureIndex, side: Side): Side {
  return index === 1 && link.flipped ? (side === 'client' ? 'server' : 'client') : side
}
