/** Verdicts while frames come: when they settle, what belongs together, and what happens when too much comes. */
import { describe, expect, it } from 'vitest'
import type { Told as Verdict } from '../../src/live/judge.js'
import { LiveSession } from '../../src/live/session.js'
import type { CaptureInfo, Frame } from '../../src/model.js'
import { eventually } from './bench.js'
import { FLAGS, frames, type Told } from './segments.js'

const MIB = 2 ** 20
const SECOND = 1e9

function session(memoryBytes = 256 * MIB): {
  live: LiveSession
  told: Verdict[]
  feed: (list: Frame[]) => void
} {
  const told: Verdict[] = []
  const info = { path: 'test', notes: [], linkTypes: ['EN10MB'], frames: 0 } as unknown as CaptureInfo
  const live = new LiveSession({
    timebase: { seconds: 1_700_000_000 },
    memoryBytes,
    settleMs: 1000,
    capture: () => info,
    onVerdict: verdict => told.push(verdict),
  })
  return { live, told, feed: list => list.forEach(frame => live.feed(frame)) }
}

/** A connect that is refused. */
const refused = (port: number, timeNs: number, host = 1): Told[] => [
  { from: 'a', port, host, flags: FLAGS.syn, seq: 100, timeNs },
  { from: 'b', port, host, flags: FLAGS.rst | FLAGS.ack, seq: 0, ack: 101, timeNs: timeNs + 1000 },
]

describe('a live session', () => {
  it('tells a verdict once its reset has settled by the time of packets, or of a tick on a silent link', async () => {
    const { live, told, feed } = session()
    feed(frames([...refused(1, SECOND), { from: 'a', port: 9, flags: FLAGS.ack, timeNs: 1.9 * SECOND }]))
    expect(told).toEqual([])
    feed(frames([{ from: 'a', port: 9, flags: FLAGS.ack, timeNs: 2.6 * SECOND }], 4))
    expect(told.map(t => [t.reset.id, t.reset.cause, t.reset.frames])).toEqual([['r1', 'port-closed', [2]]])
    feed(frames(refused(2, 3 * SECOND), 5))
    live.tick(3.5 * SECOND)
    expect(told).toHaveLength(1)
    // After a judgement it pauses, so that judging never takes more than its share of the time.
    let now = 4.6 * SECOND
    await eventually(() => {
      live.tick((now += 0.05 * SECOND))
      return told.length === 2
    })
    expect(told.map(t => t.reset.id)).toEqual(['r1', 'r2'])
    const { report } = live.finish()
    expect(report.totals).toMatchObject({ connections: 2, resetConnections: 2, resets: 2, rstFrames: 2 })
    expect(report.incidents).toHaveLength(1)
  })

  it('adds a late RST to the reset it belongs to, whose verdict stays', () => {
    const { live, told, feed } = session()
    feed(frames(refused(1, SECOND)))
    live.tick(3 * SECOND)
    const again: Told = {
      from: 'b',
      port: 1,
      flags: FLAGS.rst | FLAGS.ack,
      seq: 0,
      ack: 101,
      timeNs: 3.1 * SECOND,
    }
    feed(frames([again], 3))
    live.tick(6 * SECOND)
    expect(told).toHaveLength(1)
    const { report } = live.finish()
    expect(report.resets.map(r => r.frames)).toEqual([[2, 3]])
  })

  it('counts what it cannot judge in its memory: no RST is lost from the totals, and nothing is hoarded', () => {
    const { live, told, feed } = session(32 * MIB)
    const storm = 20_000
    for (let i = 0; i < storm; i += 100) {
      const list = Array.from({ length: 100 }, (_, j) =>
        refused(1024 + ((i + j) % 60_000), SECOND + (i + j) * 2000, 1 + Math.floor(i / 250)),
      )
      feed(frames(list.flat(), 1 + i * 2))
      expect(live.figures.waiting).toBeLessThanOrEqual(1152)
    }
    const { report } = live.finish()
    const note = report.captures[0].notes.find(n => n.name === 'resets-not-judged')
    expect(report.totals.rstFrames).toBe(storm)
    expect(report.totals.resetConnections).toBe(storm)
    expect(note!.count + told.length).toBe(storm)
    expect(told.length).toBeGreaterThan(500)
    expect(live.figures.connections).toBeLessThan(8000)
  })

  it('outlives a storm of RSTs on one connection', () => {
    const { live, told, feed } = session(32 * MIB)
    feed(frames(refused(1, SECOND)))
    for (let i = 0; i < 100; i++) {
      const rst = (j: number): Told => ({
        from: 'b',
        port: 1,
        flags: FLAGS.rst | FLAGS.ack,
        seq: 0,
        ack: 101 + i * 200 + j,
        timeNs: (2 + i * 0.2) * SECOND + j * 1000,
      })
      feed(
        frames(
          Array.from({ length: 200 }, (_, j) => rst(j)),
          3 + i * 200,
        ),
      )
    }
    live.tick(60 * SECOND)
    const { report } = live.finish()
    expect(report.totals.rstFrames).toBe(20_001)
    expect(told.length).toBeGreaterThan(0)
    expect(told.length).toBeLessThan(50)
  })

  it('lets go of half of all when memory is short, and says so', () => {
    const { live, feed } = session()
    const open = Array.from({ length: 5000 }, (_, i) => ({
      from: 'a' as const,
      port: 1024 + i,
      flags: FLAGS.syn,
      timeNs: SECOND + i,
    }))
    feed(frames(open))
    const before = live.figures.connections
    live.shed()
    expect(live.figures.connections).toBeLessThan(before * 0.6)
    const { report } = live.finish()
    expect(report.captures[0].notes.map(n => n.name)).toContain('connections-evicted')
    expect(report.totals.connections).toBe(5000)
  })
})
