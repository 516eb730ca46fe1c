import { expect, test } from 'vitest'
import { describeWith } from '../oracle.js'
import { everyLayer } from './catalog.js'
import { type Difference, differences, type TestFrame } from './judge.js'
import { KNOWN_DIFFERENCES } from './known.js'
import { generator, mutate } from './mutate.js'

/** Readable in a failure: which frame, what each saw. */
function told(list: Difference[]): string[] {
  return list.map(
    ({ frame, tshark, ours }) =>
      `${frame.name}: tshark ${tshark.flags.join(',') || 'no TCP'}, decoder ${ours.flags.join(',') || 'no TCP'}`,
  )
}

function unexplained(list: Difference[]): Difference[] {
  return list.filter(({ frame }) => !KNOWN_DIFFERENCES.some(known => known.frames.test(frame.name)))
}

describeWith(['tshark'], 'the decoder and tshark', () => {
  test('see the same TCP headers in every kind of frame, but for what is written down', () => {
    const found = differences(everyLayer)
    expect(told(unexplained(found))).toEqual([])
    const idle = KNOWN_DIFFERENCES.filter(
      known => known.inCatalog && !found.some(({ frame }) => known.frames.test(frame.name)),
    )
    expect(idle.map(known => known.why)).toEqual([])
  }, 60_000)

  test('see the same TCP headers in damaged frames of the kinds that matter', () => {
    const random = generator(20)
    const solid = everyLayer.filter(frame => SOLID_LINKS.has(frame.linkType))
    const damaged: TestFrame[] = Array.from({ length: 20_000 }, () =>
      mutate(solid[Math.floor(random() * solid.length)], random),
    )
    expect(told(unexplained(differences(damaged)))).toEqual([])
  }, 60_000)
})

/** Link types of nearly all captures; on the others damaged frames are told apart less exactly (see README.md). */
const SOLID_LINKS = new Set([0, 1, 12, 14, 101, 108, 113, 228, 229, 276])
