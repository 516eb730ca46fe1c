/**
 * Steady load on a real interface, for as long as one likes: `npm run soak -- --seconds 600 --rate 100000 --resets 1`. Prints every few seconds
 * what the processes of `live` take, and at the end what was lost, counted against what was sent and not against any tool's word.
 * Needs root, network namespaces, tcpdump and a C compiler. Not a test: what it measures depends on the machine.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Cable, type Live, missing, type Sent } from './bench.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    rate: { type: 'string', default: '100000' },
    /** Per cent of the connections that end by reset. */
    resets: { type: 'string', default: '1' },
    memory: { type: 'string', default: '256M' },
    every: { type: 'string', default: '10' },
    engine: { type: 'string', default: 'auto' },
    evidence: { type: 'boolean', default: false },
  },
})

const MIB = 2 ** 20

async function main(): Promise<void> {
  const lacks = missing('tcpdump', 'ip', 'nsenter', 'cc')
  if (lacks.length > 0) throw new Error(`it needs ${lacks.join(', ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'rst-analyze-soak-'))
  const cable = new Cable()
  try {
    const flood = join(folder, 'flood')
    execFileSync('cc', ['-O2', '-o', flood, fileURLToPath(new URL('flood.c', import.meta.url))])
    const evidence = values.evidence
      ? ['--evidence', join(folder, 'evidence'), '--evidence-limit', '64M']
      : []
    const live = cable.live(
      '--memory',
      values.memory,
      '--engine',
      values.engine,
      '--format',
      'json',
      ...evidence,
    )
    live.read()
    await live.until(() => live.err.includes('listening'))
    const watching = watch(live, Number(values.every))
    const sent = await cable.flood(flood, values.rate, values.seconds, values.resets)
    const peak = watching.stop()
    // What waits in the kernel's buffer when an engine is told to end is lost.
    await new Promise(resolve => setTimeout(resolve, 3000))
    await live.stop()
    tell(live, sent, peak)
  } finally {
    cable.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints what the processes take; remembers the most. */
function watch(live: Live, everySeconds: number): { stop(): number } {
  let peak = 0
  let ticks = 0
  const timer = setInterval(() => {
    const { analyser } = live.processes()
    if (analyser === undefined) return
    const taken = [live.child.pid!, analyser].map(bytesOf)
    const sum = taken[0] + taken[1]
    peak = Math.max(peak, sum)
    if (++ticks % everySeconds !== 0) return
    const [supervisor, rest] = taken.map(bytes => (bytes / MIB).toFixed(0))
    console.log(`${ticks} s: ${(sum / MIB).toFixed(0)} MiB (supervisor ${supervisor}, analyser ${rest})`)
  }, 1000)
  return {
    stop: () => {
      clearInterval(timer)
      return peak
    },
  }
}

/** Proportional set size: what is shared with other processes counts in part. */
function bytesOf(pid: number): number {
  return Number(/^Pss:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]) * 1024
}

function tell(live: Live, sent: Sent, peak: number): void {
  const report = JSON.parse(live.out)
  const [capture] = report.captures
  const lost = sent.frames - capture.tcpSegments
  const rate = (sent.frames / sent.seconds).toFixed(0)
  console.log(
    `sent ${sent.frames} segments at ${rate} a second, ${sent.rst} of them RST, ${sent.connections} connections`,
  )
  console.log(
    `seen ${capture.tcpSegments} segments (${lost} lost: ${((100 * lost) / sent.frames).toFixed(3)} %)`,
  )
  console.log(
    `${report.totals.rstFrames} RST, ${report.totals.resets} resets told, ${report.totals.connections} connections`,
  )
  console.log(`memory at most ${(peak / MIB).toFixed(0)} MiB of ${values.memory}`)
  for (const { name, count } of capture.notes) console.log(`note ${name}: ${count}`)
  process.stdout.write(live.err)
}

await main()
