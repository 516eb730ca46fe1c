/** Clocks and sizes of other processes. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import type { Stages } from './stages.js'

const root = path.resolve(import.meta.dirname, '../..')
export const program: string = path.join(root, 'bin/rst-analyze.js')

/** Seconds. */
export interface Took {
  wall: number
  cpu: number
}

/** A shell command's. */
export function time(command: string): Took {
  const script = `TIMEFORMAT='took %R %U %S'; time { ${command} ; }`
  const { stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  const found = /took ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr)
  if (!found) throw new Error(`cannot time ${command}: ${stderr}`)
  return { wall: Number(found[1]), cpu: Number(found[2]) + Number(found[3]) }
}

export function median(all: Took[]): Took {
  const middle = (of: (took: Took) => number) => all.map(of).sort((a, b) => a - b)[all.length >> 1]
  return { wall: middle(t => t.wall), cpu: middle(t => t.cpu) }
}

export const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** Largest resident size of an analysis in MiB. */
function peak(words: string[]): number {
  const hook =
    'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))'
  const { stderr } = spawnSync('node', ['--import', hook, program, '--format', 'json', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024
}

function measured(file: string, jobs: string): Stages {
  const { stdout, stderr } = spawnSync(
    'node',
    ['--import', 'tsx', path.join(import.meta.dirname, 'stages.ts'), file, jobs],
    {
      encoding: 'utf8',
      cwd: root,
    },
  )
  if (!stdout) throw new Error(stderr)
  return JSON.parse(stdout) as Stages
}

/** Prints a table of what each stage takes by the clock, without threads and with them. */
export function stagesOf(name: string, file: string, tcpdump: Took): void {
  const [alone, threads] = [measured(file, '1'), measured(file, '')]
  const { frames, bytes, resets } = alone
  console.log(
    `\n| ${name}: ${frames} frames, ${Math.round(bytes / 1e6)} MB, ${resets} resets | one thread | | threads |`,
  )
  console.log('| --- | --- | --- | --- |')
  const ratio = (ns: number): string => (ns / 1e9 / tcpdump.wall).toFixed(2)
  for (const [stage, { ns }] of Object.entries(alone.stages)) {
    const each = /judge|report/.test(stage)
      ? `${(ns / resets / 1e3).toFixed(0)} µs a reset`
      : `${(ns / frames).toFixed(0)} ns a frame, ${(bytes / 1e6 / (ns / 1e9)).toFixed(0)} MB/s`
    console.log(`| ${stage} | ${ratio(ns)} | ${each} | ${ratio(threads.stages[stage].ns)} |`)
  }
  const sizes = [['--jobs', '1', file], [file]].map(words => `${peak(words).toFixed(0)} MiB`)
  console.log(`| peak memory | ${sizes[0]} | | ${sizes[1]} |`)
}
