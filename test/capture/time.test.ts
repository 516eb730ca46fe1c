import { describe, expect, it } from 'vitest'
import { formatTime } from '../../src/time.ts'

const base = { seconds: 1_763_801_223 }

describe('times as text', () => {
  it('have as many digits as asked for, cut and not rounded', () => {
    expect(formatTime(base, 123_456_789, 9)).toBe('2025-11-22T08:47:03.123456789Z')
    expect(formatTime(base, 123_456_789, 6)).toBe('2025-11-22T08:47:03.123456Z')
    expect(formatTime(base, 999_999_999, 3)).toBe('2025-11-22T08:47:03.999Z')
    expect(formatTime(base, 999_999_999, 0)).toBe('2025-11-22T08:47:03Z')
    expect(formatTime(base, 7, 9)).toBe('2025-11-22T08:47:03.000000007Z')
  })

  it('may lie before the zero point', () => {
    expect(formatTime(base, -1, 9)).toBe('2025-11-22T08:47:02.999999999Z')
  })

  it('without any timestamp count from 1970', () => {
    expect(formatTime({ seconds: Number.NaN }, 0, 6)).toBe('1970-01-01T00:00:00.000000Z')
    expect(formatTime({ seconds: Number.NaN }, Number.NaN, 0)).toBe('1970-01-01T00:00:00Z')
  })

  it('that no calendar knows stop at its last moment', () => {
    expect(formatTime({ seconds: 2 ** 62 }, 5, 9)).toBe('+275760-09-13T00:00:00.000000000Z')
    expect(formatTime({ seconds: -(2 ** 62) }, 5, 9)).toBe('-271821-04-20T00:00:00.000000000Z')
  })
})
