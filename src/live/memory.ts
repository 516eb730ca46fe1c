/** Watches how much memory is really used: all other bounds rest on estimates, and hostile traffic finds what an estimate forgot. */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

/** Share of the heap's limit that live objects may take before something has to go; V8 ends the process at the limit. */
const LIVE_SHARE = 0.72
/** The same with garbage: when no collection has told of the live objects. */
const FULL_SHARE = 0.94
/** Memory of the process that other Node processes share or that lies in files. */
const SHARED_BYTES = 32 * 2 ** 20
/** What was let go needs a collection to show. */
const PAUSE_MS = 2000
const MAJOR_COLLECTION = 4

export class MemoryGuard {
  /** How often memory was short. */
  alarms = 0
  private quietUntil = 0
  private readonly observer: PerformanceObserver

  /**
   * @param memoryBytes bound of the process
   * @param shed called when memory is short
   */
  constructor(
    private readonly memoryBytes: number,
    private readonly shed: () => void,
  ) {
    this.observer = new PerformanceObserver(list => {
      // The types of Node 20 leave the detail out.
      const kinds = (list.getEntries() as { detail?: { kind?: number } }[]).map(entry => entry.detail?.kind)
      if (kinds.includes(MAJOR_COLLECTION)) this.check(LIVE_SHARE)
    })
    this.observer.observe({ entryTypes: ['gc'] })
  }

  /** Now and then. */
  tick(): void {
    this.check(FULL_SHARE)
  }

  close(): void {
    this.observer.disconnect()
  }

  private check(share: number): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    const over = used > limit * share || process.memoryUsage.rss() - SHARED_BYTES > this.memoryBytes
    const now = performance.now()
    if (!over || now < this.quietUntil) return
    this.quietUntil = now + PAUSE_MS
    this.alarms++
    this.shed()
  }
}
