/** Hundreds of captures, each awkward in one way: every RST in one reset, reports valid and harmless, the same in one pass and in two. */
import { describe, it } from 'vitest'
import { seedOf } from '../dice.js'
import { execute } from '../run.js'
import { awkward } from './index.js'

/** So many at once: a test for each would cost more than what it tests. */
const TOGETHER = 50

describe('awkward captures', () => {
  const all = awkward()
  const groups = Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, i) => i * TOGETHER)
  it.each(groups)('%i and the following', async from => {
    for (const [i, { name, bytes }] of all.slice(from, from + TOGETHER).entries()) {
      const seed = seedOf(from, i) >>> 0
      const pages = seed % 16 === 0 || name.includes('time')
      const chunkBytes = Math.max(64 + (seed % 900), bytes.length >> 5)
      await execute({
        from: [name],
        files: [bytes],
        chunkBytes,
        width: 80,
        pages,
        host: undefined,
      }).catch(error => {
        throw new Error(`${name}: ${error.message}`, { cause: error })
      })
    }
  })
})
