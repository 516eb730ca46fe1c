import { expect, test } from 'vitest'
import { connectionOf, connectionsOf, frames, HANDSHAKE, kinds, worldOf } from './notation.js'

test('a repeated SYN is the same connection, another ISN a new one', async () => {
  const world = await worldOf(`
    c S 1000 id 1
    +1s c S 1000 id 2
    s R 0 ack 1001
    +1s c S 77000
    s R 0 ack 77001`)
  const [first, second] = world.connections.values()
  expect(world.connections.size).toBe(2)
  expect(kinds(first)).toEqual(['c syn', 'c syn', 's rst'])
  expect(first.sides.client.retransmittedSegments).toBe(1)
  expect(second.previous).toBe(first.id)
  expect(world.totals).toMatchObject({ connections: 2, resetConnections: 2, rstFrames: 2 })
  expect(world.listener('10.0.0.9', 80)?.refusalTimesNs).toHaveLength(2)
})

test('a RST whose number fits only the older incarnation belongs to it', async () => {
  const [old, young] = await connectionsOf(`${HANDSHAKE}
    s P 5001(1000) ack 1001
    c F 1001 ack 6001
    c S 900000000 id 9
    s S 700000000 ack 900000001
    c . 900000001 ack 700000001
    s R 6001
    +1s s R 700000001 ack 900000001`)
  expect(kinds(old).at(-1)).toBe('s rst')
  expect(frames(old.segments).at(-1)).toBe(9)
  expect(kinds(young)).toEqual(['c syn', 's syn-ack', 'c ack', 's rst'])
})

test('challenge ACK and the RST that answers it stand beside the new SYN', async () => {
  const all = await connectionsOf(`${HANDSHAKE}
    s P 5001(1000) ack 1001
    c . 1001 ack 6001
    +60s c S 80000000 id 9
    s . 6001 ack 1001
    c R 1001
    +10ms c S 80000000 id 10
    s S 7000 ack 80000001
    c . 80000001 ack 7001`)
  expect(all).toHaveLength(2)
  expect(kinds(all[0])).not.toContain('c rst')
  expect(kinds(all[1])).toEqual(['c syn', 's ack', 'c rst', 'c syn', 's syn-ack', 'c ack'])
  expect(all[1].previous).toBe(all[0].id)
  expect(all[1].sides.server.isn).toBe(7000)
  expect(all[1].handshake).toBe('complete')
})

test('a SYN-ACK for another SYN is recorded, its numbers are not taken', async () => {
  const c = await connectionOf(`
    c S 1000 id 1
    s S 5000 ack 778777
    c R 778777
    +11ms c S 1000 id 2
    s S 6000 ack 1001
    c . 1001 ack 6001`)
  expect(kinds(c)).toEqual(['c syn', 's syn-ack', 'c rst', 'c syn', 's syn-ack', 'c ack'])
  expect(c.sides.server.isn).toBe(6000)
})

test('a server RST that refuses the new SYN is not taken for one of the old connection', async () => {
  const all = await connectionsOf(`${HANDSHAKE}
    +1s c S 1900 id 9
    s R 0 ack 1901`)
  expect(all.at(-1)!.segments.map(s => s.kind)).toEqual(['syn', 'rst'])
})

// Were each reset looked for among all before it, this would take minutes: the runner's time limit ends it.
test('the same 4-tuple used 20,000 times', async () => {
  const text = Array.from(
    { length: 20_000 },
    (_, i) =>
      `c S ${(i * 250_000) % 4_000_000_000} id ${(i % 65535) + 1}\ns R 0 ack ${((i * 250_000) % 4_000_000_000) + 1}`,
  )
  const world = await worldOf(text.join('\n'))
  expect(world.totals).toMatchObject({ connections: 20_000, resetConnections: 20_000, rstFrames: 20_000 })
})

test('a closed connection is over after a minute: a late RST stands for itself', async () => {
  const closed = `${HANDSHAKE}
    c F 1001 ack 5001
    s F 5001 ack 1002
    c . 1002 ack 5002`
  expect(await connectionsOf(`${closed}\n+59s c R 1002`)).toHaveLength(1)
  const late = await connectionsOf(`${closed}\n+61s c R 1002`)
  expect(late.at(-1)!.segments.map(s => s.kind)).toEqual(['rst'])
})

test('the story of a reset includes the incarnation right before it, once', async () => {
  const all = await connectionsOf(`
    ${HANDSHAKE}
    c S 200000000
    c S 400000000
    c S 600000000
    s R 0 ack 600000001`)
  // Four attempts, all among the listener's first: the reset one and three siblings.
  expect(all).toHaveLength(4)
  expect(all.map(c => c.previous)).toEqual([undefined, undefined, undefined, 2])
})
