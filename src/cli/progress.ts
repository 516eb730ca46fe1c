/** A progress bar on standard error, only on a terminal and only for work that takes longer than a second. */
import type { SingleBar } from 'cli-progress'
import { bytes, duration } from '../units.js'

export interface Progress {
  /** Bytes read so far, of how many if that is known. */
  update(done: number, total: number | undefined): void
  stop(): void
}

const PATIENCE_MS = 1000

/** @param enabled false: does nothing at all */
export function startProgress(enabled: boolean): Progress {
  if (!enabled) return { update: () => {}, stop: () => {} }
  const started = performance.now()
  let bar: SingleBar | undefined
  let loading = false
  let stopped = false
  return {
    update(done, total) {
      const elapsed = performance.now() - started
      if (stopped || elapsed < PATIENCE_MS) return
      if (bar) bar.update(total ? Math.min(done, total) : done, figures(done, total, elapsed))
      else if (!loading) {
        loading = true
        void createBar(total).then(made => {
          if (!stopped) {
            made.start(total ?? 0, done, figures(done, total, elapsed))
            bar = made
          }
        })
      }
    },
    stop() {
      stopped = true
      bar?.stop()
    },
  }
}

/** The words beside the bar. `left` is unknown for a stream. */
export function figures(
  done: number,
  total: number | undefined,
  elapsedMs: number,
): { read: string; rate: string; left: string } {
  const perMs = done / Math.max(1, elapsedMs)
  const left = total && perMs > 0 ? `${duration(Math.max(0, total - done) / perMs)} left` : ''
  return { read: bytes(done), rate: `${bytes(Math.round(perMs * 1000))}/s`, left }
}

async function createBar(total: number | undefined): Promise<SingleBar> {
  const { default: cliProgress } = await import('cli-progress')
  return new cliProgress.SingleBar({
    stream: process.stderr,
    format: total ? '{bar} {percentage} %  {rate}  {left}' : 'read {read}  {rate}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    fps: 5,
    clearOnComplete: true,
    linewrap: null,
    hideCursor: null,
    gracefulExit: false,
  })
}
