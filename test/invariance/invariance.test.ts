/** How traffic was recorded and numbered must not change what is said about it. */
import fs from 'node:fs'
import zlib from 'node:zlib'
import { expect, test } from 'vitest'
import {
  ALL,
  answersBefore,
  answersOf,
  answersOfFile,
  differences,
  fixtures,
  read,
  type Told,
  write,
} from './harness.js'
import { isKnown, outdated } from './known.js'
import type { Packet } from './layout.js'
import { doubled, mixed, renumber, shiftTime, tagged, toCooked, toRawIp, wrapSequences } from './rewrite.js'

const DAY_NS = 86_400e9

type Retelling = (told: Told) => { bytes: Uint8Array; packets?: Packet[] }

const rewriting =
  (change: (packets: Packet[]) => Packet[]): Retelling =>
  told => {
    const packets = change(told.packets)
    return { bytes: write({ ...told, packets }), packets }
  }

/** Rotated by what each costs: the sample stays within a few seconds. */
const RETELLINGS: [string, number, Retelling][] = [
  ['sequence numbers that wrap', 21, rewriting(wrapSequences)],
  ['three days later', 24, rewriting(p => shiftTime(p, 3 * DAY_NS))],
  ['raw IP', 21, rewriting(toRawIp)],
  ['Linux cooked', 21, rewriting(toCooked)],
  ['in a VLAN', 24, rewriting(tagged)],
  ['every frame twice', 15, rewriting(p => doubled(p, 0))],
  ['every frame twice, one router later', 15, rewriting(p => doubled(p, 1))],
  ['among strangers', 18, rewriting(mixed)],
  ['other addresses and ports', 18, rewriting(renumber)],
  ['as pcapng', 30, told => ({ bytes: write(told, true) })],
  ['gzipped', 30, told => ({ bytes: zlib.gzipSync(write(told)) })],
]

test.each(RETELLINGS)(
  'the same verdicts: %s',
  async (name, stride, retell) => {
    const different: string[] = []
    const sample = fixtures(name, stride)
    for (const fixture of sample) {
      const { bytes, packets } = retell(await read(fixture.path))
      different.push(
        ...differences(fixture.name, await answersBefore(fixture), await answersOf(bytes, packets)),
      )
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
          await answersBefore(fixture),
          await answersOfFile(fixture.path, undefined, { chunkBytes }),
        ),
      )
    }
    expect(sample.length).toBeGreaterThan(4)
    expect(different).toEqual([])
  },
  600_000,
)
