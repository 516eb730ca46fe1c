/** Which packets of a connection are in both captures. Matched by what routers leave alone: numbers, flags, length; IP ID and timestamps settle it. */
import { hasAck, isRst, other, RST } from '../evidence/view.js'
import type { Connection, SegmentRecord, Side } from '../model.js'
import type { PacketPair } from './types.js'

/** How the numbers of capture 0 become those of capture 1. */
export interface Numbering {
  flipped: boolean
  shift: Record<Side, number>
  /** The same of timestamps: SYN proxies hand out their own and translate from then on. */
  stamps: Record<Side, number>
}

/** SYN, FIN, ACK, PSH, URG; the ECN bits may be changed by any router (RFC 3168 §5). */
const LASTING_FLAGS = 0x3f & ~RST

/** Packets of `a` found in `b`, RSTs left out, in the order of `a`. Equal packets of different number cannot be told apart and are left out. */
export function pairPackets(a: Connection, b: Connection, numbering: Numbering): PacketPair[] {
  const index = new Map<string, SegmentRecord[]>()
  for (const r of b.segments) if (!isRst(r)) push(index, keyOf(r, r.from), r)
  const mine = new Map<string, { from: Side; records: SegmentRecord[] }>()
  for (const r of a.segments) {
    if (isRst(r)) continue
    const key = keyOf(renumbered(r, numbering), sideThere(r.from, numbering))
    const group = mine.get(key)
    if (group) group.records.push(r)
    else mine.set(key, { from: r.from, records: [r] })
  }
  for (const side of ['client', 'server'] as const) {
    const own = [...mine].filter(([, group]) => group.from === side)
    numbering.stamps[side] = stampShift(own.map(([key, { records }]) => [records, index.get(key) ?? []]))
  }
  const pairs: PacketPair[] = []
  for (const [key, { from, records }] of mine)
    pairs.push(...pairEqual(from, records, index.get(key) ?? [], numbering.stamps[from]))
  return pairs.sort(
    (x, y) => x.records[0].timeNs - y.records[0].timeNs || x.records[0].frame - y.records[0].frame,
  )
}

export function sideThere(side: Side, { flipped }: Numbering): Side {
  return flipped ? other(side) : side
}

/** Numbers that a segment of capture 0 bears in capture 1. */
export function renumbered(
  r: SegmentRecord,
  { shift }: Numbering,
): Pick<SegmentRecord, 'seq' | 'ack' | 'flags' | 'payloadBytes'> {
  return {
    seq: (r.seq + shift[r.from]) >>> 0,
    ack: hasAck(r) ? (r.ack + shift[other(r.from)]) >>> 0 : 0,
    flags: r.flags,
    payloadBytes: r.payloadBytes,
  }
}

function keyOf(r: Pick<SegmentRecord, 'seq' | 'ack' | 'flags' | 'payloadBytes'>, from: Side): string {
  return `${from} ${r.seq} ${r.flags & 0x10 ? r.ack : 0} ${r.flags & LASTING_FLAGS} ${r.payloadBytes}`
}

/** The one difference that most packets with equal numbers and equal IP ID show; 0 where timestamps are left alone. */
function stampShift(groups: [SegmentRecord[], SegmentRecord[]][]): number {
  const tally = new Map<number, number>()
  let all = 0
  for (const [mine, theirs] of groups) {
    if (mine.length !== 1 || theirs.length !== 1) continue
    const [a, b] = [mine[0], theirs[0]]
    if (a.tsVal === undefined || b.tsVal === undefined || a.ipId <= 0 || a.ipId !== b.ipId) continue
    const shift = (b.tsVal - a.tsVal) >>> 0
    tally.set(shift, (tally.get(shift) ?? 0) + 1)
    all++
  }
  const [best] = [...tally].sort((x, y) => y[1] - x[1])
  return best !== undefined && best[1] * 2 > all ? best[0] : 0
}

/** Packets with equal numbers: by IP ID and timestamps first, then in order where their numbers agree. */
function pairEqual(from: Side, mine: SegmentRecord[], theirs: SegmentRecord[], stamps: number): PacketPair[] {
  const pairs: PacketPair[] = []
  const free = new Set(theirs)
  const left: SegmentRecord[] = []
  for (const a of mine) {
    const same = [...free].filter(b => identified(a, b, stamps))
    // A repeated ID-less packet may be identified with several: order decides.
    const b = same[0]
    if (b === undefined) left.push(a)
    else {
      free.delete(b)
      pairs.push({ from, records: [a, b], identified: true })
    }
  }
  const rest = [...free]
  if (left.length !== rest.length) return pairs
  for (const [i, a] of left.entries()) {
    if (!contradict(a, rest[i], stamps)) pairs.push({ from, records: [a, rest[i]], identified: false })
  }
  return pairs
}

/** The same packet beyond doubt: a counted IP ID, or a timestamp of its sender, besides equal numbers. A short snap length hides timestamps. */
export function identified(a: SegmentRecord, b: SegmentRecord, stamps: number): boolean {
  if (contradict(a, b, stamps)) return false
  if (a.ipId > 0 && b.ipId > 0)
    return (
      a.ipId === b.ipId ||
      (stamps === 0 && a.tsVal !== undefined && a.tsVal === b.tsVal && a.tsEcr === b.tsEcr)
    )
  return stamps === 0 && a.tsVal !== undefined && a.tsVal === b.tsVal && a.tsEcr === b.tsEcr
}

/** Timestamps of both are known and differ: two packets. */
export function contradict(a: SegmentRecord, b: SegmentRecord, stamps: number): boolean {
  return a.tsVal !== undefined && b.tsVal !== undefined && (a.tsVal + stamps) >>> 0 !== b.tsVal
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
