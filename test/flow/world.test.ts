import { expect, test } from 'vitest'
import { TrackedConnection } from '../../src/flow/connection.js'
import { KeyTable } from '../../src/flow/key-table.js'
import { Numbers } from '../../src/flow/numbers.js'
import { Notes } from '../../src/notes.js'
import { connectionsOf, HANDSHAKE, rstFrames, worldOf } from './notation.js'
import { random } from './story.js'

test('timelines of a listener that dies and comes back', async () => {
  const world = await worldOf(`
    c1 S 1000
    s1 S 5000 ack 1001
    c1 . 1001 ack 5001
    s1 F 5001 ack 1001
    s1 R 5002 ack 1001
    +1s c2 S 1000
    s2 R 0 ack 1001
    +1s c3 S 1000
    s3 S 5000 ack 1001`)
  expect(world.listener('10.0.0.9', 80)).toMatchObject({
    connections: 3,
    resetConnections: 2,
    synTimesNs: [0, 1004e6, 2005e6],
    acceptTimesNs: [1e6, 2006e6],
    refusalTimesNs: [1005e6],
    serverFinTimesNs: [3e6],
    siblings: [2],
  })
  expect(world.source('10.0.0.5')).toMatchObject({ syns: 3, hosts: 1, ports: 1, listeners: 1, refused: 0 })
  expect(world.source('10.0.0.5')?.accepts).toMatchObject([{ timeNs: 1e6, port: 80 }, { timeNs: 2006e6 }])
  expect(world.connections.get(2)?.segments).toHaveLength(2)
})

test('siblings: the first 32 of a listener with a reset', async () => {
  const many = Array.from({ length: 60 }, (_, i) => `c${i + 1} S 1000\ns${i + 1} S 5000 ack 1001`).join('\n')
  for (const singlePass of [false, true]) {
    const world = await worldOf(`${many}\nc60 R 1001`, { singlePass })
    expect(world.listener('10.0.0.9', 80)?.siblings).toHaveLength(32)
    expect(world.connections.size).toBe(33)
  }
})

test('a filter sees segments before everything else', async () => {
  const world = await worldOf(
    'c1 S 1000\ns1 R 0 ack 1001\nc2 S 1000\ns2 R 0 ack 1001',
    {},
    {
      filter: segment => segment.sourcePort === 40002 || segment.destinationPort === 40002,
    },
  )
  expect(world.totals).toEqual({ connections: 1, resetConnections: 1, rstFrames: 1, tcpSegments: 2 })
  expect(world.tcpSegmentsByCapture).toEqual([2])
})

test('without any reset: what else is wrong with the capture', async () => {
  const text = `
    c1 S 1000
    +1s c1 S 1000
    c2 S 1000
    s2 S 5000 ack 1001
    c2 . 1001 ack 5001
    c2 P 1001(100) ack 5001 id 2
    +200ms c2 P 1001(100) ack 5001 id 3
    +400ms c2 P 1001(100) ack 5001 id 4
    +800ms c2 P 1001(100) ack 5001 id 5`
  for (const singlePass of [false, true]) {
    expect((await worldOf(text, { singlePass })).health).toEqual({
      connections: 2,
      unansweredSyns: [{ listener: '10.0.0.9:80', count: 1 }],
      dyingInRetransmission: 1,
      retransmittedSegments: 4,
      dataSegments: 4,
      oneSided: false,
    })
  }
})

test('memory is bounded: the least recently active go, resets stay, and the note says so', async () => {
  const syns = Array.from({ length: 20_000 }, (_, i) => `c${i} S 1000`)
  syns.splice(10, 0, 'c7 R 1001')
  const notes = new Notes()
  const world = await worldOf(
    syns.join('\n'),
    { singlePass: true },
    { memoryBytes: 4e6, notesOf: () => notes },
  )
  expect(rstFrames(world)).toEqual([11])
  expect(notes.list().map(n => n.name)).toEqual(['connections-evicted', 'tables-full'])
  // 4 MB hold fewer than 3,000 connections; the bound is looked at every 4,096 segments.
  expect(notes.list()[0].count).toBeGreaterThan(20_000 - 3_000 - 4_096)
})

test('RSTs beyond the connections that are judged are counted, in one pass as in two', async () => {
  // 4 MB have room for 1,024 reset connections; c7 is reset again when all room is taken.
  const lines = Array.from({ length: 1500 }, (_, i) => `c${i} S 1000\ns${i} R 0 ack 1001`)
  const text = [...lines, 'c7 R 1001', 's1490 R 1 ack 1001'].join('\n')
  const told = []
  for (const singlePass of [true, false]) {
    const notes = new Notes()
    const world = await worldOf(text, { singlePass }, { memoryBytes: 2 ** 22, notesOf: () => notes })
    const [left] = notes.list().filter(n => n.name === 'rst-frames-left-out')
    const listed = rstFrames(world)
    expect(listed).toContain(3001)
    expect(listed.length + left.count).toBe(1502)
    expect(world.totals).toMatchObject({ rstFrames: 1502, resetConnections: 1024 })
    expect(world.captureLoss, 'what is absent proves nothing').toBe(true)
    told.push(listed)
  }
  expect(told[0]).toEqual(told[1])
})

test('however much is evicted, every RST frame stands in one connection', async () => {
  const next = random(5)
  const lines: string[] = []
  const rsts: number[] = []
  while (lines.length < 14_000) {
    const n = Math.floor(next() ** 2 * 6000)
    const kind = next()
    if (kind < 0.5) lines.push(`c${n} S ${1000 + (n % 3)}`)
    else if (kind < 0.7) lines.push(`s${n} SA 5000 ack 1001`)
    else if (kind < 0.85) lines.push(`c${n} P 1001 ack 5001 "GET / HTTP/1.1\\r\\n\\r\\n"`)
    else if (kind < 0.95) lines.push(`${next() < 0.5 ? 'c' : 's'}${n} F 1001 ack 5001`)
    else rsts.push(lines.push(`s${n} R 5001 id ${lines.length & 0xffff}`))
  }
  const notes = new Notes()
  const options = { memoryBytes: 3e6, notesOf: () => notes }
  const world = await worldOf(lines.join('\n'), { singlePass: true }, options)
  expect(notes.has('connections-evicted')).toBe(true)
  expect(rstFrames(world).toSorted((a, b) => a - b)).toEqual(rsts)
})

test('RSTs of one connection are listed as far as there is room', async () => {
  const flood = Array.from({ length: 70_000 }, (_, i) => `s R ${5001 + i}`).join('\n')
  const told = []
  for (const singlePass of [true, false]) {
    const notes = new Notes()
    const world = await worldOf(
      HANDSHAKE + flood,
      { singlePass },
      { memoryBytes: 2 ** 22, notesOf: () => notes },
    )
    const [left] = notes.list().filter(n => n.name === 'rst-frames-left-out')
    told.push([rstFrames(world).length, left.count])
  }
  expect(told).toEqual([
    [65_792, 4208],
    [65_792, 4208],
  ])
})

test('a connection that begins in the place of a forgotten one is like a new one', () => {
  const numbers = new Numbers()
  const used = new TrackedConnection(numbers)
  used.begin(1, 2, true, 3, 6, 4.5e9)
  const fresh = new TrackedConnection(numbers)
  fresh.begin(7, 8, false, 9, 4, 10)
  const state = (c: TrackedConnection) => ({ ...c, numbers: 0, at: 0, client: 0, server: 0 })
  const expected = state(fresh)
  // Whatever it holds: every field of its own is something else.
  for (const [name, value] of Object.entries(used)) {
    if (['numbers', 'at', 'client', 'server'].includes(name)) continue
    Reflect.set(
      used,
      name,
      typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : ['x'],
    )
  }
  used.begin(7, 8, false, 9, 4, 10)
  expect(state(used)).toEqual(expected)
  expect([...numbers.words.subarray(used.at, used.at + 128)]).toEqual([
    ...numbers.words.subarray(fresh.at, fresh.at + 128),
  ])
})

test('an empty capture', async () => {
  const world = await worldOf('')
  expect(world.totals).toEqual({ connections: 0, resetConnections: 0, rstFrames: 0, tcpSegments: 0 })
  expect(world.startTimeNs).toBe(0)
})

test('odd flags are kept: SYN+RST, FIN+RST, none, all', async () => {
  const world = await worldOf(`${HANDSHAKE}
    c SR 1001
    s FR 5001 ack 1001
    c - 1001(5)
    s SFRPA 5001 ack 1001`)
  expect(rstFrames(world)).toEqual([4, 5, 7])
  const [c] = world.connections.values()
  expect(c.history).toBe('ShARQfriDq')
})

test('a second SYN-ACK with other numbers changes nothing', async () => {
  const [c] = await connectionsOf(`
    c S 1000
    s S 5000 ack 1001
    +10us s S 9000 ack 1001 ttl 47
    c . 1001 ack 5001
    c R 1001`)
  expect(c.sides.server.isn).toBe(5000)
  expect(c.handshake).toBe('complete')
})

test('the hash table keeps what was added and forgets what was deleted', () => {
  const next = random(7)
  const table = new KeyTable(2)
  const model = new Map<string, number>()
  for (let i = 0; i < 50_000; i++) {
    const key = Int32Array.of(Math.floor(next() * 60), Math.floor(next() * 60))
    const name = key.join()
    if (next() < 0.5) {
      const id = table.add(key)
      expect(table.added).toBe(!model.has(name))
      model.set(name, id)
    } else if (model.has(name)) {
      table.delete(model.get(name)!)
      model.delete(name)
    }
    expect(table.find(key)).toBe(model.get(name) ?? -1)
  }
  expect(table.size).toBe(model.size)
  expect(new Set(model.values()).size).toBe(model.size)
})
