/**
 * npm run bench:resets [-- RESETS…]: what each reset costs, in processor time and in memory. Every connection of the capture (six packets)
 * ends in one. Reading is measured apart from judging, and what stays of a reset apart from the largest size of the process.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { conclude } from '../../src/analyze.js'
import { openCaptures } from '../../src/capture/index.js'
import { buildWorld } from '../../src/flow/index.js'
import { FORMATS, type FormatName } from '../../src/report/formats.js'
import { select } from '../../src/report/select.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { reset } from './scenarios.js'
import { pcapFrom } from './synthetic.js'

/** Resets made at a time: a million packets as objects would need a larger heap than what is measured. */
const PIECE = 10_000
const CHILD = '--measure'

function writeCapture(file: string, resets: number): void {
  const out = fs.openSync(file, 'w')
  for (let from = 0; from < resets; from += PIECE) {
    const packets = Array.from({ length: Math.min(PIECE, resets - from) }, (_, k) => {
      const i = from + k
      return [...reset(0x0a100000 + (i % 60_000), 1024 + Math.floor(i / 60_000), 400 + (i % 200), i * 200)]
    })
    const bytes = pcapFrom(packets.flat())
    fs.writeSync(out, from === 0 ? bytes : bytes.subarray(24))
  }
  fs.closeSync(out)
}

interface Measured {
  resets: number
  /** Seconds of processor time. */
  seconds: Record<string, number>
  /** Bytes that stay: before anything, of the world, of the judged world. */
  bytes: { empty: number; world: number; judged: number }
}

async function measure(file: string): Promise<Measured> {
  const seconds: Record<string, number> = {}
  const timed = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    const before = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(before)
    seconds[name] = (user + system) / 1e6
    return result
  }
  const empty = retained()
  const captures = await openCaptures([file])
  const world = await timed('read', () => buildWorld(captures, createDecoder))
  const ofWorld = retained()
  const infos = captures.infos().map(info => ({ ...info, tcpSegments: 0 }))
  const analysis = await timed('judge', () => conclude(world, infos))
  const judged = retained()
  for (const format of ['text', 'json'] as const) await timed(format, () => render(format, analysis))
  return { resets: analysis.report.resets.length, seconds, bytes: { empty, world: ofWorld, judged } }
}

async function render(format: FormatName, analysis: ReturnType<typeof conclude>): Promise<number> {
  const selection = select(analysis.report)
  const write = await FORMATS[format].load!()
  let length = 0
  for (const piece of write({ analysis, selection, width: 100, color: false, stories: 'worst' }))
    length += piece.length
  return length
}

function retained(): number {
  ;(globalThis as { gc?: () => void }).gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** In a process of its own: memory of one measurement must not count for the next. */
function inChild(file: string): Measured & { peak: number } {
  const hook =
    'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))'
  const self = fileURLToPath(import.meta.url)
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--import', 'tsx', '--import', hook, self, CHILD, file],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  )
  const peak = /peak (\d+)/.exec(stderr)
  if (!stdout || !peak) throw new Error(`measuring failed: ${stderr}`)
  return { ...(JSON.parse(stdout) as Measured), peak: Number(peak[1]) * 1024 }
}

function report({ resets, seconds, bytes, peak }: Measured & { peak: number }): void {
  const micros = Object.entries(seconds).map(([name, s]) => `${name} ${((s / resets) * 1e6).toFixed(1)} µs`)
  const each = (from: number, to: number) => `${Math.round((to - from) / resets)} B`
  console.log(
    `${String(resets).padStart(8)} resets   each: ${micros.join(', ')}; ` +
      `stays ${each(bytes.empty, bytes.world)} of its packets, ${each(bytes.world, bytes.judged)} of its verdict; ` +
      `peak ${Math.round(peak / 2 ** 20)} MiB`,
  )
}

if (process.argv[2] === CHILD) console.log(JSON.stringify(await measure(process.argv[3])))
else {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-resets-'))
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  const wanted = process.argv.slice(2).map(Number)
  for (const n of wanted.length > 0 ? wanted : [50_000, 200_000]) {
    const file = path.join(folder, `${n}.pcap`)
    writeCapture(file, n)
    report(inChild(file))
    fs.rmSync(file)
  }
}
