/** The packets before a reset: the last ones of everything, found by connection, in a fixed piece of memory. */
import { describe, expect, it } from 'vitest'
import { PacketRing } from '../../src/live/ring.js'
import { FLAGS, segments } from './segments.js'

const MEMORY = 20_800

describe('the ring of packets', () => {
  it('gives the packets of one connection back, of both directions, oldest first', () => {
    const ring = new PacketRing(MEMORY)
    const made = segments([
      { from: 'a', port: 1000, flags: FLAGS.syn },
      { from: 'a', port: 2000, flags: FLAGS.syn },
      { from: 'b', port: 1000, flags: FLAGS.syn | FLAGS.ack },
      { from: 'a', port: 1000, flags: FLAGS.rst, payload: 7 },
    ])
    for (const { segment, frame } of made) ring.add(segment, frame)
    const packets = ring.connectionOf(4)
    expect(packets.map(p => p.frame)).toEqual([1, 3, 4])
    for (const packet of packets) {
      const { frame } = made[packet.frame - 1]
      expect(packet.data).toEqual(Buffer.from(frame.data.subarray(frame.start, frame.end)))
      expect(packet).toMatchObject({
        timeNs: frame.timeNs,
        originalLength: frame.originalLength,
        linkType: 1,
      })
    }
    expect(ring.connectionOf(5)).toEqual([])
  })

  it('forgets the oldest, whatever their sizes, and never mixes up bytes', () => {
    const ring = new PacketRing(MEMORY)
    const sizes = [0, 1000, 3, 400, 1, 1400, 64]
    const many = Array.from({ length: 3000 }, (_, i) => ({
      from: i % 3 === 0 ? ('b' as const) : ('a' as const),
      port: 1000 + (i % 5),
      flags: FLAGS.ack,
      payload: sizes[i % sizes.length],
    }))
    const made = segments(many)
    let most = 0
    for (const { segment, frame } of made) {
      ring.add(segment, frame)
      const found = ring.connectionOf(frame.number)
      most = Math.max(most, found.length)
      expect(found.at(-1)!.frame).toBe(frame.number)
      for (const packet of found) {
        const original = made[packet.frame - 1].frame
        expect((frame.number - packet.frame) % 5).toBe(0)
        expect(packet.data.equals(original.data.subarray(original.start, original.end))).toBe(true)
      }
    }
    expect(most).toBeGreaterThan(2)
    expect(ring.connectionOf(1)).toEqual([])
  })

  it('leaves out what is longer than itself', () => {
    const ring = new PacketRing(4000)
    const [big] = segments([{ from: 'a', port: 1, flags: FLAGS.ack, payload: 1400 }])
    ring.add(big.segment, big.frame)
    expect(ring.connectionOf(1)).toEqual([])
  })
})
