/** Whatever is said, in whatever pieces. Seeded, so that a failure can be run again; `npm run fuzz -- --target payload` goes on with other seeds. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as application from '../../src/flow/application/index.ts'
import { heardTwice, type Piece, questions } from './hearing.ts'
import { bytes, SEEDS } from './openings.ts'

const seeded: fc.Arbitrary<Piece> = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 2 }),
    fc.nat(100),
    fc.boolean(),
  )
  .map(([[side, text], changes, keep, whole]) => {
    const data = bytes(text)
    if (!whole) for (const [at, byte] of changes) if (at < data.length) data[at] = byte
    return { side, data: whole ? data : data.subarray(0, Math.max(1, data.length - keep)) }
  })

const random: fc.Arbitrary<Piece> = fc.record({
  side: fc.constantFrom(0 as const, 1 as const),
  data: fc.uint8Array({ minLength: 1, maxLength: 700 }),
})

const pieces = fc.array(fc.oneof({ weight: 5, arbitrary: seeded }, { weight: 1, arbitrary: random }), {
  minLength: 1,
  maxLength: 7,
})

describe('any bytes at all', () => {
  test('never throw, never grow the state, never make long labels', () => {
    fc.assert(
      fc.property(
        pieces,
        fc.array(fc.record({ missing: fc.nat(900), gap: fc.integer({ min: -1, max: 900 }) }), {
          maxLength: 7,
        }),
        fc.constantFrom(0, 21, 25, 53, 110, 6379),
        (sent, holes, port) => {
          const state = application.createApplicationState(port)
          for (const [i, { side, data }] of sent.entries()) {
            const { missing, gap } = holes[i] ?? { missing: 0, gap: 0 }
            const label = application.peek(state, side, data, 0, data.length, missing, gap, i)
            expect(label?.length ?? 0).toBeLessThanOrEqual(120)
            questions(state)
          }
          for (const side of [0, 1] as const) application.peekFin(state, side, 99)
          questions(state)
          expect(JSON.stringify(state).length).toBeLessThan(20_000)
          expect(
            Math.min(state.outstanding, state.sides[0].completed, state.sides[1].completed),
          ).toBeGreaterThanOrEqual(0)
        },
      ),
      { seed: 2026, numRuns: 4000 },
    )
  })

  test('mean the same however segments cut them', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sent, cuts) => {
        let turn = 0
        const heard = heardTwice(sent, () => cuts[turn++ % cuts.length])
        if (heard) expect(heard.cut).toEqual(heard.whole)
      }),
      { seed: 2027, numRuns: 4000 },
    )
  })
})
