/**
 * npm run bench [-- FRAMES [RUNS]]: how long a whole analysis takes beside what tcpdump takes to filter the RSTs out of the same file, on
 * generated captures that lie in the page cache (3.2 GB of them for ten million frames). Runs alternate, medians count. Then a table of what each stage takes per frame.
 * With OTHERS=1 tshark and tcptrace, where installed, have a turn: that takes minutes.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Shape, writeCapture } from './capture.js'
import type { Stages } from './stages.js'

const frames = Number(process.argv[2] ?? 10_000_000)
const runs = Number(process.argv[3] ?? 5)
const root = path.resolve(import.meta.dirname, '../..')
const program = path.join(root, 'bin/rst-analyze.js')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-bench-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

interface Took {
  wall: number
  cpu: number
}

/** A shell command's wall clock and processor time in seconds. */
function time(command: string): Took {
  const script = `TIMEFORMAT='took %R %U %S'; time { ${command} ; }`
  const { stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  const found = /took ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr)
  if (!found) throw new Error(`cannot time ${command}: ${stderr}`)
  return { wall: Number(found[1]), cpu: Number(found[2]) + Number(found[3]) }
}

function median(all: Took[]): Took {
  const middle = (of: (took: Took) => number) => all.map(of).sort((a, b) => a - b)[all.length >> 1]
  return { wall: middle(t => t.wall), cpu: middle(t => t.cpu) }
}

/** Largest resident size in MiB. */
function peak(file: string): number {
  const hook =
    'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))'
  const { stderr } = spawnSync('node', ['--import', hook, program, '--format', 'json', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return Number(/peak (\d+)/.exec(stderr)?.[1] ?? Number.NaN) / 1024
}

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
const filter = (file: string): string =>
  `tcpdump -Z root -r '${file}' -w /dev/null 'tcp[13]&4!=0' 2>/dev/null`
const analyze = (file: string, more = ''): string =>
  `node '${program}' --format json ${more || `'${file}'`} >/dev/null`

function compare(name: string, command: string, reference: string): void {
  const all: [Took[], Took[]] = [[], []]
  for (let run = 0; run < runs; run++) {
    all[0].push(time(reference))
    all[1].push(time(command))
  }
  const [tcpdump, ours] = all.map(median)
  const ratio = (a: number, b: number) => (a / b).toFixed(2).padStart(6)
  console.log(
    `${name.padEnd(38)} wall ${ours.wall.toFixed(2).padStart(6)} s  ratio ${ratio(ours.wall, tcpdump.wall)}   ` +
      `processor ${ours.cpu.toFixed(2).padStart(6)} s  ratio ${ratio(ours.cpu, tcpdump.cpu)}`,
  )
}

function stagesOf(name: string, file: string): void {
  const { stdout, stderr } = spawnSync(
    'node',
    ['--import', 'tsx', path.join(import.meta.dirname, 'stages.ts'), file],
    { encoding: 'utf8', cwd: root },
  )
  if (!stdout) throw new Error(stderr)
  const { frames, bytes, resets, ns } = JSON.parse(stdout) as Stages
  console.log(`\n${name}: ${frames} frames, ${Math.round(bytes / 1e6)} MB, ${resets} resets`)
  for (const [stage, took] of Object.entries(ns)) {
    const perReset = /judge|report/.test(stage) ? `  ${(took / resets / 1e3).toFixed(0)} µs per reset` : ''
    const rate = `${(bytes / 1e6 / (took / 1e9)).toFixed(0)} MB/s`
    console.log(
      `  ${stage.padEnd(22)} ${(took / frames).toFixed(1).padStart(7)} ns per frame  ${rate.padStart(11)}${perReset}`,
    )
  }
  console.log(`  peak memory ${peak(file).toFixed(0)} MiB`)
}

const connections = Math.max(100, Math.round(frames / 500))
const shapes: [name: string, shape: Shape][] = [
  ['headers, 2 % reset', { frames, connections, snapLength: 96, resets: 0.02 }],
  [
    'whole packets, 2 % reset',
    { frames: frames / 4, connections: connections / 4, snapLength: 65535, resets: 0.02 },
  ],
  ['headers, every connection reset', { frames: frames / 5, connections, snapLength: 96, resets: 1 }],
]
const others: [name: string, command: (file: string) => string][] = [
  ['tcptrace', file => `tcptrace -n '${file}' >/dev/null 2>&1`],
  ['tshark', file => `tshark -n -r '${file}' -Y tcp.flags.reset==1 >/dev/null 2>&1`],
]

for (const [i, [name, shape]] of shapes.entries()) {
  const file = path.join(folder, `${i}.pcap`)
  writeCapture(file, {
    ...shape,
    frames: Math.round(shape.frames),
    connections: Math.ceil(shape.connections),
  })
  compare(name, analyze(file), filter(file))
  if (i === 0) {
    compare('  the same from standard input', analyze(file, `- <'${file}'`), filter(file))
    const packed = `${file}.gz`
    time(`gzip -1 -k '${file}'`)
    compare('  the same as gzip, tcpdump behind zcat', analyze(packed), `zcat '${packed}' | ${filter('-')}`)
    fs.rmSync(packed)
    const ng = `${file}ng`
    if (has('editcap')) {
      time(`editcap -F pcapng '${file}' '${ng}'`)
      compare('  the same as pcapng', analyze(ng), filter(ng))
      fs.rmSync(ng)
    }
    if (process.env.OTHERS)
      for (const [other, command] of others)
        if (has(other)) compare(`  ${other}`, command(file), filter(file))
  }
}
for (const [i, [name]] of shapes.entries()) stagesOf(name, path.join(folder, `${i}.pcap`))
