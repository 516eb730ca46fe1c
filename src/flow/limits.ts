/**
 * How much each table may hold. All of them and the tracked connections share what `--memory` allows; what a table has no room for is counted,
 * and facts that would rest on it are unknown.
 */
import { getHeapStatistics } from 'node:v8'

/** Unless told otherwise. */
export const DEFAULT_MEMORY_BYTES: number = 1024 ** 3
/** Reset connections unless told otherwise: every RST frame has to stand in a reset, so there is room for a scan of a million ports. */
const DEFAULT_RESETS = 1 << 20
/** What such a scan takes of V8's heap while all of it is judged, for each reset: where the heap may grow to less, fewer have room. */
const RESET_HEAP_BYTES = 4096
/** A reset connection of a few packets with its verdict and what judging it takes; measured (`npm run bench:resets`). */
const RESET_BYTES = 4096
/** A RST frame that is only listed, from the tracker to the report. */
const LISTED_RST_BYTES = 64

export interface Limits {
  /** Of everything. */
  bytes: number
  /** Connections with a RST that are judged: the first ones. */
  resets: number
  /** RST frames that are listed beyond those kept of each connection. */
  furtherRsts: number
  /** 4-tuples whose newest attempt is known, in each of two generations. */
  attempts: number
  listeners: number
  sources: number
  hosts: number
  /** What sources tried: distinct hosts, ports and listeners, over all sources. */
  pairs: number
  /** Times in the lists of all listeners, and in those of all sources. */
  times: number
  accepts: number
}

/** At the default: together at most some 300 MB. With more memory they hold no more, connections do. */
const FULL = {
  attempts: 1 << 19,
  listeners: 1 << 16,
  sources: 1 << 16,
  hosts: 1 << 16,
  pairs: 1 << 20,
  times: 1 << 22,
  accepts: 1 << 21,
} as const
/** The rest is what was let go and not collected yet, and what nobody counts. */
const COUNTED_SHARE = 0.85
/** No table is smaller, whatever is allowed. */
const LEAST = 1024

/** @param memoryBytes what the user allows; undefined = the default */
export function limitsOf(memoryBytes?: number): Limits {
  const bytes = memoryBytes ?? DEFAULT_MEMORY_BYTES
  const share = Math.min(1, bytes / DEFAULT_MEMORY_BYTES)
  const of = (full: number): number => Math.max(LEAST, Math.floor(full * share))
  return {
    bytes: bytes * COUNTED_SHARE,
    resets: mostResets(memoryBytes),
    furtherRsts: Math.max(LEAST, Math.floor(bytes / LISTED_RST_BYTES)),
    attempts: of(FULL.attempts),
    listeners: of(FULL.listeners),
    sources: of(FULL.sources),
    hosts: of(FULL.hosts),
    pairs: of(FULL.pairs),
    times: of(FULL.times),
    accepts: of(FULL.accepts),
  }
}

/** A report without some resets is better than none: V8 ends a process whose heap is full. */
function mostResets(memoryBytes: number | undefined): number {
  const wanted = memoryBytes === undefined ? DEFAULT_RESETS : Math.max(LEAST, memoryBytes / RESET_BYTES)
  return Math.floor(Math.min(wanted, getHeapStatistics().heap_size_limit / RESET_HEAP_BYTES))
}
