/**
 * npm run scaling [-- NAME…]: does twice the work take twice the time? Each scenario is analysed at n and 2n; processor time may grow by a
 * factor of 2.3 at most. Not part of the tests: a busy machine would fail it.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { analyzeCaptures } from '../../src/analyze.js'
import { FORMATS } from '../../src/report/formats.js'
import { select } from '../../src/report/select.js'
import { SCENARIOS } from './scenarios.js'

const MOST = 2.3
/** Shorter runs are measured by their noise. */
const SHORTEST_S = 0.4

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-scaling-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

interface Measured {
  seconds: number
  resets: number
}

async function measure(bytes: Uint8Array): Promise<Measured> {
  const file = path.join(folder, 'scaling.cap')
  fs.writeFileSync(file, bytes)
  const before = process.cpuUsage()
  const analysis = await analyzeCaptures([file])
  const { user, system } = process.cpuUsage(before)
  return { seconds: (user + system) / 1e6, resets: analysis.report.resets.length }
}

/** Bytes of the JSON report: writing it must not be what falls over. */
async function writeReport(bytes: Uint8Array): Promise<number> {
  const file = path.join(folder, 'scaling.cap')
  fs.writeFileSync(file, bytes)
  const analysis = await analyzeCaptures([file])
  const rendering = {
    analysis,
    selection: select(analysis.report),
    width: 100,
    color: false,
    stories: 'worst' as const,
  }
  let length = 0
  for (const format of ['text', 'json'] as const) {
    const write = await FORMATS[format].load!()
    for (const piece of write(rendering)) length += piece.length
  }
  return length
}

const wanted = process.argv.slice(2)
let failed = false
for (const { name, n, make } of SCENARIOS) {
  if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue
  // Compiled code and grown heaps for both.
  await measure(make(Math.ceil(n / 4)))
  let once = await measure(make(n))
  let twice = await measure(make(2 * n))
  let ratio = twice.seconds / once.seconds
  if (ratio > MOST && twice.seconds > SHORTEST_S) {
    once = await measure(make(n))
    twice = await measure(make(2 * n))
    ratio = Math.min(ratio, twice.seconds / once.seconds)
  }
  const bad = ratio > MOST && twice.seconds > SHORTEST_S
  failed ||= bad
  const report = await writeReport(make(n))
  console.log(
    `${bad ? 'BAD ' : 'ok  '}${name.padEnd(44)} n ${String(n).padStart(7)}  ${once.seconds.toFixed(2).padStart(6)} s  2n ${twice.seconds.toFixed(2).padStart(6)} s  ` +
      `ratio ${ratio.toFixed(2)}  ${String(twice.resets).padStart(6)} resets  report ${(report / 1e6).toFixed(1)} MB  rss ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  )
}
process.exitCode = failed ? 1 : 0
