/** Parts of both captures that share RST frames are one reset. */
import type { SeenAt, SegmentRecord } from '../model.js'
import type { Part } from './groups.js'
import type { CaptureIndex } from './types.js'

/** One reset with its parts, at most one connection of each capture being told. */
export interface Union {
  parts: Part[]
}

export function unite(parts: Part[]): Union[] {
  const owner = new Map<SegmentRecord, Part>()
  for (const part of parts) for (const rst of part.group.view.rsts) owner.set(rst, part)
  const home = new Map<Part, Part[]>(parts.map(p => [p, [p]]))
  for (const part of parts) {
    for (const fate of part.fates.values()) {
      if (fate.kind !== 'in-both') continue
      for (const record of fate.pair.records) join(home, part, owner.get(record))
    }
  }
  return [...new Set(home.values())].map(list => ({ parts: list }))
}

function join(home: Map<Part, Part[]>, part: Part, other: Part | undefined): void {
  if (other === undefined) return
  const [mine, theirs] = [home.get(part)!, home.get(other)!]
  if (mine === theirs) return
  mine.push(...theirs)
  for (const p of theirs) home.set(p, mine)
}

/** All frames of a reset, capture by capture; copies of a packet included. */
export function seenAt({ parts }: Union): [SeenAt, SeenAt] {
  const at = (capture: CaptureIndex): SeenAt => {
    const frames = new Set<number>()
    for (const { group } of parts) {
      const { rsts, further } = group.view
      for (const list of [rsts, rsts.flatMap(r => r.copies), further])
        for (const ref of list) if (ref.capture === capture) frames.add(ref.frame)
    }
    const own = [...frames].sort((a, b) => a - b)
    return { capture, seen: own.length > 0, frames: own }
  }
  return [at(0), at(1)]
}
