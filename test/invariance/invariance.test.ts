/** How traffic was recorded and numbered must not change what is said about it. */
import fs from 'node:fs'
import zlib from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import {
  ALL,
  type Answer,
  answersOf,
  answersOfFile,
  differences,
  type Fixture,
  fixtures,
  read,
  type Told,
  WORK,
  write,
} from './harness.js'
import { isKnown, outdated } from './known.js'
import type { Packet } from './layout.js'
import { doubled, mixed, renumber, shiftTime, tagged, toCooked, toRawIp, wrapSequences } from './rewrite.js'

afterAll(() => fs.rmSync(WORK, { recursive: true, force: true }))

const DAY_NS = 86_400e9

const bases = new Map<string, Promise<Answer[]>>()

function baseOf(f: Fixture): Promise<Answer[]> {
  if (!bases.has(f.path)) bases.set(f.path, answersOfFile(f.path))
  return bases.get(f.path)!
}

type Retelling = (told: Told) => { bytes: Uint8Array; packets?: Packet[] }

const rewriting =
  (change: (packets: Packet[]) => Packet[]): Retelling =>
  told => {
    const packets = change(told.packets)
    return { bytes: write({ ...told, packets }), packets }
  }

/** Rotated by what each costs: the sample stays within a few seconds. */
const RETELLINGS: [string, number, Retelling][] = [
  ['sequence numbers that wrap', 14, rewriting(wrapSequences)],
  ['three days later', 16, rewriting(p => shiftTime(p, 3 * DAY_NS))],
  ['raw IP', 14, rewriting(toRawIp)],
  ['Linux cooked', 14, rewriting(toCooked)],
  ['in a VLAN', 16, rewriting(tagged)],
  ['every frame twice', 10, rewriting(p => doubled(p, 0))],
  ['every frame twice, one router later', 10, rewriting(p => doubled(p, 1))],
  ['among strangers', 12, rewriting(mixed)],
  ['other addresses and ports', 12, rewriting(renumber)],
  ['as pcapng', 20, told => ({ bytes: write(told, true) })],
  ['gzipped', 20, told => ({ bytes: zlib.gzipSync(write(told)) })],
]

test.each(RETELLINGS)(
  'the same verdicts: %s',
  async (name, stride, retell) => {
    const different: string[] = []
    const sample = fixtures(name, stride)
    for (const fixture of sample) {
      const { bytes, packets } = retell(await read(fixture.path))
      different.push(...differences(fixture.name, await baseOf(fixture), await answersOf(bytes, packets)))
    }
    expect(sample.length).toBeGreaterThan(10)
    expect(different.filter(line => !isKnown(name, line))).toEqual([])
    if (ALL) expect(outdated(name, different)).toEqual([])
  },
  600_000,
)

test.each([
  [1, 60],
  [7, 40],
  [1 << 16, 15],
])(
  'the same verdicts: read %i bytes at a time',
  async (chunkBytes, stride) => {
    const different: string[] = []
    const sample = fixtures(`chunk ${chunkBytes}`, stride).filter(f => fs.statSync(f.path).size < 40_000)
    for (const fixture of sample) {
      different.push(
        ...differences(
          fixture.name,
          await baseOf(fixture),
          await answersOfFile(fixture.path, undefined, { chunkBytes }),
        ),
      )
    }
    expect(sample.length).toBeGreaterThan(4)
    expect(different).toEqual([])
  },
  600_000,
)
