/** Several captures are the rotated pieces of one vantage point: one stream, ordered by time. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as b from './build.ts'
import { readAll, tempFile } from './helpers.ts'

/** A capture with records at these seconds. */
const piece = (...seconds: number[]): string =>
  tempFile(
    b.pcap({ records: seconds.map((second, i) => ({ sec: 1_700_000_000 + second, data: b.tcpFrame(i) })) }),
  )

async function order(paths: string[], chunkBytes = 1 << 16): Promise<string[]> {
  const seen = await readAll(paths, { chunkBytes })
  return seen.rows.map(
    (row, i) => `${'abc'[seen.captures[i]]}${row.split(' ')[0]}@${Number(row.split(' ')[1]) - 1_700_000_000}`,
  )
}

describe('pieces', () => {
  it('that follow each other are read one after the other, whatever the order of the arguments', async () => {
    const [early, late] = [piece(1, 2, 3), piece(4, 5)]
    expect(await order([early, late])).toEqual(['a1@1', 'a2@2', 'a3@3', 'b1@4', 'b2@5'])
    expect(await order([late, early])).toEqual(['b1@1', 'b2@2', 'b3@3', 'a1@4', 'a2@5'])
  })

  it('that overlap are merged by time; each keeps its own frame numbers', async () => {
    expect(await order([piece(1, 4, 9), piece(2, 3, 5), piece(4, 10)])).toEqual([
      'a1@1',
      'b1@2',
      'b2@3',
      'a2@4',
      'c1@4',
      'b3@5',
      'a3@9',
      'c2@10',
    ])
  })

  it('with equal times: the piece that begins earlier comes first, then the one named first', async () => {
    expect(await order([piece(1, 1), piece(0, 1), piece(1)])).toEqual([
      'b1@0',
      'b2@1',
      'a1@1',
      'a2@1',
      'c1@1',
    ])
  })

  it('keep the order within a file even where its clock steps back', async () => {
    expect(await order([piece(5, 1, 6), piece(5.0, 7)])).toEqual(['a1@5', 'a2@1', 'b1@5', 'a3@6', 'b2@7'])
  })

  it('may be empty, of other formats, compressed', async () => {
    const ng = tempFile(
      b.concat(
        b.shb(),
        b.idb({ tsresol: 9 }),
        b.epb({ time: 1_700_000_002_000_000_000n, data: b.tcpFrame(1) }),
      ),
    )
    expect(await order([piece(), piece(1, 3), ng])).toEqual(['b1@1', 'c1@2', 'b2@3'])
    const seen = await readAll([piece(), ng])
    expect(seen.infos.map(info => [info.format, info.frames, info.firstTime])).toEqual([
      ['pcap', 0, null],
      ['pcapng', 1, '2023-11-14T22:13:22.000000000Z'],
    ])
  })

  it('give the same on every pass and at every chunk size, whatever the times', async () => {
    const second = fc.integer({ min: 0, max: 12 })
    const pieces = fc.array(fc.array(second, { maxLength: 8 }), { minLength: 2, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(pieces, async lists => {
        const paths = lists.map(list => piece(...list))
        const whole = await order(paths)
        expect(whole).toHaveLength(lists.flat().length)
        for (const chunkBytes of [1, 50, 200]) expect(await order(paths, chunkBytes)).toEqual(whole)
        if (lists.every(list => list.every((s, i) => i === 0 || list[i - 1] <= s))) {
          const times = whole.map(row => Number(row.split('@')[1]))
          expect(times).toEqual(times.toSorted((x, y) => x - y))
        }
      }),
      { seed: 7, numRuns: 25 },
    )
  })

  it('hand over the bytes of the record, not of another', async () => {
    const files = [0, 1, 2].map(shift =>
      tempFile(
        b.pcap({
          records: Array.from({ length: 200 }, (_, i) => ({
            sec: 1_700_000_000 + 3 * i + shift,
            data: b.tcpFrame(3 * i + shift, 0x10, i),
          })),
        }),
      ),
    )
    const seen = await readAll(files, { chunkBytes: 500 })
    expect(seen.data).toHaveLength(600)
    seen.data.forEach((hex, i) =>
      expect(hex).toBe(Buffer.from(b.tcpFrame(i, 0x10, Math.floor(i / 3))).toString('hex')),
    )
  })
})
