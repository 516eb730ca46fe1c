/**
 * Makes the captures of fixtures/lab/middlebox: real kernels in network namespaces, a path with delay and a device
 * in the middle. As root: npx tsx test/lab/middlebox.ts [--only NAME] [--out DIR]
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { STUDIED } from './studied.ts'
import {
  label,
  type LabelledReset,
  resetFrames,
  type Rule,
  type Truth,
  wasForged,
} from './middlebox-label.ts'
import { Path, type PathOptions, type Place, Tracer } from './middlebox-net.ts'
import { owns, run, sleep } from './proc.ts'
import { isWaiting, scenarios } from './middlebox-scenarios.ts'

export interface CaptureSpec {
  file: string
  place: Place
  device?: string
  vantage: 'client' | 'server' | 'router' | 'any'
  options?: string[]
  filter?: string
}

export interface Scenario {
  name: string
  about: string
  path?: PathOptions
  captures?: CaptureSpec[]
  /** Clock of one file, ms ahead of the others. */
  clock?: Record<string, number>
  /** A packet filter on the host itself sends resets that its TCP knows nothing of. */
  hostFilter?: boolean
  /** Bytes kept per frame. */
  snaplen?: number
  /** Kept out of every decision, whatever its name. */
  heldOut?: boolean
  /** Made after the rules and never studied; 2: the second set. */
  blind?: boolean | 2 | 3 | 4
  /** What happens before the captures begin. */
  before?: (lab: Path) => Promise<unknown>
  run: (lab: Path) => Promise<void>
  rules: Rule[]
}

const bothEnds: CaptureSpec[] = [
  { file: 'client.pcap', place: 'client', vantage: 'client' },
  { file: 'server.pcap', place: 'server', vantage: 'server' },
]

/** Held out at first, then looked at to find out what was wrong with a rule: no longer a measure of accuracy. */
const LOOKED_AT = new Set([
  'nat-flush-burst',
  'scan-through-fw',
  'trap-vip-two-backends',
  'lb-idle-ttl-copied',
  'trap-crossing-abort',
  'dpi-residual',
  'blind-dev-rule-pushed-live',
  'place-12503',
  'place-volume-v6',
  'trap-reordered-rst',
  'turn-client-gives-up',
])

/** About two in five, the same on every run, whatever is added later. */
export function split(name: string): 'fit' | 'held-out' {
  if (LOOKED_AT.has(name) || STUDIED.has(name)) return 'fit'
  let hash = 2166136261
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16777619) >>> 0
  return (hash >>> 8) % 5 < 2 ? 'held-out' : 'fit'
}

/** JSON with short lists on one line. */
const compact = (json: object) =>
  `${JSON.stringify(json, null, 2).replace(/\[\s*([^[\]{}]*?)\s*\]/g, (_, list: string) => `[${list.replace(/\s*\n\s*/g, ' ')}]`)}\n`

async function shiftClock(path: string, ms: number) {
  await run('editcap', ['-F', 'pcap', '-t', String(ms / 1000), path, `${path}.shifted`])
  await run('mv', [`${path}.shifted`, path])
}

/** A host's own capture must hold as many genuine resets as its kernel says it sent, and all those forged for it. */
async function checkCounts(
  lab: Path,
  scenario: Scenario,
  captures: CaptureSpec[],
  truth: Pick<Truth, 'forged' | 'events'>,
) {
  const silentListeners = !truth.events.some(e => e.remote.endsWith(':0') && e.kind === 'sent')
  for (const { file, place, vantage, filter } of captures) {
    if (vantage !== 'client' && vantage !== 'server') continue
    if (filter !== undefined || scenario.before || (place !== 'client' && place !== 'server')) continue
    const network = place === 'client' ? 1 : 3
    const own = [`${lab.v4(network, 2)}:`, `[${lab.v6(network, 2)}]:`]
    const mine = (end: string) => own.some(prefix => end.startsWith(prefix))
    const seen = await resetFrames(join(lab.directory, file))
    const sent = truth.events.filter(e => e.kind === 'sent' && mine(e.local)).length
    const left = seen.filter(r => mine(r.from)).length
    if (silentListeners && !scenario.hostFilter && sent !== left)
      throw new Error(`${file}: kernel sent ${sent}, capture has ${left}`)
    const meant = truth.forged.filter(
      f => f.flags & 4 && own.some(prefix => prefix.replace(/[[\]]|:$/g, '') === f.dst),
    ).length
    const came = seen.filter(r => mine(r.to) && wasForged(r, { ...truth, clockOffsetMs: 0 })).length
    // Behind a NAT they were forged for another address.
    if (came < meant) throw new Error(`${file}: ${meant} forged for it, ${came} arrived`)
  }
}

async function make(scenario: Scenario, index: number, tracer: Tracer, directory: string) {
  const started = Date.now() / 1000
  mkdirSync(directory)
  const lab = new Path(index, scenario.path ?? {}, directory)
  const captures = scenario.captures ?? bothEnds
  const snap = scenario.snaplen ? ['-s', String(scenario.snaplen)] : []
  try {
    await lab.build()
    await scenario.before?.(lab)
    for (const c of captures) {
      await lab.capture(
        c.place,
        c.device ?? 'eth0',
        join(directory, c.file),
        [...snap, ...(c.options ?? [])],
        c.filter,
      )
    }
    await scenario.run(lab)
    await sleep(250)
    await lab.stopCaptures()
    const truth = { forged: lab.forged, events: tracer.of(index).filter(e => e.time > started) }
    const labelled: { file: string; vantage: string; clockOffsetMs: number; resets: LabelledReset[] }[] = []
    for (const { file, vantage } of captures) {
      const clockOffsetMs = scenario.clock?.[file] ?? 0
      if (clockOffsetMs) await shiftClock(join(directory, file), clockOffsetMs)
      const resets = await label(file, join(directory, file), scenario.rules, { ...truth, clockOffsetMs })
      labelled.push({ file, vantage, clockOffsetMs, resets })
    }
    await checkCounts(lab, scenario, captures, truth)
    const names = captures.map(c => c.file)
    const pair = ['client.pcap', 'server.pcap'].every(f => names.includes(f))
      ? ['client.pcap', 'server.pcap']
      : null
    const { name, about } = scenario
    const side = scenario.blind
      ? typeof scenario.blind === 'number'
        ? `blind${scenario.blind}`
        : 'blind'
      : scenario.heldOut && !LOOKED_AT.has(name)
        ? 'held-out'
        : split(name)
    const json = { scenario: name, about, split: side, captures: labelled, pair }
    writeFileSync(join(directory, 'labels.json'), compact(json))
    return labelled
  } finally {
    await lab.remove().catch(() => {})
  }
}

async function attempt(
  scenario: Scenario,
  index: number,
  tracer: Tracer,
  work: string,
  out: string,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const directory = join(work, `${scenario.name}.${tries}`)
    try {
      const labelled = await make(scenario, index, tracer, directory)
      const target = join(out, scenario.name)
      rmSync(target, { recursive: true, force: true })
      cpSync(directory, target, { recursive: true })
      const size = labelled.reduce((sum, c) => sum + statSync(join(target, c.file)).size, 0)
      const words = (r: LabelledReset) => `${r.sender[0]}:${r.frames.length}x${r.cause}`
      const told = labelled.map(c => `${c.file} ${c.resets.map(words).join(' ') || '-'}`)
      console.log(`ok   ${scenario.name} (${(size / 1024).toFixed(0)} kB) ${told.join(' | ')}`)
      return true
    } catch (error) {
      console.log(`${tries > 1 ? 'FAIL' : 'again'} ${scenario.name}: ${(error as Error).message}`)
      if (tries > 1) return false
    }
  }
}

/** What an earlier version of the scenarios left. */
function removeStale(out: string) {
  const known = new Set(scenarios.map(s => s.name))
  for (const entry of readdirSync(out, { withFileTypes: true })) {
    if (entry.isDirectory() && !known.has(entry.name)) rmSync(join(out, entry.name), { recursive: true })
  }
}

async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, out: { type: 'string' }, jobs: { type: 'string' } },
  })
  const out = values.out ?? new URL('../../fixtures/lab/middlebox', import.meta.url).pathname
  mkdirSync(out, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'rst-middlebox-'))
  owns.directory(work)
  const tracer = new Tracer()
  await tracer.open()
  const wanted = (name: string) =>
    !values.only || values.only.split(',').some(prefix => name.startsWith(prefix))
  const chosen = scenarios
    .map((scenario, k) => ({ scenario, index: k + 1 }))
    .filter(c => wanted(c.scenario.name))
  if (chosen.length === 0) throw new Error(`no scenario called ${values.only}`)
  if (!values.only) removeStale(out)
  let failed = 0
  const worker = async (queue: typeof chosen) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (!(await attempt(next.scenario, next.index, tracer, work, out))) failed++
    }
  }
  // Those that mostly sleep run beside the others.
  const sleepers = chosen.filter(c => isWaiting(c.scenario))
  const busy = chosen.filter(c => !isWaiting(c.scenario))
  const crew = (queue: typeof chosen, size: number) => Array.from({ length: size }, () => worker(queue))
  await Promise.all([...crew(sleepers, 6), ...crew(busy, Number(values.jobs ?? 4))])
  if (failed) console.log(`${failed} scenario(s) failed`)
  process.exit(failed || !existsSync(out) ? 1 : 0)
}

// Imported by mistake it would make all captures anew.
if (process.argv[1] === import.meta.filename) await main()
