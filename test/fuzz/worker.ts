/** The part of a long fuzz run that may hang or run out of memory: executes until it is told to stop, and says where it is. */
import { seedOf } from './dice.js'
import { decodeMany } from './frames.js'
import { inputOf } from './mutate.js'
import { execute, type Outcome } from './run.js'

/** Packets decoded on their own after each capture. */
export const PACKETS_EACH = 200

/** What the watcher is told: an execution begins, ends well, or fails. */
export type Word =
  | { kind: 'begin'; index: number }
  | { kind: 'done'; outcome: Outcome }
  | { kind: 'failure'; index: number; message: string }

function say(word: Word): void {
  process.send?.(word)
}

async function run(seed: number, from: number): Promise<never> {
  for (let index = from; ; index++) {
    say({ kind: 'begin', index })
    try {
      const outcome = await execute(inputOf(seedOf(seed, index)))
      decodeMany(seedOf(seed + 1, index), PACKETS_EACH)
      say({ kind: 'done', outcome })
    } catch (error) {
      const { name, message, stack } = error as Error
      say({ kind: 'failure', index, message: name === 'Error' ? message : `${name}: ${message}\n${stack}` })
    }
  }
}

process.on('disconnect', () => process.exit())
if (process.send) await run(Number(process.argv[2]), Number(process.argv[3]))
