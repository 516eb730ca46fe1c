/**
 * npm run fuzz -- --seconds N --seed S [--from I]: damaged captures through the whole pipeline for N seconds. A failing input is saved under
 * .cache/fuzz/ with what was wrong; the same seed and number make the same input again as long as fixtures/ stays as it is.
 */
import { type ChildProcess, fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { seedOf } from './dice.js'
import { inputOf } from './mutate.js'
import { PACKETS_EACH, type Word } from './worker.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
  },
})
const seed = Number(values.seed)
const FOLDER = path.resolve(import.meta.dirname, '../../.cache/fuzz')

/** An execution that takes longer hangs. */
const HANG_MS = 30_000
/** After so many kinds of failure there is enough to do. */
const MOST_KINDS = 20
const MEMORY_MB = 1024

const sums = { analysed: 0, refused: 0, resets: 0, failures: 0 }
const kinds = new Map<string, number>()

function record(index: number, message: string): void {
  sums.failures++
  const kind = message.replace(/\d+/g, 'N').slice(0, 120)
  const before = kinds.get(kind) ?? 0
  kinds.set(kind, before + 1)
  if (before > 0) return
  const folder = path.join(FOLDER, `${seed}-${index}`)
  fs.mkdirSync(folder, { recursive: true })
  const { files, ...rest } = inputOf(seedOf(seed, index))
  for (const [i, bytes] of files.entries()) fs.writeFileSync(path.join(folder, `${i}.cap`), bytes)
  fs.writeFileSync(path.join(folder, 'failure.txt'), `${message}\n\n${JSON.stringify(rest)}\n`)
  console.log(`${index}: ${message.slice(0, 300)}\n  ${folder}`)
}

/** Runs a worker until the time is over, or it hangs or dies. @returns the number of the execution to go on with */
function watch(from: number, deadline: number): Promise<number> {
  const worker: ChildProcess = fork(
    path.join(import.meta.dirname, 'worker.ts'),
    [String(seed), String(from)],
    {
      execArgv: ['--import', 'tsx', `--max-old-space-size=${MEMORY_MB}`],
    },
  )
  let at = from
  let since = Date.now()
  return new Promise(resolve => {
    const end = (message?: string): void => {
      clearInterval(timer)
      if (message) record(at, message)
      worker.removeAllListeners()
      worker.kill('SIGKILL')
      resolve(at + 1)
    }
    const timer = setInterval(() => {
      if (Date.now() > deadline || kinds.size >= MOST_KINDS) end()
      else if (Date.now() - since > HANG_MS) end(`hangs: more than ${HANG_MS / 1000} s`)
    }, 200)
    worker.on('message', (word: Word) => {
      since = Date.now()
      if (word.kind === 'begin') at = word.index
      else if (word.kind === 'failure') record(word.index, word.message)
      else {
        sums[word.outcome.analysed ? 'analysed' : 'refused']++
        sums.resets += word.outcome.resets
      }
    })
    worker.once('exit', code => end(`the worker died with ${code}`))
  })
}

const started = Date.now()
const deadline = started + Number(values.seconds) * 1000
let next = Number(values.from)
while (Date.now() < deadline && kinds.size < MOST_KINDS) next = await watch(next, deadline)
const captures = sums.analysed + sums.refused + sums.failures
console.log(
  `seed ${seed}, executions ${values.from} to ${next - 1}: ${captures} captures (${sums.analysed} analysed, ${sums.refused} refused, ${sums.resets} resets), ` +
    `${captures * PACKETS_EACH} single packets, ${Math.round((Date.now() - started) / 1000)} s; ${sums.failures} failures of ${kinds.size} kinds`,
)
for (const [kind, count] of kinds) console.log(`${String(count).padStart(6)}  ${kind.split('\n')[0]}`)
process.exitCode = sums.failures > 0 ? 1 : 0
