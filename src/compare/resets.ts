/** Which RST frames are in both captures. Matched on what they carry; time only checks that none arrived before it was sent. */
import { hasAck, isRst } from '../evidence/view.js'
import type { SegmentRecord, Side } from '../model.js'
import type { Clocks } from './clock.js'
import { contradict, renumbered } from './packets.js'
import type { NearTo } from './place.js'
import { type Link, type ResetPair, sideIn } from './types.js'

/** Queues hold packets for a second or two at the very worst. */
const LONGEST_WAY_NS = 3e9
/** Two captures stamp with different care. */
const STAMPING_NS = 5e6

interface Way {
  clocks: Clocks
  /** +1: this side's packets reach capture 0 first; -1: capture 1; 0: unknown. */
  sense: number
  /** Hop limit in capture 0 minus that in capture 1, as this side's other packets show; several where the path changed. */
  drops: Set<number>
  idsKept: boolean
  optionsKept: boolean
  /** What this side's timestamps of capture 1 are ahead of those of capture 0. */
  stamps: number
}

export function pairResets(link: Link, clocks: Clocks, near: NearTo): ResetPair[] {
  const pairs: ResetPair[] = []
  for (const from of ['client', 'server'] as const) {
    const mine = rstsOf(link, 0, from)
    const theirs = rstsOf(link, 1, from)
    if (mine.length === 0 || theirs.length === 0) continue
    const way = wayOf(link, from, clocks, near)
    pairs.push(...pairEqual(link, from, mine, theirs, way))
    const used = new Set(pairs.flatMap(p => p.records))
    pairs.push(
      ...pairRewritten(
        from,
        mine.filter(r => !used.has(r)),
        theirs.filter(r => !used.has(r)),
        way,
      ),
    )
  }
  return pairs
}

function rstsOf(link: Link, index: 0 | 1, from: Side): SegmentRecord[] {
  return link.connections[index].segments.filter(r => isRst(r) && r.from === sideIn(link, index, from))
}

function wayOf(link: Link, from: Side, clocks: Clocks, near: NearTo): Way {
  const own = link.packets.filter(p => p.from === from)
  const counted = link.packets.filter(({ records }) => records.every(r => r.ipId > 0))
  const nearest = near(link.connections[0], 0, from, link)
  return {
    clocks,
    sense: nearest === undefined ? 0 : nearest === 0 ? 1 : -1,
    drops: new Set(own.map(({ records }) => records[0].hopLimit - records[1].hopLimit)),
    // Devices that write IP IDs of their own do so with every packet.
    idsKept:
      counted.filter(({ records }) => records[0].ipId === records[1].ipId).length * 2 >= counted.length,
    optionsKept:
      link.packets.filter(({ records }) => records[0].headerBytes === records[1].headerBytes).length * 2 >=
      link.packets.length,
    stamps: link.stamps[from],
  }
}

function pairEqual(
  link: Link,
  from: Side,
  mine: SegmentRecord[],
  theirs: SegmentRecord[],
  way: Way,
): ResetPair[] {
  const equal = (a: SegmentRecord, b: SegmentRecord) => sameNumbers(link, a, b) && sameHeader(a, b, way)
  const candidates = mine.flatMap(a =>
    theirs.flatMap(b => (equal(a, b) && possible(a, b, way) ? [{ a, b, cost: cost(a, b, way) }] : [])),
  )
  // Equal frames in equal number: in order. Otherwise what fits time and hop limits best.
  candidates.sort((x, y) => x.cost - y.cost || x.a.frame - y.a.frame || x.b.frame - y.b.frame)
  const used = new Set<SegmentRecord>()
  const pairs: ResetPair[] = []
  for (const { a, b } of candidates) {
    if (used.has(a) || used.has(b)) continue
    used.add(a).add(b)
    pairs.push({ from, records: [a, b], identified: a.ipId > 0 || a.tsVal !== undefined, rewritten: false })
  }
  return pairs
}

function sameNumbers(link: Link, a: SegmentRecord, b: SegmentRecord): boolean {
  if ((a.flags & 0x3f) !== (b.flags & 0x3f)) return false
  const there = renumbered(a, link)
  // A refusal has sequence number 0, which no device translates.
  const seq = b.seq === there.seq || (a.seq === 0 && b.seq === 0)
  return seq && (!hasAck(a) || b.ack === there.ack)
}

function sameHeader(a: SegmentRecord, b: SegmentRecord, { idsKept, optionsKept, stamps }: Way): boolean {
  if (a.window !== b.window || contradict(a, b, stamps) || (optionsKept && a.headerBytes !== b.headerBytes))
    return false
  return !idsKept || a.ipId === b.ipId || a.ipId < 0 || b.ipId < 0
}

function possible(a: SegmentRecord, b: SegmentRecord, way: Way): boolean {
  const took = tookNs(a, b, way)
  if (took === undefined) return true
  const slack = way.clocks.uncertaintyNs + STAMPING_NS
  return took >= -slack && took <= LONGEST_WAY_NS + slack
}

/** Time from the first capture on the way to the second. */
function tookNs(a: SegmentRecord, b: SegmentRecord, { clocks, sense }: Way): number | undefined {
  if (!clocks.known) return undefined
  const later = b.timeNs - clocks.convert(a.timeNs, 0)
  return sense === 0 ? Math.abs(later) : sense * later
}

function cost(a: SegmentRecord, b: SegmentRecord, way: Way): number {
  const typical = way.clocks.known ? way.clocks.uncertaintyNs : 0
  const took = tookNs(a, b, way) ?? 0
  const otherPath = way.drops.size > 0 && !way.drops.has(a.hopLimit - b.hopLimit)
  return Math.abs(took - typical) + (otherPath ? 1e12 : 0)
}

/**
 * One frame left in each capture, with equal flags and window: the same IP ID or timestamp, or (where a host sends neither) the hop limit and
 * time of this very way, say that a device changed its numbers (Linux SYNPROXY writes the beginning of the connection into every RST).
 */
function pairRewritten(from: Side, mine: SegmentRecord[], theirs: SegmentRecord[], way: Way): ResetPair[] {
  const pairs: ResetPair[] = []
  const free = new Set(theirs)
  for (const a of mine) {
    const b = [...free].find(
      r =>
        (r.flags & 0x3f) === (a.flags & 0x3f) &&
        r.window === a.window &&
        sameIdentity(a, r, way.stamps) &&
        possible(a, r, way),
    )
    if (b === undefined) continue
    free.delete(b)
    pairs.push({ from, records: [a, b], identified: true, rewritten: true })
  }
  return pairs
}

function sameIdentity(a: SegmentRecord, b: SegmentRecord, stamps: number): boolean {
  if (contradict(a, b, stamps)) return false
  return a.ipId > 0 ? a.ipId === b.ipId : a.ipId < 0 && a.tsVal !== undefined && a.tsEcr === b.tsEcr
}

/** An unpaired RST of the other capture that may be this one after all, however differently it looks there. */
export function lookalike(
  link: Link,
  rst: SegmentRecord,
  index: 0 | 1,
  clocks: Clocks,
): SegmentRecord | undefined {
  const there = index === 0 ? 1 : 0
  const taken = new Set(link.resets.map(p => p.records[there]))
  const side = link.flipped ? (rst.from === 'client' ? 'server' : 'client') : rst.from
  return link.connections[there].segments.find(r => {
    if (!isRst(r) || r.from !== side || taken.has(r) || (r.flags & 0x17) !== (rst.flags & 0x17)) return false
    const [a, b] = index === 0 ? [rst, r] : [r, rst]
    if (!sameNumbers(link, a, b)) return false
    return (
      !clocks.known ||
      Math.abs(r.timeNs - clocks.convert(rst.timeNs, index)) <= clocks.uncertaintyNs * 2 + LOOKALIKE_NS
    )
  })
}

/** Beyond the way between the captures and its queues two equal RSTs are two. */
const LOOKALIKE_NS = 200e6
