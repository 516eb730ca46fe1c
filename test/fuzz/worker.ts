/** The part of a long fuzz run that may hang or run out of memory: executes batches of one target until it is stopped, and says where it is. */
import { seedOf } from './dice.js'
import { TARGETS } from './targets/index.js'

/** What the watcher is told: a batch begins, ends well, or fails. */
export type Word =
  | { kind: 'begin'; index: number }
  | { kind: 'done'; index: number }
  | { kind: 'failure'; index: number; message: string }

function say(word: Word): void {
  process.send?.(word)
}

async function run(name: string, seed: number, from: number): Promise<never> {
  const target = TARGETS[name]
  for (let index = from; ; index++) {
    say({ kind: 'begin', index })
    try {
      await target.run(seedOf(seed, index))
      say({ kind: 'done', index })
    } catch (error) {
      const { name: kind, message, stack } = error as Error
      say({ kind: 'failure', index, message: kind === 'Error' ? message : `${kind}: ${message}\n${stack}` })
    }
    // Some targets never wait for anything: messages must leave all the same.
    await new Promise(resolve => setImmediate(resolve))
  }
}

process.on('disconnect', () => process.exit())
if (process.send) await run(process.argv[2], Number(process.argv[3]), Number(process.argv[4]))
