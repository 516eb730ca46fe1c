/** One reset as it is put into words: its facts, what proves them, and who was connected; no packets. */
import { type Case, type Facts, type Proof, proofOf } from '../evidence/index.js'
import { droppedDuring } from '../evidence/innocence.js'
import type { ConnectionFace, Origin } from '../model.js'

export interface Telling {
  id: string
  facts: Facts
  proof: Proof
  connection: ConnectionFace
  /** Of its first RST frame. */
  capture: number
  timeNs: number
  origin: Origin
  originConfidence: number
  clockStepped: boolean | undefined
  /** The capturing program told of losses while the connection lasted. */
  dropped: boolean
}

export function tellingOf({ id, facts, frames, group }: Case): Telling {
  const { view, origin } = group
  const { connection, first, world } = view
  return {
    id,
    facts,
    proof: proofOf(group, frames),
    connection,
    capture: first.capture,
    timeNs: first.timeNs,
    origin: origin.origin,
    originConfidence: origin.confidence,
    clockStepped: world.clockStepped,
    dropped: droppedDuring(view),
  }
}
