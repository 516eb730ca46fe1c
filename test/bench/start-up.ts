/**
 * npm run bench:start [-- RUNS]: what starting costs, as medians of processor time and wall clock over 20 runs, beside Node's own start. The
 * budget is half of that again plus 60 ms.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { reset } from './scenarios.js'
import { pcapFrom } from './synthetic.js'

const runs = Number(process.argv[2] ?? 20)
const program = path.resolve(import.meta.dirname, '../../bin/rst-analyze.js')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-start-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

interface Took {
  cpu: number
  wall: number
}

/** Milliseconds of one run, the child's own start included. */
function once(args: string[]): Took {
  const script = 'TIMEFORMAT="%U %S %R"; time "$@" >/dev/null 2>&1'
  const { stderr } = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], {
    encoding: 'utf8',
  })
  const [user, system, wall] = stderr.trim().split(' ').map(Number)
  return { cpu: (user + system) * 1e3, wall: wall * 1e3 }
}

/** Runs take turns: a machine that is busy for a while is busy for all. */
function medians(commands: string[][]): Took[] {
  const all: Took[][] = commands.map(() => [])
  for (let run = 0; run < runs; run++) for (const [i, args] of commands.entries()) all[i].push(once(args))
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]
  return all.map(took => ({ cpu: middle(took.map(t => t.cpu)), wall: middle(took.map(t => t.wall)) }))
}

const capture = path.join(folder, 'ten.pcap')
fs.writeFileSync(
  capture,
  pcapFrom([...reset(1, 40_000, 443, 0), ...[...reset(2, 40_000, 443, 5e6)].slice(0, 4)]),
)
const commands: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'rst-analyze --version': [program, '--version'],
  'ten packets, text': [program, capture],
  'ten packets, JSON': [program, '--format', 'json', capture],
}
const [node, ...ours] = medians(Object.values(commands))
const line = (name: string, { cpu, wall }: Took, more = '') =>
  console.log(
    `${name.padEnd(24)} processor ${cpu.toFixed(0).padStart(4)} ms  wall ${wall.toFixed(0).padStart(4)} ms${more}`,
  )
line('node -e 0', node)
for (const [i, took] of ours.entries()) {
  const budget = node.cpu * 1.5 + 60
  const share = `  ${((took.cpu / budget) * 100).toFixed(0)} % of the budget (${budget.toFixed(0)} ms)`
  line(Object.keys(commands)[i + 1], took, share)
}
