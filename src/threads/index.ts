/** How many threads look through large captures, and what they run. */
import os from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ThreadOptions } from '../capture/index.js'

/** More gain nothing: what they find is analysed by one. */
const MOST = 4

/** What a thread needs beside the shared memory is little; V8 would take more because it may. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 }

/**
 * On two cores, threads that look through a plain file gain nothing: V8's compiler and its garbage collection keep the second core busy
 * (`npm run bench`: 3.6 s without, 3.5 s with two for 10 M frames; 2.5 and 2.8 s for 2 GB of whole packets). One such
 * thread beside the one that analyses took 40 % more processor time for the first pass than none. A thread that unpacks gains a tenth.
 */
const LEAST_CORES = 3

/** @param jobs threads wanted; left out: as many as there are cores, within reason, where they gain something */
export function scanThreads(jobs?: number): ThreadOptions {
  const cores = os.availableParallelism()
  const count = jobs ?? Math.min(cores, MOST)
  const scanners = jobs === undefined && cores < LEAST_CORES ? 1 : count
  return { count, scanners, start: startThread, startUnpacker: startThread }
}

function startThread(workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./thread.js', import.meta.url), {
      workerData,
      execArgv: [],
      resourceLimits: LIMITS,
    })
  // From source, as tests run it, a thread needs the loader that this one has.
  const entry = new URL('./thread.ts', import.meta.url).href
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import('${entry}')))`
  return new Worker(code, { workerData, eval: true })
}
