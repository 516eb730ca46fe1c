/**
 * npm run crowd -- FOLDER|CAPTURE|LIST… [--seconds N] [--mib N] [--no-oracle]: every capture through the real process, in all formats, with
 * --annotate and --extract, watched (N seconds of processor time, N MiB); tcpdump and tshark as oracles where they are installed. Exit 1 when something is wrong.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { haveProgram } from '../oracle.js'
import { capturesOf } from './files.js'
import { analyse, type Run, rstFramesByTshark, tcpdumpReads } from './run.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    mib: { type: 'string', default: '300' },
    'no-oracle': { type: 'boolean', default: false },
  },
})
if (positionals.length === 0) {
  console.error('npm run crowd -- FOLDER|CAPTURE|LIST… [--seconds N] [--mib N] [--no-oracle]')
  process.exit(2)
}
const [seconds, mostMib] = [Number(values.seconds), Number(values.mib)]
const oracle = (name: string) => !values['no-oracle'] && haveProgram(name)
const [tshark, tcpdump] = [oracle('tshark'), oracle('tcpdump')]

/** It is ended when it has worked so many times as long. */
const PATIENCE = 3

/** What nobody may do, whatever it is given. */
function wrongs(run: Run): string[] {
  const lines = run.words.trimEnd().split('\n')
  const said = [
    run.hung && `not ended after ${PATIENCE * seconds} s of processor time`,
    run.cpuSeconds > seconds && `${run.cpuSeconds.toFixed(1)} s of processor time`,
    !run.hung && run.code === undefined && 'ended by a signal',
    run.code !== undefined && run.code > 1 && `exit ${run.code}`,
    /\n\s+at .*[:(]/.test(run.words) && 'a stack trace',
    run.mib > mostMib && `${Math.round(run.mib)} MiB`,
    run.code === 1 && lines.length !== 1 && `${lines.length} lines of refusal`,
    run.code === 1 && run.output !== '' && 'refused, and something on standard output',
  ]
  return [...said.filter(line => line !== false), ...run.bad]
}

const sum = { analysed: 0, refused: 0, frames: 0, rst: 0, alike: 0, wrong: 0, mib: 0, cpuSeconds: 0 }

async function one(file: string, work: string): Promise<string[]> {
  const run = await analyse(file, work, PATIENCE * seconds)
  const said = wrongs(run)
  sum.mib = Math.max(sum.mib, run.mib)
  sum.cpuSeconds = Math.max(sum.cpuSeconds, run.cpuSeconds)
  if (run.code === 0) sum.analysed++
  else if (tcpdump && (await tcpdumpReads(file, PATIENCE * seconds)))
    said.push(`refused, tcpdump reads it: ${run.words.trim()}`)
  else sum.refused++
  if (run.code !== 0) return said
  sum.frames += run.frames
  sum.rst += run.rstFrames.length
  if (!tshark) return said
  const theirs = new Set(rstFramesByTshark(file))
  const ours = new Set(run.rstFrames)
  const alone = [...ours].filter(n => !theirs.has(n))
  const missed = [...theirs].filter(n => !ours.has(n))
  sum.alike += ours.size - alone.length
  if (alone.length > 0) said.push(`RST frames that tshark does not find: ${alone.slice(0, 6).join(', ')}`)
  if (missed.length > 0) said.push(`RST frames that tshark alone finds: ${missed.slice(0, 6).join(', ')}`)
  return said
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-crowd-'))
const files = capturesOf(positionals)
for (const [i, file] of files.entries()) {
  const folder = path.join(work, String(i))
  fs.mkdirSync(folder)
  const said = await one(file, folder)
  fs.rmSync(folder, { recursive: true })
  sum.wrong += said.length > 0 ? 1 : 0
  for (const line of said) console.log(`${file}: ${line}`)
}
fs.rmSync(work, { recursive: true })
console.log(
  `${files.length} files: ${sum.analysed} analysed, ${sum.refused} refused${tcpdump ? ' (tcpdump refuses them too)' : ''}, ${sum.wrong} with something wrong\n` +
    `at most ${Math.round(sum.mib)} MiB and ${sum.cpuSeconds.toFixed(1)} s of processor time; ${sum.frames} frames, ${sum.rst} of them RST` +
    (tshark ? `, ${sum.alike} of which tshark finds as well` : ''),
)
process.exitCode = sum.wrong > 0 ? 1 : 0
