/**
 * npm run loss [-- --all]: what becomes of right verdicts when packets are lost, repeated and swapped at random in labelled captures. A verdict
 * may fall to unknown; it must not become an accusation, and rarely another confident cause. One in eight captures, or all of them.
 */
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { random } from '../flow/story.js'
import {
  type Answer,
  answersOf,
  answersOfFile,
  type Fixture,
  fixtures,
  hash,
  read,
  write,
  WORK,
} from './harness.js'
import type { Packet } from './layout.js'
import { clockBack, type Damage, damaged } from './rewrite.js'

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
}

export const noLosses = (): Losses => ({ resets: 0, unknown: 0, wrong: [], accused: [] })

/** The answer that shares most frames. */
export function nearest(answers: Answer[], frames: number[]): Answer | undefined {
  const overlap = (a: Answer) => a.frames.filter(f => frames.includes(f)).length
  return answers.filter(a => overlap(a) > 0).sort((a, b) => overlap(b) - overlap(a))[0]
}

export const say = (a: Answer) => `${a.cause} ${a.confidence} ${a.origin}`

/** Adds what becomes of one capture. @param seed the same seed damages the same packets */
export async function addLosses(sum: Losses, fixture: Fixture, damage: Change, seed: string): Promise<void> {
  const told = await read(fixture.path)
  const packets = damage(told.packets, random(hash(`${seed} ${fixture.name}`)))
  if (packets.length === 0) return
  const before = await answersOfFile(fixture.path)
  const after = await answersOf(write({ ...told, packets }), packets)
  for (const label of fixture.labels) {
    const [a, b] = [nearest(after, label.frames), nearest(before, label.frames)]
    const right = (answer: Answer) => answer.cause === label.cause || label.acceptable.includes(answer.cause)
    // What was wrong without loss is counted elsewhere.
    if (!a || !b || !right(b)) continue
    sum.resets++
    const line = `${fixture.name} ${seed}: ${label.cause} [${label.frames.slice(0, 3).join()}] became ${say(a)}`
    const isHost = label.origin === 'endpoint' && !label.originAcceptable.includes('middlebox')
    if (a.origin === 'middlebox' && isHost) sum.accused.push(line)
    if (a.cause === 'unknown' && !right(a)) sum.unknown++
    else if (a.confidence >= CONFIDENT && !right(a)) sum.wrong.push(line)
  }
}

const SHARES = [0.01, 0.02, 0.05, 0.15]

/** Packets lost, repeated and swapped, each this share of all. */
export const allThree = (share: number): Change => {
  const damage: Damage = { lost: share, repeated: share, swapped: share }
  return (packets, next) => damaged(packets, next, damage)
}

const none = { lost: 0, repeated: 0, swapped: 0 }
const KINDS: [string, Change][] = [
  ...SHARES.map((share): [string, Change] => [
    `${share * 100} % lost`,
    (packets, next) => damaged(packets, next, { ...none, lost: share }),
  ]),
  ...SHARES.map((share): [string, Change] => [
    `${share * 100} % repeated`,
    (packets, next) => damaged(packets, next, { ...none, repeated: share }),
  ]),
  ...SHARES.map((share): [string, Change] => [
    `${share * 100} % swapped`,
    (packets, next) => damaged(packets, next, { ...none, swapped: share }),
  ]),
  ...SHARES.map((share): [string, Change] => [`${share * 100} % all three`, allThree(share)]),
  ...[2, 3600].map((seconds): [string, Change] => [
    `clock ${seconds} s back`,
    (packets, next) => clockBack(packets, next, seconds),
  ]),
]

async function print(all: boolean): Promise<void> {
  const labelled = fixtures('losses', all ? 1 : 8).filter(f => f.labels.length > 0)
  console.log(`${labelled.length} labelled captures; of the verdicts that were right:`)
  const percent = (n: number, of: number) => `${((100 * n) / Math.max(of, 1)).toFixed(1).padStart(5)} %`
  for (const [name, change] of KINDS) {
    const sum = noLosses()
    for (const fixture of labelled) await addLosses(sum, fixture, change, name)
    console.log(
      `${name.padEnd(18)} ${String(sum.resets).padStart(5)} resets   unknown ${percent(sum.unknown, sum.resets)}` +
        `   another cause, confidently ${percent(sum.wrong.length, sum.resets)}   hosts accused ${sum.accused.length}`,
    )
    if (all) for (const line of sum.accused) console.log(`      ${line}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await print(process.argv.includes('--all'))
  fs.rmSync(WORK, { recursive: true, force: true })
}
