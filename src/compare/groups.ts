/**
 * RST frames → resets, over both captures: the grouping of one capture (evidence/resets.ts) corrected by what the other one proves about who
 * sent which frame; then frames that are in both make one reset of two.
 */
import { FrameList } from '../evidence/frame-list.js'
import { groupResets, type ResetGroup } from '../evidence/resets.js'
import { viewReset } from '../evidence/view.js'
import type { Connection, SegmentRecord, Side } from '../model.js'
import type { OriginSign, OriginVerdict } from '../origin.js'
import { type Fate, type JudgedRst, judgeRsts, type Scene } from './fate.js'
import type { CaptureIndex, Vantage } from './types.js'

/** RST frames that one emitter sent in one side's name on one connection of one capture. */
export interface Part {
  index: CaptureIndex
  connection: Connection
  group: ResetGroup
  fates: Map<SegmentRecord, Fate>
  /** How the comparison settled who sent it; undefined where one capture alone decides. */
  proven: 'middlebox' | 'endpoint' | undefined
}

export function partsOf(scene: Scene, vantage: Vantage): Part[] {
  return [...vantage.world.connections.values()].flatMap(c => partsOfConnection(scene, vantage, c))
}

type Class = 'forged' | 'genuine' | 'open'

function partsOfConnection(scene: Scene, { world, index }: Vantage, connection: Connection): Part[] {
  const alone = groupResets(world, connection)
  if (alone.length === 0) return []
  const judged = new Map(judgeRsts(scene, connection, index).map(j => [j.rst, j]))
  const parts: Part[] = []
  for (const side of ['client', 'server'] as const) {
    const own = alone.filter(g => g.view.sender.side === side)
    for (const { rsts, kind, origin, further } of regroup(own, judged)) {
      const group: ResetGroup = { view: viewReset(world, connection, rsts), origin }
      group.view.further = further
      const fates = new Map(rsts.map(r => [r, judged.get(r)!.fate]))
      parts.push({
        index,
        connection,
        group: { ...group, origin: settle(origin, kind, fates, side) },
        fates,
        proven: provenBy(kind),
      })
    }
  }
  return parts
}

function provenBy(kind: Class): Part['proven'] {
  if (kind === 'open') return undefined
  return kind === 'forged' ? 'middlebox' : 'endpoint'
}

interface Regrouped {
  rsts: SegmentRecord[]
  kind: Class
  origin: OriginVerdict
  further: FrameList
}

/** One group of what was proven forged, one of what is genuine, and the rest as one capture alone would have it. */
function regroup(groups: ResetGroup[], judged: Map<SegmentRecord, JudgedRst>): Regrouped[] {
  const result: Regrouped[] = []
  const put = (kind: Class, rsts: SegmentRecord[], { origin, view }: ResetGroup, merge: boolean) => {
    const same = merge ? result.find(r => r.kind === kind) : undefined
    if (same) {
      same.rsts.push(...rsts)
      for (const rst of view.further) same.further.push(rst)
    } else {
      const further = new FrameList()
      for (const rst of view.further) further.push(rst)
      result.push({ rsts: [...rsts], kind, origin, further })
    }
  }
  for (const group of groups) {
    const classes = byClass(group, judged)
    const [largest] = [...classes].sort((a, b) => b[1].length - a[1].length)[0]
    for (const [kind, rsts] of classes) {
      // Frames beyond memory go with most of their group.
      put(
        kind,
        rsts,
        kind === largest ? group : { ...group, view: { ...group.view, further: new FrameList() } },
        kind !== 'open',
      )
    }
  }
  for (const r of result) r.rsts.sort((a, b) => a.timeNs - b.timeNs || a.frame - b.frame)
  return result
}

function byClass(group: ResetGroup, judged: Map<SegmentRecord, JudgedRst>): Map<Class, SegmentRecord[]> {
  const classes = new Map<Class, SegmentRecord[]>()
  for (const rst of group.view.rsts) {
    const kind = classOf(judged.get(rst)!, group)
    classes.set(kind, [...(classes.get(kind) ?? []), rst])
  }
  // What cannot be told goes with what one capture alone takes for the same sender.
  const open = classes.get('open')
  const home =
    classes.get('genuine') ?? (group.origin.origin === 'middlebox' ? classes.get('forged') : undefined)
  if (open && home) {
    home.push(...open)
    classes.delete('open')
  }
  return classes
}

function classOf({ fate, leftTheHost }: JudgedRst, { origin }: ResetGroup): Class {
  if (fate.kind === 'made-between') return 'forged'
  // A device in the host's own segment sends with the host's hop limit: what else betrays it still counts.
  return leftTheHost && origin.origin !== 'middlebox' ? 'genuine' : 'open'
}

/** Stands for the evidence that proof.ts words. */
export const PROVEN = 'the comparison of both captures proves it'

/** A sign this heavy decides alone, see origin.ts. */
const PROOF = 8
/** A capture that should have shown the packet, but may have been stopped or filtered: one chance in eight. */
const HINT = 2

function settle(
  origin: OriginVerdict,
  kind: Class,
  fates: Map<SegmentRecord, Fate>,
  side: Side,
): OriginVerdict {
  if (kind === 'forged')
    return {
      origin: 'middlebox',
      confidence: 0.99,
      forged: 0.99,
      signs: [sign(PROVEN, PROOF), ...origin.signs],
    }
  if (kind === 'genuine') {
    // What seemed to speak for a device is explained otherwise; it stays in the list, without weight.
    const signs = origin.signs.map(s => ({ ...s, weight: Math.min(s.weight, 1) }))
    return { origin: 'endpoint', confidence: 0.99, forged: 0.01, signs: [sign(PROVEN, -PROOF), ...signs] }
  }
  const hint = [...fates].find(([, fate]) => fate.kind === 'perhaps-made-between')
  return hint ? withHint(origin, hint[0], side) : origin
}

function sign(statement: string, weight: number, frames: number[] = []): OriginSign {
  return { statement, weight, frames }
}

/** The rules of origin.ts with one more sign: two signs accuse, one alone does not. */
function withHint(origin: OriginVerdict, rst: SegmentRecord, side: Side): OriginVerdict {
  const odds = Math.log(origin.forged / (1 - origin.forged)) + HINT
  const forged = 1 / (1 + Math.exp(-odds))
  const signs = [
    ...origin.signs,
    sign(`the capture nearer to the ${side} does not show it`, HINT, [rst.frame]),
  ]
  const accusing = origin.signs.some(s => s.weight >= 1)
  if (forged >= 0.65 && accusing)
    return { origin: 'middlebox', confidence: Math.min(forged, 0.95), forged, signs }
  if (forged >= 0.25) return { origin: 'unknown', confidence: 0.6, forged, signs }
  return { ...origin, forged, signs }
}
