/** Which connections are the same in both captures. */
import { expect, test } from 'vitest'
import { compareCaptures } from '../../src/compare/index.js'
import { labelledPairs } from '../accuracy/pairs.js'
import { type Capture, part, readPcap, writePcap } from './rewrite.js'

function filesOf(scenario: string): [string, string] {
  const pair = labelledPairs().find(p => p.scenario === scenario)!
  return [pair.captures[0].path, pair.captures[1].path]
}

const TCP_AT = 14 + 20

/** Another connection on every packet: Ethernet, IPv4 without options. */
function rewritten(capture: Capture, change: (ip: Buffer, tcp: Buffer) => void): Capture {
  const packets = capture.packets.map(p => {
    const data = Buffer.from(p.data)
    if (data.readUInt16BE(12) === 0x0800) change(data.subarray(14), data.subarray(TCP_AT))
    return { ...p, data }
  })
  return { ...capture, packets }
}

test('through address translation: one reset, seen twice, the mapping told', async () => {
  const { report } = await compareCaptures(filesOf('genuine-abort-through-nat'))
  expect(report.comparison.matchedConnections).toBe(1)
  const [{ a, b }] = report.comparison.translated
  expect(a.client.address).not.toBe(b.client.address)
  expect(a.server).toEqual(b.server)
  expect(report.resets.map(r => [r.origin, r.vantages.every(v => v.seen)])).toEqual([['endpoint', true]])
  expect(report.totals).toMatchObject({ connections: 1, resetConnections: 1, resets: 1, rstFrames: 1 })
})

test('translated ports, captured from the middle of the connection', async () => {
  const [client, server] = filesOf('genuine-abort-through-nat').map(readPcap)
  const moved = rewritten(server, (ip, tcp) => {
    const toServer = tcp.readUInt16BE(0) > tcp.readUInt16BE(2)
    tcp.writeUInt16BE(40_001, toServer ? 0 : 2)
    ip.writeUInt8(99, toServer ? 15 : 19)
  })
  const { report } = await compareCaptures([writePcap(part(client, 4)), writePcap(part(moved, 4))])
  expect(report.comparison.matchedConnections).toBe(1)
  expect(report.comparison.translated[0].b.client.port).toBe(40_001)
  expect(report.resets).toHaveLength(1)
})

test('a proxy that ends TCP has connections of its own: never the same, never an accusation', async () => {
  const [client, server] = filesOf('genuine-server-abort').map(readPcap)
  // The same words a moment later, with other numbers, clocks and ids, as a proxy would send them.
  const own = rewritten(server, (ip, tcp) => {
    const toServer = tcp.readUInt16BE(0) > tcp.readUInt16BE(2)
    ip.writeUInt16BE((ip.readUInt16BE(4) + 7777) & 0xffff, 4)
    for (const [at, by] of [
      [4, toServer ? 123_456 : 654_321],
      [8, toServer ? 654_321 : 123_456],
    ])
      tcp.writeUInt32BE((tcp.readUInt32BE(at) + by) >>> 0, at)
    for (let at = 20; at + 10 <= (tcp[12] >> 4) * 4; at++)
      if (tcp[at] === 8 && tcp[at + 1] === 10)
        for (const o of [2, 6]) tcp.writeUInt32BE((tcp.readUInt32BE(at + o) + 99_999) >>> 0, at + o)
  })
  const { report } = await compareCaptures([writePcap(client), writePcap(own)])
  expect(report.comparison.matchedConnections).toBe(0)
  expect(report.resets.map(r => r.origin)).not.toContain('middlebox')
  expect(report.resets).toHaveLength(2)
})

test('a packet that slipped past the translation explains the reset', async () => {
  const { report } = await compareCaptures(filesOf('nat-flush-snat-slow'))
  const answer = report.resets.find(r => r.sender === 'server')!
  expect(answer).toMatchObject({ origin: 'endpoint', cause: 'nat-state-loss' })
  expect(answer.evidence[0].statement).toMatch(/^address translation failed/)
})

test('numbers rewritten by a SYN proxy: genuine, and said', async () => {
  const { report } = await compareCaptures(filesOf('synproxy-mangles-seq'))
  expect(report.resets).toHaveLength(1)
  expect(report.resets[0]).toMatchObject({ origin: 'endpoint', cause: 'abortive-close' })
  expect(report.resets[0].evidence.some(e => e.statement.includes('rewrote its sequence number'))).toBe(true)
})

test('evidence names frames of both captures', async () => {
  const { report } = await compareCaptures(filesOf('dpi-perfect-mimic'))
  const [reset] = report.resets
  expect(reset.evidence[0].statement).toMatch(
    /did not send it: frame 14 of client\.pcap has no counterpart in server\.pcap/,
  )
  expect(reset.evidence.some(e => e.capture === 1 && e.frames.length > 0)).toBe(true)
  expect(report.comparison.summary).toMatch(/left neither end/)
})
