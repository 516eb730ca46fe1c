/** How many threads look through large captures, and what they run. */
import os from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ThreadOptions } from '../capture/index.js'

/** More gain nothing: what they find is analysed by one. */
const MOST = 4

/** What a thread needs beside the shared memory is little; V8 would take more because it may. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 }

/** @param jobs threads wanted; left out: as many as there are cores, within reason */
export function scanThreads(jobs = Math.min(os.availableParallelism(), MOST)): ThreadOptions {
  return { count: jobs, start: startThread, startUnpacker: startThread }
}

function startThread(workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./scan-thread.js', import.meta.url), {
      workerData,
      execArgv: [],
      resourceLimits: LIMITS,
    })
  // From source, as tests run it, a thread needs the loader that this one has.
  const entry = new URL('./scan-thread.ts', import.meta.url).href
  const code = `import('tsx/esm/api').then(({ register }) => (register(), import('${entry}')))`
  return new Worker(code, { workerData, eval: true })
}
