/**
 * npm run scaling:large -- [--memory SIZE] [NAME…]: captures of millions of packets, made while they are read, through the real process from
 * standard input. Twice the packets may take 2.3 times the processor time, and no more memory than a bound allows.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { memory } from '../../src/cli/values.js'
import { STREAMS } from './streams.js'

const BIN = path.resolve(import.meta.dirname, '../../bin/rst-analyze.js')
const USAGE = pathToFileURL(path.resolve(import.meta.dirname, '../crowd/usage.mjs')).href
const MOST = 2.3
/** Most memory: somewhat more than --memory allows, and Node itself with the report that it writes. */
const SHARE = 1.25
const NODE_MIB = 160

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { memory: { type: 'string', default: '256M' } },
})
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-large-'))
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))

interface Measured {
  cpuSeconds: number
  mib: number
  bytes: number
  resets: number
  /** Notes and their counts. */
  notes: string
}

async function measure(pieces: Iterable<Uint8Array>): Promise<Measured> {
  const [usage, report] = [path.join(folder, 'usage'), path.join(folder, 'report.json')]
  const env = {
    ...process.env,
    NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${USAGE}`,
    CROWD_USAGE: usage,
  }
  const args = [BIN, '-', '--memory', values.memory, '-q', '-o', report]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'], env })
  const ended = once(child, 'close')
  let bytes = 0
  for (const piece of pieces) {
    bytes += piece.length
    if (!child.stdin.write(piece)) await once(child.stdin, 'drain')
  }
  child.stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`exit ${code}`)
  const told = JSON.parse(fs.readFileSync(report, 'utf8'))
  const notes = told.captures[0].notes.map((n: { name: string; count: number }) => `${n.name} ${n.count}`)
  return {
    ...JSON.parse(fs.readFileSync(usage, 'utf8')),
    bytes,
    resets: told.totals.resets,
    notes: notes.join(', '),
  }
}

const mostMib = (memory(values.memory) / 2 ** 20) * SHARE + NODE_MIB
const show = ({ cpuSeconds, bytes, mib }: Measured): string =>
  `${cpuSeconds.toFixed(1).padStart(5)} s ${((cpuSeconds / bytes) * 1e9).toFixed(0).padStart(3)} ns/byte ${Math.round(mib)} MiB`

let failed = false
for (const { name, n, pieces } of STREAMS) {
  if (positionals.length > 0 && !positionals.some(word => name.includes(word))) continue
  const [once, twice] = [await measure(pieces(n)), await measure(pieces(2 * n))]
  const ratio = twice.cpuSeconds / once.cpuSeconds
  const bad = ratio > MOST || twice.mib > mostMib
  failed ||= bad
  console.log(
    `${bad ? 'BAD ' : 'ok  '}${name.padEnd(32)} n ${String(n).padStart(8)}  ${show(once)}  2n ${show(twice)}  ` +
      `ratio ${ratio.toFixed(2)}  ${twice.resets} resets${twice.notes ? `  (${twice.notes})` : ''}`,
  )
}
process.exitCode = failed ? 1 : 0
