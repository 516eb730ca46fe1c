/** Which connections a judgement looks at: the resets themselves, what used their ports before, and siblings of their listeners. */
import type { Flow } from '../flow/flow.js'
import type { TrackedConnection } from '../flow/index.js'
import { MAX_SIBLINGS, type TrackedListener } from '../flow/listeners.js'
import { NEARBY_CONNECTIONS } from '../flow/interest.js'

/**
 * The same choice that `makeWorld` makes among all connections held, found from the resets instead: a busy server holds hundreds of
 * thousands, and verdicts come all the time.
 * @returns in order of appearance
 */
export function candidatesFor(flow: Flow, resets: Iterable<TrackedConnection>): TrackedConnection[] {
  const chosen = new Set<TrackedConnection>()
  const listeners = new Set<TrackedListener>()
  for (const c of resets) {
    chosen.add(c)
    if (c.previous) chosen.add(c.previous)
    const id = flow.ensureListener(c)
    if (id >= 0) listeners.add(flow.skim.listeners.entry(id))
  }
  for (const listener of listeners) addFirst(flow, listener, MAX_SIBLINGS, chosen)
  for (const listener of flow.skim.interest.nearby()) addFirst(flow, listener, NEARBY_CONNECTIONS, chosen)
  return [...chosen].filter(c => flow.tracker.held.has(c)).sort((a, b) => a.serial - b.serial)
}

/** The first connections of a listener, as far as they are still held. */
function addFirst(flow: Flow, listener: TrackedListener, most: number, chosen: Set<TrackedConnection>): void {
  listener.eachFirst(most, (tuple, frame) => {
    let c = flow.tracker.newestOf(tuple)
    while (c !== undefined && c.synFrame !== frame) c = c.previous
    // A reset one is among the resets, or was reported too long ago.
    if (c !== undefined && !c.reset) chosen.add(c)
  })
}
