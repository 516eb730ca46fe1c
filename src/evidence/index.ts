/** (world) → one case per reset, ready to be judged: facts, the frames that show them, and who sent it. */
import type { World } from '../model.js'
import { type Case, crossFacts } from './cross.js'
import { localFacts } from './local.js'
import { groupResets } from './resets.js'

export type { Case } from './cross.js'
export { Docket, idOf } from './docket.js'
export type { Facts, FactSheet } from './facts.js'
export type { FrameRef } from './frame-list.js'
export { type Proof, proofOf, ProofStore } from './proof.js'

/** All resets of the capture, ordered by time of their first frame; ids r1, r2 … in that order. */
export function gatherCases(world: World): Case[] {
  const groups = [...world.connections.values()].flatMap(c => groupResets(world, c))
  groups.sort((a, b) => a.view.first.timeNs - b.view.first.timeNs || a.view.first.frame - b.view.first.frame)
  const drafts = groups.map((group, i) => ({ id: `r${i + 1}`, group, local: localFacts(group) }))
  return crossFacts(world, drafts)
}
