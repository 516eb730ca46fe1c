/**
 * npm run fuzz -- [--seconds N] [--seed S] [--from I] [--target NAME,…] [--totals FILE]: every target in turn for its share of N seconds.
 * A failing input is saved under .cache/fuzz/ with what was wrong; the same seed and number make the same input again as long as
 * fixtures/ stays as it is. With --totals, executions are added up over many runs.
 */
import { type ChildProcess, fork } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { HangWatch } from '../hang.js'
import { seedOf } from './dice.js'
import { TARGETS } from './targets/index.js'
import { noSum, printTotals, readTotals, type Sum, type Totals, writeTotals } from './totals.js'
import type { Word } from './worker.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    target: { type: 'string', default: Object.keys(TARGETS).join(',') },
    totals: { type: 'string' },
  },
})
const seed = Number(values.seed)
const from = Number(values.from)
const names = values.target.split(',')
for (const name of names) {
  if (TARGETS[name]) continue
  console.error(`no target ${name}; there are ${Object.keys(TARGETS).join(', ')}`)
  process.exit(2)
}
const FOLDER = path.resolve(import.meta.dirname, '../../.cache/fuzz')

/** A batch that works longer than this hangs: seconds of processor time. */
const HANG_SECONDS = 60
/** After so many kinds of failure there is enough to do. */
const MOST_KINDS = 20
const MEMORY_MB = 1024

const kinds = new Map<string, number>()

function record(name: string, index: number, message: string, sum: Sum): void {
  sum.failures++
  const kind = `${name}: ${message.replace(/\d+/g, 'N').slice(0, 120)}`
  const before = kinds.get(kind) ?? 0
  kinds.set(kind, before + 1)
  if (before > 0) return
  const folder = path.join(FOLDER, `${name}-${seed}-${index}`)
  fs.mkdirSync(folder, { recursive: true })
  for (const [i, bytes] of (TARGETS[name].files?.(seedOf(seed, index)) ?? []).entries())
    fs.writeFileSync(path.join(folder, `${i}.cap`), bytes)
  fs.writeFileSync(
    path.join(folder, 'failure.txt'),
    `${message}\n\n--target ${name} --seed ${seed} --from ${index}\n`,
  )
  console.log(`${name} ${index}: ${message.slice(0, 300)}\n  ${folder}`)
}

/** Runs a worker until the time is over, or it hangs or dies. @returns the number of the batch to go on with */
function watch(name: string, first: number, deadline: number, sum: Sum): Promise<number> {
  const worker: ChildProcess = fork(
    path.join(import.meta.dirname, 'worker.ts'),
    [name, String(seed), String(first)],
    {
      execArgv: ['--import', 'tsx', `--max-old-space-size=${MEMORY_MB}`],
    },
  )
  let at = first
  const watched = worker.pid === undefined ? undefined : new HangWatch(worker.pid, HANG_SECONDS)
  return new Promise(resolve => {
    const end = (message?: string): void => {
      clearInterval(timer)
      if (message) record(name, at, message, sum)
      worker.removeAllListeners()
      worker.kill('SIGKILL')
      resolve(at + 1)
    }
    const timer = setInterval(() => {
      if (Date.now() > deadline || kinds.size >= MOST_KINDS) end()
      else if (watched?.hangs) end(`hangs: more than ${HANG_SECONDS} s of processor time, or none at all`)
    }, 200)
    worker.on('message', (word: Word) => {
      watched?.again()
      if (word.kind === 'begin') at = word.index
      else if (word.kind === 'failure') record(name, word.index, word.message, sum)
      else sum.executions += TARGETS[name].size
    })
    worker.once('exit', code => end(`the worker died with ${code}`))
  })
}

const sums: Totals = {}
for (const name of names) {
  const sum = (sums[name] = noSum())
  const started = Date.now()
  const deadline = started + (Number(values.seconds) * 1000) / names.length
  let next = from
  while (Date.now() < deadline && kinds.size < MOST_KINDS) next = await watch(name, next, deadline, sum)
  sum.seconds = (Date.now() - started) / 1000
}
const meaning = (name: string): string => TARGETS[name]?.execution ?? ''
printTotals(`seed ${seed}, batches from ${from}`, sums, meaning)
for (const [kind, count] of kinds) console.log(`${String(count).padStart(6)}  ${kind.split('\n')[0]}`)
if (values.totals) {
  const totals = readTotals(values.totals)
  for (const [name, sum] of Object.entries(sums)) {
    const all = (totals[name] ??= noSum())
    for (const key of ['executions', 'failures', 'seconds'] as const) all[key] += sum[key]
  }
  writeTotals(values.totals, totals)
  printTotals('all runs', totals, meaning)
}
process.exitCode = kinds.size > 0 ? 1 : 0
