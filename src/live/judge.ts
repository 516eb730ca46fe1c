/** One judgement: the RSTs that have settled → verdicts. What is already told stays as it was told. */
import { gatherCases, type Case, type Facts } from '../evidence/index.js'
import type { Flow } from '../flow/flow.js'
import { makeWorld, type TrackedConnection } from '../flow/index.js'
import type { CaptureHealth, CaptureInfo, Reset, StoryPacket, World } from '../model.js'
import { storiesOf } from '../verdict/stories.js'
import { verdictOf } from '../verdict/verdict.js'
import { candidatesFor } from './candidates.js'
import type { Ledger } from './ledger.js'
import type { CaptureTrouble } from './trouble.js'

export interface Told {
  reset: Reset
  /** What it was judged by. */
  facts: Facts
  story: StoryPacket[]
  /** All its RST frames. */
  frames: number[]
}

export interface JudgementInput {
  flow: Flow
  /** Reset connections to look at: those due, and others for comparison. */
  connections: Iterable<TrackedConnection>
  /** RST frames that have settled and that no verdict names yet. */
  due: { has(frame: number): boolean }
  /** RST frame → id of the reset it was told with. */
  owners: ReadonlyMap<number, string>
  ledger: Ledger
  capture: CaptureInfo
  /** Time of the judgement: what has not been seen until then did not happen. */
  nowNs: number
  /** What the capture lost, and its clock. */
  trouble: CaptureTrouble
  /** More facts of a reset than packets tell. */
  inform?: ((item: Case) => void) | undefined
  /** What else there is to show of it. */
  show?: ((reset: Reset, item: Case) => void) | undefined
}

export interface Judgement {
  told: Told[]
  /** RST frames that belong to resets told earlier. */
  late: { id: string; frames: number[] }[]
  health: CaptureHealth
}

export function judgeDue(input: JudgementInput): Judgement {
  const { due, owners, ledger, capture } = input
  const world = worldOf(input)
  const cases = gatherCases(world)
  const late: Judgement['late'] = []
  const fresh: { item: Case; frames: number[] }[] = []
  // The world numbers its own resets; references between them need the numbers they are told by.
  const ids = new Map<string, string>()
  let serial = ledger.told
  for (const item of cases) {
    const frames = framesOf(item)
    const owner = frames.map(f => owners.get(f)).find(id => id !== undefined)
    if (owner !== undefined) {
      ids.set(item.id, owner)
      if (frames.some(f => due.has(f))) late.push({ id: owner, frames })
    } else if (frames.some(f => due.has(f))) {
      ids.set(item.id, `r${++serial}`)
      fresh.push({ item, frames })
    }
  }
  const renamed = fresh.map(({ item }) => rename(item, ids))
  for (const item of renamed) input.inform?.(item)
  const resets = renamed.map(item => verdictOf(item, world.timebase, [capture]))
  for (const [i, reset] of resets.entries()) input.show?.(reset, renamed[i])
  const earlier = cases.filter(c => ids.has(c.id) && !fresh.some(f => f.item === c)).map(c => rename(c, ids))
  const known = [...resets, ...earlier.map(c => ledger.get(c.id)).filter(r => r !== undefined)]
  const stories = storiesOf([...renamed, ...earlier.filter(c => ledger.get(c.id))], known)
  return {
    told: resets.map((reset, i) => ({
      reset,
      facts: renamed[i].facts,
      story: stories.get(reset.id) ?? [],
      frames: fresh[i].frames,
    })),
    late,
    health: world.health,
  }
}

/** File analysis knows of losses and steps of the clock when all was read (analyze.ts, conclude); here they are those since the judged connections began. */
function worldOf({ flow, connections, nowNs, trouble }: JudgementInput): World {
  const { world } = makeWorld(flow, candidatesFor(flow, connections))
  world.endTimeNs = Math.max(world.endTimeNs, nowNs)
  let earliestNs = nowNs
  for (const c of connections) earliestNs = Math.min(earliestNs, c.firstTimeNs)
  const lostBetween = (fromNs: number, toNs: number) => trouble.lostBetween(fromNs, toNs)
  return { ...world, lostBetween, clockStepped: trouble.steppedSince(earliestNs) }
}

function rename(item: Case, ids: ReadonlyMap<string, string>): Case {
  const { resetBeforeId } = item.facts
  const before = resetBeforeId === undefined ? undefined : ids.get(resetBeforeId)
  return { ...item, id: ids.get(item.id)!, facts: { ...item.facts, resetBeforeId: before } }
}

/** RST frames of a case, copies and those beyond the connection's memory included. */
function framesOf({ group: { view } }: Case): number[] {
  const frames = view.rsts.flatMap(r => [r, ...r.copies]).map(r => r.frame)
  for (const rst of view.further) frames.push(rst.frame)
  return frames
}
