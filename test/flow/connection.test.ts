import { describe, expect, test } from 'vitest'
import { connectionOf, connectionsOf, HANDSHAKE, kinds, worldOf } from './notation.js'

describe('a connection', () => {
  test('from handshake to reset', async () => {
    const c = await connectionOf(`${HANDSHAKE}
      c P 1001 ack 5001 "GET /cart HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
      +20ms s . 5001 ack 1035
      +5ms s P 5001(100) ack 1035
      c . 1037 ack 5101
      +60s s R 5101 ack 1035`)
    expect(kinds(c)).toEqual(['c syn', 's syn-ack', 'c ack', 'c data', 's ack', 's data', 'c ack', 's rst'])
    expect(c.client.port).toBe(40000)
    expect(c.rolesCertain).toBe(true)
    expect(c.history).toBe('ShADadr')
    expect(c.handshake).toBe('complete')
    expect(c.sides.client).toMatchObject({
      isn: 1000,
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      timestamps: true,
    })
    expect(c.sides.client).toMatchObject({
      payloadBytes: 34,
      dataSegments: 1,
      retransmittedSegments: 0,
      segments: 4,
    })
    expect(c.sides.server).toMatchObject({ isn: 5000, payloadBytes: 100, minResponseNs: 20e6 })
    expect(c.sides.client.minResponseNs).toBe(1e6)
    expect(c.segments[3].label).toContain('GET /cart')
    expect(c.segments[3].startsMessage).toBe(true)
    expect(c.longestSurvivedSilenceNs).toBe(20e6)
    expect(c.unseenBytes).toBe(0)
    expect(c.sides.server.hopLimits).toEqual([{ value: 57, count: 3 }])
  })

  test('a refused SYN', async () => {
    const world = await worldOf(`
      c S 1000
      s R 0 ack 1001`)
    const [c] = world.connections.values()
    expect(c.handshake).toBe('none')
    expect(c.history).toBe('Sr')
    expect(world.listener('10.0.0.9', 80)).toMatchObject({
      connections: 1,
      resetConnections: 1,
      refusalTimesNs: [1e6],
    })
    expect(world.source('10.0.0.5')).toMatchObject({ syns: 1, listeners: 1, refused: 1 })
    expect(world.host('10.0.0.9')?.hopLimits).toEqual([{ value: 57, kind: 'rst-to-syn', port: 80, count: 1 }])
  })

  test('begins in the middle: roles are guessed by port', async () => {
    const c = await connectionOf(`
      s P 5001(100) ack 1001
      c . 1001 ack 5101
      c R 1001 ack 5101`)
    expect(c.rolesCertain).toBe(false)
    expect(c.client.port).toBe(40000)
    expect(c.handshake).toBe('not-captured')
    expect(c.sides.client.isn).toBeUndefined()
    expect(c.sides.server.mss).toBeUndefined()
  })

  test('SYN-ACK only: the client ISN is known by its acknowledgement', async () => {
    const c = await connectionOf(`
      s S 5000 ack 1001
      c . 1001 ack 5001
      c R 1001 ack 5001`)
    expect(c.rolesCertain).toBe(true)
    expect(c.client.port).toBe(40000)
    expect(c.sides.client).toMatchObject({ isn: 1000, synSeen: false })
    expect(c.handshake).toBe('partial')
  })

  test('RST with sequence number 0 answers a SYN that was not captured', async () => {
    const world = await worldOf('s R 0 ack 1001')
    const [c] = world.connections.values()
    expect(c.server.port).toBe(80)
    expect(c.rolesCertain).toBe(false)
    expect(world.totals).toMatchObject({ connections: 1, resetConnections: 1 })
    expect(world.listener('10.0.0.9', 80)?.refusalTimesNs).toEqual([0])
  })

  test('simultaneous open is one connection', async () => {
    const world = await worldOf(`
      c S 1000
      s S 5000
      s S 5000 ack 1001
      c S 1000 ack 5001
      c . 1001 ack 5001
      c R 1001 ack 5001`)
    expect(world.connections.size).toBe(1)
    expect(world.totals.connections).toBe(1)
  })

  test('Fast Open: data on the SYN', async () => {
    const c = await connectionOf(`
      c S 1000(50)
      s S 5000 ack 1051
      c P 1051(10) ack 5001
      s . 5001 ack 1061
      s R 5001 ack 1061`)
    expect(kinds(c)).toEqual(['c syn', 's syn-ack', 'c data', 's ack', 's rst'])
    expect(c.sides.client.payloadBytes).toBe(60)
    expect(c.unseenBytes).toBe(0)
  })
})

describe('segment kinds', () => {
  const after = async (text: string) =>
    kinds(await connectionOf(`${HANDSHAKE}${text}\n+1s s R 9000`)).slice(3, -1)

  test('retransmission, also of a FIN', async () => {
    expect(
      await after(`
      c P 1001(100) ack 5001 id 102
      +200ms c P 1001(100) ack 5001 id 103
      s . 5001 ack 1101
      c F 1101 ack 5001 id 104
      +200ms c F 1101 ack 5001 id 105`),
    ).toEqual(['c data', 'c retransmission', 's ack', 'c fin', 'c retransmission'])
  })

  test('a hole filled at once is reordering, after a round trip a retransmission', async () => {
    expect(
      await after(`
      s P 5101(100) ack 1001
      +100us s P 5001(100) ack 1001
      s P 5301(100) ack 1001
      +100ms s P 5201(100) ack 1001`),
    ).toEqual(['s data', 's out-of-order', 's data', 's retransmission'])
  })

  test('keepalive probes and their answers', async () => {
    expect(
      await after(`
      +10s c . 1000 ack 5001
      s . 5001 ack 1001
      +10s c . 1000(1) ack 5001
      s . 5001 ack 1001`),
    ).toEqual(['c keepalive-probe', 's ack', 'c keepalive-probe', 's ack'])
  })

  test('zero window: probes and the update', async () => {
    expect(
      await after(`
      s P 5001(1000) ack 1001
      c . 1001 ack 6001 win 0
      +200ms s . 6000 ack 1001
      c . 1001 ack 6001 win 0
      +400ms s . 6001(1) ack 1001
      c . 1001 ack 6001 win 0
      c . 1001 ack 6001 win 400`),
    ).toEqual([
      's data',
      'c ack',
      's zero-window-probe',
      'c ack',
      's zero-window-probe',
      'c ack',
      'c window-update',
    ])
  })

  test('duplicate ACKs', async () => {
    expect(
      await after(`
      s P 5101(100) ack 1001
      c . 1001 ack 5001
      c . 1001 ack 5001`),
    ).toEqual(['s data', 'c duplicate-ack', 'c duplicate-ack'])
  })

  test('a segment far outside any window moves nothing', async () => {
    const c = await connectionOf(`${HANDSHAKE}
      s P 900005001(100) ack 1001
      s P 5001(100) ack 1001
      s R 5101`)
    expect(kinds(c).slice(3, 5)).toEqual(['s out-of-order', 's data'])
    expect(c.sides.server.payloadBytes).toBe(100)
  })
})

describe('what the capture lost', () => {
  test('acknowledged bytes that were never seen', async () => {
    const c = await connectionOf(`${HANDSHAKE}
      s P 5001(100) ack 1001
      s P 5301(100) ack 1001
      c . 1001 ack 5401
      s R 5401`)
    expect(c.unseenBytes).toBe(200)
    expect(c.history).toContain('g')
  })

  test('an acknowledgement recorded before its data is no loss', async () => {
    const c = await connectionOf(`${HANDSHAKE}
      c . 1001 ack 5101
      +10us s P 5001(100) ack 1001
      c . 1001 ack 5101
      s R 5101`)
    expect(c.unseenBytes).toBe(0)
    expect(c.sides.server.payloadBytes).toBe(100)
  })

  test('only one direction was captured', async () => {
    const world = await worldOf(`
      c S 1000
      c . 1001 ack 5001
      c P 1001(100) ack 5001
      c P 1101(100) ack 9001
      c R 1201 ack 9001`)
    const [c] = world.connections.values()
    expect(c.handshake).toBe('partial')
    expect(c.sides.server).toMatchObject({ segments: 0, hopLimits: [], timestamps: undefined })
    expect(world.health.oneSided).toBe(true)
  })

  test('keepalive probes are the first segments of the capture', async () => {
    const c = await connectionOf(`
      c . 1000 ack 5001
      s . 5001 ack 1001
      +10s c . 1000 ack 5001
      s . 5001 ack 1001
      c P 1001(100) ack 5001
      s R 5001`)
    expect(c.unseenBytes).toBe(0)
    expect(kinds(c)[2]).toBe('c keepalive-probe')
  })
})

describe('what is kept', () => {
  const stream = (n: number, from = 0) =>
    Array.from({ length: n }, (_, i) => `s P ${5001 + (from + i) * 10}(10) ack 1001 id ${from + i + 1}`).join(
      '\n',
    )

  test('the first 16 and the last 48 before the RST, and how many are missing between', async () => {
    const c = await connectionOf(`${HANDSHAKE}${stream(200)}\nc R 1001`)
    expect(c.segments).toHaveLength(16 + 48 + 1)
    expect(c.segments[16].omittedBefore).toBe(203 - 16 - 48)
    expect(c.segments.filter(s => s.omittedBefore > 0)).toHaveLength(1)
    expect(c.sides.server.segments).toBe(201)
  })

  test('48 from the first RST on, the last 32, and every RST between', async () => {
    const c = await connectionOf(
      `${HANDSHAKE}${stream(10)}\nc R 1001 id 7\n${stream(100, 10)}\nc R 1001 id 8\n${stream(100, 110)}`,
    )
    expect(c.segments).toHaveLength(13 + 48 + 1 + 32)
    expect(c.segments.filter(s => s.kind === 'rst')).toHaveLength(2)
    const omitted = c.segments.reduce((sum, s) => sum + s.omittedBefore, 0)
    expect(omitted + c.segments.length).toBe(3 + 10 + 1 + 100 + 1 + 100)
  })

  test('a flood of RSTs: 256 as segments, the others listed', async () => {
    const flood = Array.from({ length: 400 }, (_, i) => `c R ${1001 + i} id ${i + 1}`).join('\n')
    const c = await connectionOf(`${HANDSHAKE}${flood}`)
    expect(c.segments.filter(s => s.kind === 'rst')).toHaveLength(256)
    expect(c.furtherRsts).toHaveLength(144)
  })

  test('the application state is kept as it was at each RST, whatever comes later', async () => {
    const c = await connectionOf(`${HANDSHAKE}
      c P 1001 ack 5001 "GET / HTTP/1.1\\r\\n\\r\\n"
      s R 5001
      s P 5001 ack 1019 "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"`)
    expect(c.applicationAtRst).toHaveLength(1)
    const { beforeFrame, state } = c.applicationAtRst[0]
    expect(beforeFrame).toBe(6)
    expect([state.requests, state.answers]).toEqual([1, 0])
    expect([c.application.requests, c.application.answers]).toEqual([1, 1])
  })

  test('ICMP errors', async () => {
    const c = await connectionOf(`c S 1000\nicmp 3/1 c 1000\ns R 0 ack 1001`)
    expect(c.icmpErrors).toMatchObject([{ frame: 2, type: 3, code: 1 }])
  })

  test('connections without a RST are not in the world', async () => {
    expect(await connectionsOf(HANDSHAKE)).toEqual([])
  })
})
