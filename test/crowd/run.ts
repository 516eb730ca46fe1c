/** One capture through the real process in all formats, and through the oracles. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { HangWatch } from '../hang.js'
import { tsharkFields } from '../oracle.js'

const FORMATS = ['json', 'ndjson', 'md', 'html', 'txt']
const BIN = path.resolve(import.meta.dirname, '../../bin/rst-analyze.js')
const USAGE = pathToFileURL(path.join(import.meta.dirname, 'usage.mjs')).href

export interface Run {
  /** Exit status; undefined when a signal ended it. */
  code: number | undefined
  /** Not ended within its time. */
  hung: boolean
  mib: number
  cpuSeconds: number
  /** Standard error, its first 20,000 characters. */
  words: string
  /** Standard output, the same. */
  output: string
  rstFrames: number[]
  frames: number
  /** What is wrong with what it wrote. */
  bad: string[]
}

/**
 * @param work an empty folder for what it writes
 * @param seconds of processor time after which it is ended
 */
export async function analyse(file: string, work: string, seconds: number): Promise<Run> {
  const out = (name: string) => path.join(work, name)
  const usage = out('usage')
  const args = FORMATS.flatMap(format => ['-o', out(`report.${format}`)])
  const more = ['--annotate', out('annotated.pcapng'), '--extract', out('extract'), '--all']
  const env = {
    ...process.env,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${USAGE}`,
    CROWD_USAGE: usage,
  }
  const told = await watch(process.execPath, [BIN, file, ...args, ...more], seconds, env)
  const used = fs.existsSync(usage) ? JSON.parse(fs.readFileSync(usage, 'utf8')) : { mib: 0, cpuSeconds: 0 }
  const run: Run = { ...told, ...used, rstFrames: [], frames: 0, bad: [] }
  if (run.code === 0) readReports(run, out)
  return run
}

function readReports(run: Run, out: (name: string) => string): void {
  for (const format of FORMATS)
    if (!fs.existsSync(out(`report.${format}`))) run.bad.push(`no ${format} report`)
  try {
    const report = JSON.parse(fs.readFileSync(out('report.json'), 'utf8'))
    for (const line of fs.readFileSync(out('report.ndjson'), 'utf8').trimEnd().split('\n')) JSON.parse(line)
    run.rstFrames = report.resets.flatMap((reset: { frames: number[] }) => reset.frames)
    run.frames = report.captures[0].frames
    if (new Set(run.rstFrames).size !== run.rstFrames.length) run.bad.push('a RST frame in two resets')
    if (report.totals.rstFrames !== run.rstFrames.length)
      run.bad.push('totals.rstFrames is not the number of frames')
  } catch (error) {
    run.bad.push(`JSON: ${(error as Error).message}`)
  }
}

interface Ended {
  code: number | undefined
  hung: boolean
  words: string
  output: string
}

/** How often a process is looked at. */
const LOOK_MS = 250
const MOST_WORDS = 20_000

export function watch(
  program: string,
  args: string[],
  seconds: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const ended: Ended = { code: undefined, hung: false, words: '', output: '' }
    const watched = child.pid === undefined ? undefined : new HangWatch(child.pid, seconds)
    const timer = setInterval(() => {
      if (!watched?.hangs) return
      ended.hung = true
      child.kill('SIGKILL')
    }, LOOK_MS)
    child.stderr.on('data', (piece: Buffer) => (ended.words = (ended.words + piece).slice(0, MOST_WORDS)))
    child.stdout.on('data', (piece: Buffer) => (ended.output = (ended.output + piece).slice(0, MOST_WORDS)))
    child.on('error', reject)
    child.on('close', code => {
      clearInterval(timer)
      resolve({ ...ended, code: code ?? undefined })
    })
  })
}

/** RST frames as tshark finds them with default preferences, those quoted in ICMP errors left out (contract §2). */
export function rstFramesByTshark(file: string): number[] {
  const rows = tsharkFields(file, ['frame.number', 'icmp', 'icmpv6'], 'tcp.flags.reset == 1')
  return [...new Set(rows.filter(row => row[1].length + row[2].length === 0).map(row => Number(row[0][0])))]
}

/** `-Z root`: as root it would give /dev/null away. */
export async function tcpdumpReads(file: string, seconds: number): Promise<boolean> {
  const { code } = await watch('tcpdump', ['-Z', 'root', '-n', '-r', file, '-w', '/dev/null'], seconds)
  return code === 0
}
