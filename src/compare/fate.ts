/** What became of each RST frame between the two captures: made on the way, passed both, lost on the way, or not to be told. */
import { isRst } from '../evidence/view.js'
import type { Connection, SegmentRecord } from '../model.js'
import type { Clocks } from './clock.js'
import { type Coverage, coverage } from './coverage.js'
import { atTheHost, isInitial, type NearTo, opposite } from './place.js'
import { lookalike } from './resets.js'
import type { CaptureIndex, Link, ResetPair, Vantage } from './types.js'

export type Fate =
  /** It never passed the capture nearer to its alleged sender, which would have shown it: a device between the two made it. */
  | { kind: 'made-between'; coverage: Coverage & { kind: 'sure' } }
  /** The same, but that capture may have been stopped, or filter this port. */
  | { kind: 'perhaps-made-between'; coverage: Coverage & { kind: 'likely' } }
  /** In both captures. */
  | { kind: 'in-both'; pair: ResetPair }
  /** Only in the capture nearer to its sender, though the other would have shown it. */
  | { kind: 'lost-between'; coverage: Coverage & { kind: 'sure' } }
  | { kind: 'open'; why: string }

export interface JudgedRst {
  rst: SegmentRecord
  fate: Fate
  /** Seen by a capture on the sender's own host, leaving it: nothing else can have made it. */
  leftTheHost: boolean
}

/** Everything known about the two captures together. */
export interface Scene {
  vantages: [Vantage, Vantage]
  links: Link[]
  /** Links by connection. */
  linksOf: Map<Connection, Link[]>
  clocks: Clocks
  near: NearTo
}

export function linksByConnection(links: Link[]): Map<Connection, Link[]> {
  const index = new Map<Connection, Link[]>()
  for (const link of links) for (const c of link.connections) index.set(c, [...(index.get(c) ?? []), link])
  return index
}

export function judgeRsts(scene: Scene, connection: Connection, index: CaptureIndex): JudgedRst[] {
  const links = scene.linksOf.get(connection) ?? []
  const pairs = new Map(links.flatMap(l => l.resets.map(p => [p.records[index], p] as const)))
  return connection.segments.filter(isRst).map(rst => {
    const pair = pairs.get(rst)
    const link = linkFor(links)
    const near = scene.near(connection, index, rst.from, link)
    const fate: Fate = pair ? { kind: 'in-both', pair } : aloneIn(scene, connection, index, rst, near)
    return { rst, fate, leftTheHost: leftTheHost(scene, connection, index, rst, near, pair) }
  })
}

/** The link with most packets tells best. */
function linkFor(links: Link[]): Link | undefined {
  return links.toSorted((a, b) => b.packets.length - a.packets.length)[0]
}

function aloneIn(
  scene: Scene,
  connection: Connection,
  index: CaptureIndex,
  rst: SegmentRecord,
  near: CaptureIndex | undefined,
): Fate {
  const links = scene.linksOf.get(connection) ?? []
  if (near === undefined)
    return { kind: 'open', why: `which of the two captures is nearer to ${connection[rst.from].address}` }
  const vantage = scene.vantages[opposite(index)]
  const alike = links.map(l => lookalike(l, rst, index, scene.clocks)).find(r => r !== undefined)
  if (alike)
    return {
      kind: 'open',
      why: `whether frame ${alike.frame} of ${vantage.name}, which has the same numbers and another header, is the same packet`,
    }
  const covered = coverage({
    vantage,
    rst,
    connection,
    side: rst.from,
    links,
    all: scene.links,
    clocks: scene.clocks,
  })
  if (covered.kind === 'none') return { kind: 'open', why: covered.why }
  if (near === index)
    return covered.kind === 'sure' && links.length > 0
      ? { kind: 'lost-between', coverage: covered }
      : { kind: 'open', why: covered.says }
  return covered.kind === 'sure'
    ? { kind: 'made-between', coverage: covered }
    : { kind: 'perhaps-made-between', coverage: covered }
}

function leftTheHost(
  { linksOf }: Scene,
  connection: Connection,
  index: CaptureIndex,
  rst: SegmentRecord,
  near: CaptureIndex | undefined,
  pair: ResetPair | undefined,
): boolean {
  if (near === undefined) return false
  const record = near === index ? rst : pair?.records[near]
  if (record === undefined) return false
  const there =
    near === index
      ? connection
      : linksOf.get(connection)!.find(l => l.resets.includes(pair!))!.connections[near]
  return isInitial(record.hopLimit) && (atTheHost(there, record.from) || answersAtOnce(there, record))
}

/** No router and no distance between the capture and whoever answers within this: for hosts that set a hop limit of their own (scanners). */
const NO_DISTANCE_NS = 0.5e6

function answersAtOnce({ segments }: Connection, rst: SegmentRecord): boolean {
  return segments.some(
    r => r.from !== rst.from && r.timeNs <= rst.timeNs && rst.timeNs - r.timeNs <= NO_DISTANCE_NS,
  )
}
