/** A short run of the fuzzer in every test run, always the same; `npm run fuzz` goes on for as long as one likes. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { split, join } from './container.js'
import { corpus } from './corpus.js'
import { seedOf } from './dice.js'
import { inputOf } from './mutate.js'
import { execute } from './run.js'
import { TARGETS } from './targets/index.js'

const SEED = 2026
const EXECUTIONS = 100

const KEPT = path.resolve(import.meta.dirname, '../../fixtures/fuzz')

describe('the fuzzer', () => {
  it('makes the same input of the same seed', () => {
    for (const index of [0, 1, 2]) expect(inputOf(seedOf(SEED, index))).toEqual(inputOf(seedOf(SEED, index)))
    expect(inputOf(seedOf(SEED, 0))).not.toEqual(inputOf(seedOf(SEED, 1)))
  })

  it('takes captures apart and puts them together again', () => {
    for (const { name, bytes } of corpus()) {
      const whole = join(split(bytes))
      expect(Buffer.compare(whole, bytes.subarray(0, whole.length)), name).toBe(0)
    }
  })
})

describe('damaged captures', () => {
  it('are analysed: no throw, every RST in one reset, reports valid, harmless and the same in one pass or two', async () => {
    for (let index = 0; index < EXECUTIONS; index++) {
      try {
        await execute(inputOf(seedOf(SEED, index)))
      } catch (error) {
        throw new Error(`execution ${index} of seed ${SEED}: ${(error as Error).message}`, { cause: error })
      }
    }
  })
})

describe('each part on its own', () => {
  const parts = Object.entries(TARGETS).filter(([name]) => name !== 'capture')
  it.each(parts)('%s', async (_, target) => {
    for (let index = 0; index < 3; index++) await target.run(seedOf(SEED, index))
  })
})

describe('inputs that once failed (fixtures/fuzz)', () => {
  const names = fs.readdirSync(KEPT).filter(name => /\.(cap|pcap|pcapng)$/.test(name))
  it.each(names)('%s', async name => {
    const bytes = new Uint8Array(fs.readFileSync(path.join(KEPT, name)))
    for (const chunkBytes of [64, 1 << 16]) {
      await execute({ from: [name], files: [bytes], chunkBytes, width: 80, pages: true, host: undefined })
    }
  })
})
