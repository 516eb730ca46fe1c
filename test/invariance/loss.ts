/**
 * npm run loss [-- --all] [--kind WORDS] [--seeds N] [--wrong]: what becomes of right verdicts when packets of labelled captures are lost (one
 * by one, in bursts, in one direction), repeated and swapped. A verdict may fall to unknown; it must not become an accusation, and rarely
 * another confident cause. One in eight captures, or all of them. --wrong lists what went wrong, held-out and blind captures only counted.
 */
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { random } from '../flow/story.js'
import {
  type Answer,
  answersBefore,
  answersOf,
  type Fixture,
  fixtures,
  hash,
  read,
  type Told,
  write,
  WORK,
} from './harness.js'
import { burstsLost, clockBack, type Damage, damaged, oneDirectionLost } from './damage.js'
import type { Packet } from './layout.js'

/** From here on a wrong cause counts as confident. */
const CONFIDENT = 0.7

/** What is done to a capture's packets, with numbers 0..1 to choose by. */
export type Change = (packets: Packet[], next: () => number) => Packet[]

/** What became of the verdicts that were right without damage. */
export interface Losses {
  /** Resets of which at least one RST was still there. */
  resets: number
  unknown: number
  /** Lines: another cause, confidently. */
  wrong: string[]
  /** Lines: a host is taken for a device. */
  accused: string[]
  /** Lines: a host's RST is counted with the forged ones that a device sent in its name on the same connection. */
  merged: string[]
}

export const noLosses = (): Losses => ({ resets: 0, unknown: 0, wrong: [], accused: [], merged: [] })

/** The answer that shares most frames. */
export function nearest(answers: Answer[], frames: number[]): Answer | undefined {
  const overlap = (a: Answer) => a.frames.filter(f => frames.includes(f)).length
  return answers.filter(a => overlap(a) > 0).sort((a, b) => overlap(b) - overlap(a))[0]
}

export const say = (a: Answer) => `${a.cause} ${a.confidence} ${a.origin}`

interface Undamaged {
  told: Told
  answers: Answer[]
}

const undamaged = new Map<string, Undamaged>()

/** Each capture is read and judged once, however often it is damaged. */
async function undamagedOf(fixture: Fixture): Promise<Undamaged> {
  const { path } = fixture
  let known = undamaged.get(path)
  if (known === undefined) {
    known = { told: await read(path), answers: await answersBefore(fixture) }
    undamaged.set(path, known)
  }
  return known
}

/** Adds what becomes of one capture. @param seed the same seed damages the same packets */
export async function addLosses(sum: Losses, fixture: Fixture, damage: Change, seed: string): Promise<void> {
  const { told, answers: before } = await undamagedOf(fixture)
  const packets = damage(told.packets, random(hash(`${seed} ${fixture.name}`)))
  if (packets.length === 0) return
  const after = await answersOf(write({ ...told, packets }), packets)
  for (const label of fixture.labels) {
    const [a, b] = [nearest(after, label.frames), nearest(before, label.frames)]
    const right = (answer: Answer) => answer.cause === label.cause || label.acceptable.includes(answer.cause)
    // What was wrong without loss is counted elsewhere.
    if (!a || !b || !right(b)) continue
    sum.resets++
    const line = `${fixture.name} ${seed}: ${label.cause} [${label.frames.slice(0, 3).join()}] became ${say(a)}`
    const isHost = label.origin === 'endpoint' && !label.originAcceptable.includes('middlebox')
    if (a.origin === 'middlebox' && isHost) (holdsForged(fixture, a) ? sum.merged : sum.accused).push(line)
    if (a.cause === 'unknown' && !right(a)) sum.unknown++
    else if (a.confidence >= CONFIDENT && !right(a)) sum.wrong.push(line)
  }
}

/** A device did send one of its RSTs: that is the one that is accused. */
function holdsForged({ labels }: Fixture, answer: Answer): boolean {
  return labels.some(l => l.origin === 'middlebox' && l.frames.some(f => answer.frames.includes(f)))
}

const SHARES = [0.01, 0.02, 0.05, 0.15]

/** Packets lost, repeated and swapped, each this share of all. */
export const allThree = (share: number): Change => {
  const damage: Damage = { lost: share, repeated: share, swapped: share }
  return (packets, next) => damaged(packets, next, damage)
}

const none = { lost: 0, repeated: 0, swapped: 0 }

const percent = (share: number) => `${Math.round(100 * share)} %`

export const KINDS: [string, Change][] = [
  ...SHARES.map((share): [string, Change] => [
    `${percent(share)} lost`,
    (packets, next) => damaged(packets, next, { ...none, lost: share }),
  ]),
  ...SHARES.slice(1).map((share): [string, Change] => [
    `${percent(share)} lost in bursts`,
    (packets, next) => burstsLost(packets, next, share),
  ]),
  ...(['server', 'client'] as const).flatMap(side =>
    [0.3, 1].map((share): [string, Change] => [
      share === 1 ? `${side} not captured` : `${side}: ${percent(share)} lost`,
      (packets, next) => oneDirectionLost(packets, next, side, share),
    ]),
  ),
  ...SHARES.map((share): [string, Change] => [
    `${percent(share)} repeated`,
    (packets, next) => damaged(packets, next, { ...none, repeated: share }),
  ]),
  ...SHARES.map((share): [string, Change] => [
    `${percent(share)} swapped`,
    (packets, next) => damaged(packets, next, { ...none, swapped: share }),
  ]),
  ...SHARES.map((share): [string, Change] => [`${percent(share)} all three`, allThree(share)]),
  ...[2, 3600].map((seconds): [string, Change] => [
    `clock ${seconds} s back`,
    (packets, next) => clockBack(packets, next, seconds),
  ]),
]

interface Options {
  all: boolean
  kind: string
  seeds: number
  wrong: boolean
}

async function print({ all, kind, seeds, wrong }: Options): Promise<void> {
  const labelled = fixtures('losses', all ? 1 : 8).filter(f => f.labels.length > 0)
  console.log(`${labelled.length} labelled captures; of the verdicts that were right:`)
  const part = (n: number, of: number) => `${((100 * n) / Math.max(of, 1)).toFixed(1).padStart(5)} %`
  const studied = new Set(labelled.filter(f => f.split === 'fit').map(f => f.name))
  const show = (line: string) => studied.has(line.slice(0, line.indexOf(' ')))
  for (const [name, change] of KINDS.filter(([words]) => words.includes(kind))) {
    const sum = noLosses()
    for (let seed = 0; seed < seeds; seed++)
      for (const fixture of labelled)
        await addLosses(sum, fixture, change, seed === 0 ? name : `${name} ${seed}`)
    const { resets, unknown, accused, merged } = sum
    console.log(
      `${name.padEnd(22)} ${String(resets).padStart(5)} resets   unknown ${part(unknown, resets)}` +
        `   another cause, confidently ${part(sum.wrong.length, resets)}   hosts accused ${accused.length}, merged ${merged.length}`,
    )
    if (all || wrong) for (const line of [...accused, ...merged].filter(show)) console.log(`      ${line}`)
    if (wrong) for (const line of sum.wrong.filter(show)) console.log(`   ~  ${line}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean', default: false },
      kind: { type: 'string', default: '' },
      seeds: { type: 'string', default: '1' },
      wrong: { type: 'boolean', default: false },
    },
  })
  await print({ ...values, seeds: Number(values.seeds) })
  fs.rmSync(WORK, { recursive: true, force: true })
}
