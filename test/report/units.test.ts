import { describe, expect, it } from 'vitest'
import { deepVisible, safeJson, visible } from '../../src/report/escape.js'
import { clip, clipColored, clipMiddle, columns, hang, wrap } from '../../src/report/layout.js'
import { bytes, clock, clockOf, count, duration, endpoint, percent, sure, toMs } from '../../src/units.js'
import { parseDuration, parseWhen } from '../../src/report/when.js'

describe('numbers as people read them', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1204, '1,204'],
    [1_234_567, '1,234,567'],
  ])('count %d', (value, expected) => expect(count(value)).toBe(expected))

  it.each([
    [0, '0 B'],
    [517, '517 B'],
    [999, '999 B'],
    [4100, '4.1 kB'],
    [9960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [98_000_000, '98 MB'],
  ])('bytes %d', (value, expected) => expect(bytes(value)).toBe(expected))

  it.each([
    [0, '0 ms'],
    [0.04, '0.1 ms'],
    [0.3, '0.3 ms'],
    [141, '141 ms'],
    [999.6, '1.0 s'],
    [5000, '5.0 s'],
    [61_020, '61.0 s'],
    [119_999, '2 min 00 s'],
    [842_000, '14 min 02 s'],
    [7_200_000, '2 h 00 min'],
    [187_200_000, '2 d 04 h'],
    [-5000, '-5.0 s'],
  ])('duration %d', (value, expected) => expect(duration(value)).toBe(expected))

  it.each([
    [0, '0 %'],
    [0.0005, '< 0.1 %'],
    [0.002, '0.2 %'],
    [0.02, '2 %'],
    [0.024, '2.4 %'],
    [0.943, '94 %'],
    [0.998, '> 99 %'],
    [1, '100 %'],
  ])('percent %d', (value, expected) => expect(percent(value)).toBe(expected))

  it('nothing is certain', () => expect(sure(0.9999)).toBe('99 %'))

  it('times', () => {
    expect(clock('2026-11-22T08:48:02.041999Z')).toBe('08:48:02.041')
    expect(clock('2026-11-22T08:48:02Z')).toBe('08:48:02')
    expect(clock('2026-11-22T08:48:02.9Z', 0)).toBe('08:48:02')
    expect(clockOf(1795337223, 1_041_999_999)).toBe('08:47:04.041')
    expect(clockOf(1795337223, -1_000_000)).toBe('08:47:02.999')
    expect(clockOf(Number.NaN, 0)).toBe('--:--:--.---')
    expect(toMs('1970-01-01T00:00:01.123456789Z')).toBeCloseTo(1123.456789, 6)
  })

  it('addresses', () => {
    expect(endpoint({ address: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80')
    expect(endpoint({ address: '::1', port: 80 })).toBe('[::1]:80')
  })
})

describe('times as people type them', () => {
  it.each([
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['0.5s', 500],
    ['2d', 172_800_000],
  ])('duration %s', (words, expected) => expect(parseDuration(words)).toBe(expected))
  it.each(['', '5', 's', '5 s', '-5s', '5x', '5s!'])('no duration: "%s"', words =>
    expect(parseDuration(words)).toBeUndefined(),
  )

  it.each([
    ['2026-11-22T08:47:03Z', 'absolute', Date.UTC(2026, 10, 22, 8, 47, 3), 1000],
    ['2026-11-22 08:47:03', 'absolute', Date.UTC(2026, 10, 22, 8, 47, 3), 1000],
    ['2026-11-22T08:47:03.25+0100', 'absolute', Date.UTC(2026, 10, 22, 7, 47, 3, 250), 10],
    ['2026-11-22T08:47:03-05', 'absolute', Date.UTC(2026, 10, 22, 13, 47, 3), 1000],
    ['2026-11-22', 'absolute', Date.UTC(2026, 10, 22), 86_400_000],
    ['08:47', 'clock', 31_620_000, 60_000],
    ['08:47:03,5', 'clock', 31_623_500, 100],
    ['+90s', 'relative', 90_000, 0],
  ])('%s', (words, kind, ms, precisionMs) => expect(parseWhen(words)).toEqual({ kind, ms, precisionMs }))
  it.each(['', 'now', '2026-13-01', '2026-02-30', '24:61', '+', '+5', '2026-11-22T', '22.11.2026'])(
    'no time: "%s"',
    words => expect(parseWhen(words)).toBeUndefined(),
  )
})

describe('hostile text', () => {
  it('is spelled out', () => {
    expect(visible('a\u001b[2Jb\u0007\u009b\r\n\tc')).toBe('a\\x1b[2Jb\\x07\\x9b\\r\\n\\tc')
    expect(visible('\u202egnp\u2066\u200b\ufeff\ud800')).toBe('\\u202egnp\\u2066\\u200b\\ufeff\\ud800')
    expect(visible('\u{e0041}')).toBe('\\u{e0041}')
    expect(visible('GET /ä/日本/🙂')).toBe('GET /ä/日本/🙂')
  })

  it('is spelled out everywhere in plain data, which is left alone when clean', () => {
    const clean = { a: ['b', 1, null, true], c: { d: 'e' } }
    expect(deepVisible(clean)).toBe(clean)
    expect(deepVisible({ a: ['\u0007'], '\u001b': 1, n: null })).toEqual({
      a: ['\\x07'],
      '\\x1b': 1,
      n: null,
    })
  })

  it('stays the same data in JSON', () => {
    const data = { text: 'a\u001b\u009b\u202e\u{e0041}\u2028"\\日本' }
    const json = safeJson(JSON.stringify(data))
    expect(JSON.parse(json)).toEqual(data)
    expect(json).toBe('{"text":"a\\u001b\\u009b\\u202e\\udb40\\udc41\\u2028\\"\\\\日本"}')
  })
})

describe('layout', () => {
  it('measures columns', () => {
    expect(columns('abc')).toBe(3)
    expect(columns('日本')).toBe(4)
    expect(columns('e\u0301')).toBe(1)
    expect(columns('\u001b[31mred\u001b[39m')).toBe(3)
  })

  it('wraps and breaks what cannot be wrapped', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl'])
    expect(wrap('', 10)).toEqual([''])
    expect(hang('Do   ', 'first second third fourth', 20)).toEqual(['Do   first second', '     third fourth'])
  })

  it('clips', () => {
    expect(clip('abcdef', 4)).toBe('abc…')
    expect(clip('日本語', 4)).toBe('日…')
    expect(clipMiddle('10.0.0.1:41234 → 10.0.0.2:443', 15)).toBe('10.0.0.…0.2:443')
    expect(columns(clipColored('\u001b[31mabcdef\u001b[39m', 4))).toBe(4)
  })
})
