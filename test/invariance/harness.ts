/** Reading, writing and judging the captures of all fixtures, the hand-written cases among them. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { analyzeCaptures, type AnalyzeOptions } from '../../src/analyze.js'
import { openCaptures } from '../../src/capture/index.js'
import type { CauseId, Impact, Origin, Reset, Side } from '../../src/model.js'
import { analysisOf } from '../analyses.js'
import { type Label, labelledCaptures, type Split } from '../accuracy/labels.js'
import { epb, idb, MAGIC_NANO, pcap, shb } from '../capture/build.js'
import { CASES, casePaths, loadCase } from '../cases/load.js'
import { pcapOf } from '../cases/pcap.js'
import { EVERYTHING } from '../sample.js'
import type { Packet } from './layout.js'

export interface Fixture {
  name: string
  /** Labels of the lab and of experts; empty for the hand-written cases, whose expectations are checked elsewhere. */
  labels: Label[]
  path: string
  split?: Split
}

export interface Told {
  seconds: number
  packets: Packet[]
}

/** What must not change. */
export interface Answer {
  frames: number[]
  sender: Side
  cause: CauseId
  origin: Origin
  impact: Impact
  confidence: number
}

export const ALL = process.env['RST_ANALYZE_ALL'] === '1'

/** On an everyday run samples are smaller by this factor. */
const THINNED = EVERYTHING ? 1 : 2.5

export const WORK = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-invariance-'))

/** Small stable hash of a name. */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return (h ^ (h >>> 13)) >>> 0
}

const collected: Fixture[] = collect()

function collect(): Fixture[] {
  const root = path.resolve(CASES, '..')
  const labelled = labelledCaptures().map(c => ({
    name: path.relative(root, c.path),
    labels: c.labels,
    path: c.path,
    split: c.split,
  }))
  const written = casePaths().map(name => {
    const file = path.join(WORK, `${name.replace(/\W/g, '-')}.pcap`)
    fs.writeFileSync(file, pcapOf(loadCase(name)))
    return { name: `cases/${name}`, labels: [], path: file }
  })
  return [...labelled, ...written]
}

/**
 * One in `stride` of the fixtures (fewer on an everyday run), another part for each purpose; all of them with RST_ANALYZE_ALL=1.
 * @param purpose name that decides which part
 */
export function fixtures(purpose: string, stride: number): Fixture[] {
  if (ALL || stride === 1) return collected
  return collected.filter(f => hash(`${purpose} ${f.name}`) % Math.round(stride * THINNED) === 0)
}

export async function read(file: string): Promise<Told> {
  const captures = await openCaptures([file])
  const packets: Packet[] = []
  await captures.read(f => {
    packets.push({
      timeNs: f.timeNs,
      link: f.linkType,
      bytes: f.data.slice(f.start, f.end),
      originalLength: f.originalLength,
      frame: f.number,
    })
  })
  return { seconds: captures.timebase.seconds || 0, packets }
}

/** Classic pcap; pcapng where the link types differ, or when asked for. */
export function write(told: Told, pcapng = false): Uint8Array {
  const links = [...new Set(told.packets.map(p => p.link))]
  if (pcapng || links.length > 1) return writePcapng(told, links)
  const records = told.packets.map(p => {
    const whole = Math.floor(p.timeNs / 1e9)
    return {
      sec: told.seconds + whole,
      frac: Math.round(p.timeNs - whole * 1e9),
      data: p.bytes,
      origlen: p.originalLength,
    }
  })
  return pcap({ magic: MAGIC_NANO, network: links[0] ?? 1, records })
}

function writePcapng({ seconds, packets }: Told, links: number[]): Uint8Array {
  const blocks = packets.map(p =>
    epb({
      interfaceId: links.indexOf(p.link),
      time: BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(p.timeNs)),
      data: p.bytes,
      origlen: p.originalLength,
    }),
  )
  return new Uint8Array(
    Buffer.concat([shb(), ...links.map(linkType => idb({ linkType, tsresol: 9 })), ...blocks]),
  )
}

let files = 0

/** @param packets when given, answers count in these packets' original frame numbers, each once */
export async function answersOf(
  bytes: Uint8Array,
  packets?: Packet[],
  options: AnalyzeOptions = {},
): Promise<Answer[]> {
  const file = path.join(WORK, `told-${++files}`)
  fs.writeFileSync(file, bytes)
  try {
    return await answersOfFile(file, packets, options)
  } finally {
    fs.rmSync(file)
  }
}

/** The answers for a fixture as it is. */
export async function answersBefore({ path: file }: Fixture): Promise<Answer[]> {
  return (await analysisOf(file)).report.resets.map(r => answerOf(r, undefined))
}

export async function answersOfFile(
  file: string,
  packets?: Packet[],
  options: AnalyzeOptions = {},
): Promise<Answer[]> {
  const { report } = await analyzeCaptures([file], options)
  return report.resets.map(r => answerOf(r, packets))
}

function answerOf(r: Reset, packets: Packet[] | undefined): Answer {
  const frames = packets
    ? [...new Set(r.frames.map(f => packets[f - 1].frame))].sort((a, b) => a - b)
    : r.frames
  return {
    frames,
    sender: r.sender,
    cause: r.cause,
    origin: r.origin,
    impact: r.impact,
    confidence: r.confidence,
  }
}

export function words(a: Answer): string {
  return `${a.sender} ${a.cause} ${a.origin} ${a.impact} [${a.frames.join()}]`
}

/** Lines that say what differs; empty when nothing does. */
export function differences(name: string, before: Answer[], after: Answer[]): string[] {
  const key = (list: Answer[]) => list.map(words).sort()
  const [a, b] = [key(before), key(after)]
  const gone = a.filter(x => !b.includes(x))
  const come = b.filter(x => !a.includes(x))
  return gone.length + come.length === 0
    ? []
    : [`${name}: ${gone.slice(0, 3).join('; ')} became ${come.slice(0, 3).join('; ')}`]
}
