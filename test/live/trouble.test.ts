/** What the engine lost, and a clock that is set back, while a live capture runs: verdicts on what was going on then rest on less. */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Told as Verdict } from '../../src/live/judge.js'
import { LiveReader } from '../../src/live/reader.js'
import { LiveSession } from '../../src/live/session.js'
import { CaptureTrouble } from '../../src/live/trouble.js'
import type { Frame } from '../../src/model.js'
import { epb, idb, isb, shb } from '../capture/build.js'
import { FLAGS, frames, type Told } from './segments.js'

const MS = 1e6
const SECOND = 1e9

/** An exchange with a server 50 ms away. */
function exchange(port: number, atNs: number): Told[] {
  const told = (from: 'a' | 'b', ms: number, flags: number, more: Partial<Told>): Told => ({
    from,
    port,
    flags,
    timeNs: atNs + ms * MS,
    ...more,
  })
  return [
    told('a', 0, FLAGS.syn, { seq: 100 }),
    told('b', 50, FLAGS.syn | FLAGS.ack, { seq: 500, ack: 101 }),
    told('a', 50.1, FLAGS.ack, { seq: 101, ack: 501 }),
    told('a', 51, FLAGS.ack, { seq: 101, ack: 501, payload: 20 }),
    told('b', 101, FLAGS.ack, { seq: 501, ack: 121, payload: 30 }),
    told('a', 101.1, FLAGS.ack, { seq: 121, ack: 531 }),
  ]
}

/** In the server's name, a moment after the next request: it cannot have got there. */
const tooSoon = (port: number, atNs: number): Told[] => [
  ...exchange(port, atNs),
  { from: 'a', port, flags: FLAGS.ack, seq: 121, ack: 531, payload: 20, timeNs: atNs + 400 * MS },
  { from: 'b', port, flags: FLAGS.rst, seq: 531, timeNs: atNs + 401 * MS },
]

/** The server stands behind four routers. */
function far(told: Told[]): Frame[] {
  const list = frames(told)
  for (const [i, frame] of list.entries()) if (told[i].from === 'b') frame.data[22] = 60
  return list
}

const blocks = (list: Frame[]) =>
  list.map(f => epb({ time: BigInt(Math.round(f.timeNs)), data: f.data.slice() }))

/** What a session tells of a pcapng stream that comes block by block. */
async function replayed(...parts: Uint8Array[]): Promise<Verdict[]> {
  const told: Verdict[] = []
  const reader = new LiveReader('a stream')
  await reader.open(Readable.from([shb(), idb({ tsresol: 9 }), ...parts].map(part => Buffer.from(part))))
  const live = new LiveSession({
    timebase: reader.timebase,
    memoryBytes: 64 * 2 ** 20,
    settleMs: 500,
    capture: () => reader.info(),
    onVerdict: verdict => told.push(verdict),
  })
  await reader.read(
    frame => live.feed(frame),
    () => live.lookForDrops(),
    new AbortController().signal,
  )
  live.finish()
  return told
}

const WARM = [1, 2, 3, 4].flatMap(port => exchange(port, port * SECOND))
const FORGED = tooSoon(9, 10 * SECOND)
const origins = (told: Verdict[]) => told.map(({ reset }) => reset.origin)
const says = ({ reset }: Verdict) =>
  reset.cannotTell.some(line => line.includes('lost while the connection lasted'))

describe('packets lost by the engine', () => {
  it('weaken what rests on them: the statistics of a stream count for connections of that time', async () => {
    const all = blocks(far([...WARM, ...FORGED]))
    const without = await replayed(...all)
    expect(origins(without)).toEqual(['middlebox'])
    expect(without.map(says)).toEqual([false])
    const withDrops = await replayed(...all.slice(0, -2), isb({ drops: 7n }), ...all.slice(-2))
    expect(origins(withDrops)).not.toContain('middlebox')
    expect(withDrops.map(says)).toEqual([true])
  })

  it('and not those that came later: old losses are forgotten', async () => {
    const all = blocks(far([...WARM, ...FORGED]))
    const early = [all[0], isb({ drops: 7n }), all[1], isb({ drops: 7n })]
    const told = await replayed(...early, ...all.slice(2))
    expect(told.map(says)).toEqual([false])
    expect(origins(told)).toEqual(['middlebox'])
  })

  it('a count that the engine gave between two packets lies between the looks at it, or just behind', () => {
    const trouble = new CaptureTrouble()
    trouble.noteDrops(0, 1 * SECOND)
    trouble.noteDrops(5, 2 * SECOND)
    // Packets wait in the engine: what it lost may come only now.
    expect(trouble.lostBetween(2.5 * SECOND, 2.6 * SECOND)).toBe(true)
    trouble.noteDrops(5, 3 * SECOND)
    expect([0.5, 0.9].map(s => trouble.lostBetween(0, s * SECOND))).toEqual([false, false])
    expect([1.5, 2.5].map(s => trouble.lostBetween(s * SECOND, s * SECOND))).toEqual([true, true])
    expect(trouble.lostBetween(3.1 * SECOND, 9 * SECOND)).toBe(false)
    // A counter that falls is a new engine's, or nonsense: nothing is known to be lost.
    trouble.noteDrops(2, 4 * SECOND)
    expect(trouble.lostBetween(3.1 * SECOND, 9 * SECOND)).toBe(false)
  })
})

describe('a clock that is set back', () => {
  it('ends the wait of what came before, and accuses nobody until it has caught up', async () => {
    const list = far([...WARM, ...FORGED])
    const hour = 3600 * SECOND
    const later = list.map(f => ({ ...f, timeNs: f.timeNs + hour }))
    // The reset stands before the step: it does not wait for an hour, and its own connection is in order.
    const before = await replayed(...blocks(later), ...blocks(far(exchange(20, 20 * SECOND))))
    expect(before).toHaveLength(1)
    // Behind the step: times of the exchanges before mean nothing.
    const behind = await replayed(...blocks(far(exchange(20, hour))), ...blocks(list))
    expect(origins(behind)).not.toContain('middlebox')
    expect(behind[0].reset.confidence).toBeLessThanOrEqual(0.6)
    expect(behind[0].reset.cannotTell.join()).toContain('the clock was set back')
  })
})
