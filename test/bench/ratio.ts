/**
 * npm run bench [-- FRAMES [RUNS]]: how long a whole analysis takes beside what tcpdump takes to filter the RSTs out of the same file: wall
 * clock, on generated captures that lie in the page cache (3.2 GB at a time for ten million frames). Runs alternate, medians count. The tables
 * are those of README. With OTHERS=1 tshark and tcptrace, where installed, have a turn: that takes minutes.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Shape, writeCapture } from './capture.js'
import { has, median, program, stagesOf, time, type Took } from './measure.js'

const frames = Number(process.argv[2] ?? 10_000_000)
const runs = Number(process.argv[3] ?? 5)
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-bench-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

const filter = (file: string): string =>
  `tcpdump -Z root -r '${file}' -w /dev/null 'tcp[13]&4!=0' 2>/dev/null`
const analyze = (words: string): string => `node '${program}' ${words} >/dev/null`

interface Row {
  name: string
  /** What the others are compared with. */
  reference: string
  /** The analysis without threads, and with them; one where threads are of no use. */
  ours: string[]
  runs: number
}

const columns = (words: string[]): void => console.log(`| ${words.join(' | ')} |`)
const seconds = (value: number): string => `${value.toFixed(2)} s`

/** A line of the table: times of both, and their ratio. @returns what the reference took */
function compare({ name, reference, ours, runs: times }: Row): Took {
  const all: Took[][] = [reference, ...ours].map(() => [])
  for (let run = 0; run < times; run++)
    for (const [i, command] of [reference, ...ours].entries()) all[i].push(time(command))
  const [tcpdump, ...took] = all.map(median)
  const cells = took.map(({ wall }) => `${seconds(wall)}: ${(wall / tcpdump.wall).toFixed(2)}`)
  if (cells.length === 1) cells.push('the same')
  columns([
    name,
    seconds(tcpdump.wall),
    ...cells,
    `${seconds(tcpdump.cpu)}; ${took.map(t => seconds(t.cpu)).join('; ')}`,
  ])
  return tcpdump
}

const bothWays = (file: string, format = 'json'): string[] => [
  analyze(`--format ${format} --jobs 1 '${file}'`),
  analyze(`--format ${format} --jobs 2 '${file}'`),
]

function make(name: string, shape: Shape): string {
  const file = path.join(folder, `${name}.pcap`)
  writeCapture(file, {
    ...shape,
    frames: Math.round(shape.frames),
    connections: Math.ceil(shape.connections),
  })
  return file
}

/** The same packets in other containers, and from a pipe. */
function otherContainers(file: string): void {
  compare({
    name: '… from standard input, read once',
    reference: filter(file),
    ours: [analyze(`--format json - <'${file}'`)],
    runs: 3,
  })
  const packed = `${file}.gz`
  time(`gzip -1 -k '${file}'`)
  const unpacking = `zcat '${packed}' | ${filter('-')}`
  compare({
    name: '… as gzip, against zcat and tcpdump',
    reference: unpacking,
    ours: bothWays(packed),
    runs: 3,
  })
  fs.rmSync(packed)
  if (!has('editcap')) return
  const ng = `${file}ng`
  time(`editcap -F pcapng '${file}' '${ng}'`)
  compare({ name: '… as pcapng', reference: filter(ng), ours: bothWays(ng), runs: 3 })
  fs.rmSync(ng)
}

const others: [name: string, command: (file: string) => string][] = [
  ['tcptrace', file => `tcptrace -n '${file}' >/dev/null 2>&1`],
  ['tshark', file => `tshark -n -r '${file}' -Y tcp.flags.reset==1 >/dev/null 2>&1`],
]

const connections = Math.max(100, Math.round(frames / 500))

/** Captures that are hard on one thing each; one run. */
const hard: [name: string, shape: Shape, format: string][] = [
  ['every connection reset (text)', { frames: frames / 10, connections, snapLength: 96, resets: 1 }, 'text'],
  ['fifty times as many at once', { frames, connections: frames / 10, snapLength: 96, resets: 0.02 }, 'json'],
  ['one connection', { frames, connections: 1, snapLength: 96, resets: 0, packets: frames }, 'json'],
  [
    'a scan of closed ports (text)',
    { frames: frames / 50, connections: 1, snapLength: 96, resets: 1, scan: true },
    'text',
  ],
]

columns([
  'a whole analysis',
  'tcpdump',
  'one thread',
  `two threads, ${os.availableParallelism()} cores`,
  'processor time',
])
columns(['---', '---', '---', '---', '---'])
const headers = make('headers', { frames, connections, snapLength: 96, resets: 0.02 })
const ofHeaders = compare({
  name: 'headers, 2 % reset',
  reference: filter(headers),
  ours: bothWays(headers),
  runs,
})
otherContainers(headers)
if (process.env.OTHERS)
  for (const [name, command] of others)
    if (has(name))
      compare({ name: `… ${name}`, reference: filter(headers), ours: [command(headers)], runs: 1 })
const whole = make('whole', {
  frames: frames / 4,
  connections: connections / 4,
  snapLength: 65535,
  resets: 0.02,
})
const ofWhole = compare({
  name: 'whole packets, 2 % reset',
  reference: filter(whole),
  ours: bothWays(whole),
  runs,
})
for (const [name, shape, format] of hard) {
  const file = make('hard', shape)
  compare({ name, reference: filter(file), ours: bothWays(file, format), runs: 1 })
  fs.rmSync(file)
}
stagesOf('headers, 2 % reset', headers, ofHeaders)
stagesOf('whole packets, 2 % reset', whole, ofWhole)
