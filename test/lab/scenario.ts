/** What a scenario is, and running one: network, captures, the deed, labels. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Capture,
  cutPcap,
  type Frame,
  framesOf,
  type Point,
  point,
  resetFrames,
  startAll,
} from './capture.ts'
import type { Host } from './host.ts'
import type { Tracer } from './kernel.ts'
import {
  type CaptureLabel,
  type Judge,
  labelCapture,
  learnRoles,
  printLabels,
  type Roles,
  type Truth,
} from './labels.ts'
import { Network, type NetworkOptions } from './network.ts'
import { owns, sleep } from './proc.ts'

export interface Lab {
  client: Host
  server: Host
  network: Network
  /** For configuration files, pages, keys; gone at the end. */
  directory: string
}

/** A shorter view of a capture made in the scenario, and what is still true in it. */
export interface Cut {
  of: string
  keep: (frame: Frame, all: Frame[]) => boolean
  truth?: Truth | Judge
}

export interface Scenario {
  name: string
  /** What was done and why the reset happened. */
  about: string
  /** Kept apart: never used to build or calibrate rules. */
  heldOut?: boolean
  /** Made and labelled without sight of the rules, judged once: see endpoint-blind.ts; 2: the second set, exam-*.ts. */
  blind?: boolean | 2 | 3 | 4
  network?: NetworkOptions
  /** See `point`; default client and server. */
  vantages?: string[]
  cuts?: Record<string, Cut>
  run: (lab: Lab) => Promise<void>
  /** Absent: there is no reset. */
  truth?: Truth | Judge
}

export interface Outcome {
  name: string
  split: string
  captures: CaptureLabel[]
  bytes: number
}

const asJudge = (truth: Truth | Judge | undefined, name: string): Judge => {
  if (typeof truth === 'function') return truth
  return reset => {
    if (!truth) throw new Error(`${name}: a reset where none was meant to be: ${JSON.stringify(reset)}`)
    return truth
  }
}

/** Runs a scenario in a network of its own and leaves its captures and labels in `out`. */
export async function perform(
  scenario: Scenario,
  index: number,
  tracer: Tracer,
  out: string,
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'rst-lab-'))
  owns.directory(directory)
  const network = new Network(index, scenario.network ?? {}, directory)
  try {
    await network.build()
    const points = (scenario.vantages ?? ['client', 'server:96']).map(words => point(words, network))
    const captures = points.map(at => new Capture(at, join(directory, at.file)))
    await startAll(captures)
    await scenario.run({ client: network.client, server: network.server, network, directory })
    await sleep(300)
    for (const capture of captures) await capture.stop()
    return await label(scenario, points, tracer, directory, out)
  } finally {
    await network.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function label(s: Scenario, points: Point[], tracer: Tracer, directory: string, out: string) {
  const roles: Roles = new Map()
  const frames = new Map<string, Frame[]>()
  for (const at of points) {
    const found = await framesOf(join(directory, at.file))
    learnRoles(found, roles)
    frames.set(at.file, found)
  }
  const common = {
    roles,
    kernel: tracer.told(),
    slowest: Math.max(s.network?.delay ?? 0, s.network?.delay6 ?? 0) / 1000,
    isClient: (endpoint: string) => /^(\[fd71:|10\.7[135]\.)/.test(endpoint),
    judge: asJudge(s.truth, s.name),
  }
  const labels: CaptureLabel[] = []
  const add = async (at: Pick<Point, 'file' | 'vantage' | 'snaplen'>, judge = common.judge) => {
    const path = join(directory, at.file)
    const own = frames.get(at.file) ?? (await framesOf(path))
    labels.push(labelCapture(at, own, await resetFrames(path), { ...common, judge }))
  }
  for (const at of points) await add(at)
  for (const [file, cut] of Object.entries(s.cuts ?? {})) {
    const origin = points.find(at => at.file === `${cut.of}.pcap`)
    if (!origin) throw new Error(`${s.name}: nothing to cut ${file} from`)
    const all = frames.get(origin.file)!
    const kept = new Set(all.filter(f => cut.keep(f, all)).map(f => f.number))
    cutPcap(join(directory, origin.file), join(directory, file), kept)
    await add({ ...origin, file }, cut.truth ? asJudge(cut.truth, s.name) : common.judge)
  }
  return publish(s, labels, directory, out)
}

/** Only a scenario that went well replaces what was there. */
function publish(s: Scenario, captures: CaptureLabel[], directory: string, out: string): Outcome {
  const resets = captures.reduce((n, c) => n + c.resets.length, 0)
  if (s.truth && resets === 0) throw new Error(`${s.name}: no reset happened`)
  const target = join(out, s.name)
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  for (const c of captures) copyFileSync(join(directory, c.file), join(target, c.file))
  const split =
    typeof s.blind === 'number' ? `blind${s.blind}` : s.blind ? 'blind' : s.heldOut ? 'held-out' : 'fit'
  writeFileSync(
    join(target, 'labels.json'),
    printLabels({ scenario: s.name, about: s.about, split, captures }),
  )
  const bytes = captures.reduce((n, c) => n + statSync(join(target, c.file)).size, 0)
  return { name: s.name, split, captures, bytes }
}
