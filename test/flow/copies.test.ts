import { expect, test } from 'vitest'
import { connectionOf, HANDSHAKE, rstFrames, worldOf } from './notation.js'

test('-i any on a router: each packet twice, one hop less', async () => {
  const world = await worldOf(`
    c S 1000 id 100 ttl 64
    +20us c S 1000 id 100 ttl 63
    s S 5000 ack 1001 ttl 60
    +20us s S 5000 ack 1001 ttl 59
    c . 1001 ack 5001 id 101 ttl 64
    +20us c . 1001 ack 5001 id 101 ttl 63
    s R 5001 ttl 60
    +20us s R 5001 ttl 59`)
  const [c] = world.connections.values()
  expect(c.segments.map(s => s.frame)).toEqual([1, 3, 5, 7])
  expect(c.copies).toBe(4)
  expect(c.segments[3].copies).toEqual([{ frame: 8, capture: 0, hopLimit: 59 }])
  expect(c.sides.client.retransmittedSegments).toBe(0)
  expect(c.sides.server.hopLimits).toEqual([{ value: 60, count: 1 }])
  expect(rstFrames(world)).toEqual([7, 8])
})

test('a mirror port: identical packets, late', async () => {
  const c = await connectionOf(`
    c S 1000 id 100
    +5ms c S 1000 id 100
    s S 5000 ack 1001
    +10us s S 5000 ack 1001
    c . 1001 ack 5001 id 101
    c P 1001(10) ack 5001 id 102
    c . 1001 ack 5001 id 101
    c P 1001(10) ack 5001 id 102
    s R 5001
    +10us s R 5001`)
  expect(c.copies).toBe(5)
  expect(c.segments.filter(s => s.kind === 'rst')).toHaveLength(1)
})

test('passive resets that answer a burst are equal and are not copies', async () => {
  const c = await connectionOf(`${HANDSHAKE}
    s P 5001(100) ack 1001 id 7
    +5us s P 5101(100) ack 1001 id 8
    +5us s P 5201(100) ack 1001 id 9
    +10us c R 1001
    +5us c R 1001
    +5us c R 1001`)
  expect(c.segments.filter(s => s.kind === 'rst')).toHaveLength(3)
  expect(c.copies).toBe(0)
})

test('passive resets that answer a burst, each recorded twice', async () => {
  const c = await connectionOf(`
    s P 5001(100) ack 1001 id 7
    +5us s P 5001(100) ack 1001 id 7
    +5us s P 5101(100) ack 1001 id 8
    +5us s P 5101(100) ack 1001 id 8
    +10us c R 1001
    +5us c R 1001
    +5us c R 1001
    +5us c R 1001`)
  const rsts = c.segments.filter(s => s.kind === 'rst')
  expect(rsts.map(r => r.copies.length)).toEqual([1, 1])
})

test('a retransmission has an identification of its own', async () => {
  const c = await connectionOf(`${HANDSHAKE}
    c P 1001(10) ack 5001 id 102
    +30ms c P 1001(10) ack 5001 id 103
    s R 5001`)
  expect(c.copies).toBe(0)
  expect(c.sides.client.retransmittedSegments).toBe(1)
})

test('IPv6 through a mirror port: data shows that packets come twice', async () => {
  const c = await connectionOf(
    `
    c S 1000
    +10us c S 1000
    s S 5000 ack 1001
    +10us s S 5000 ack 1001
    s R 5001
    +10us s R 5001`,
    { ipVersion: 6 },
  )
  expect(c.segments.map(s => s.kind)).toEqual(['syn', 'syn-ack', 'rst'])
})

test('duplicate ACKs are not copies', async () => {
  const c = await connectionOf(`${HANDSHAKE}
    s P 5101(100) ack 1001 id 8
    c . 1001 ack 5001
    +5us c . 1001 ack 5001
    +5us c . 1001 ack 5001
    s R 5201`)
  expect(c.copies).toBe(0)
})

test('the note counts them', async () => {
  const { Notes } = await import('../../src/notes.js')
  const notes = new Notes()
  await worldOf('c S 1000 id 1\n+10us c S 1000 id 1\ns R 0 ack 1001', {}, { notesOf: () => notes })
  expect(notes.list()).toMatchObject([{ name: 'duplicate-frames', count: 1, firstFrame: 2 }])
})
