import { expect, it } from 'vitest'
import { figures, startProgress } from '../../src/cli/progress.js'

it('figures: what is read, how fast, how long it will take', () => {
  expect(figures(100_000_000, 400_000_000, 2000)).toEqual({
    read: '100 MB',
    rate: '50 MB/s',
    left: '6.0 s left',
  })
  expect(figures(100_000_000, undefined, 2000)).toEqual({ read: '100 MB', rate: '50 MB/s', left: '' })
  expect(figures(0, 400, 2000).left).toBe('')
})

it('does nothing when switched off', () => {
  const progress = startProgress(false)
  progress.update(1, 2)
  progress.stop()
})
