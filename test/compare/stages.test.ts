/** Large captures are traced in part: that must not change what is found out. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { compareCaptures } from '../../src/compare/index.js'
import { readVantages } from '../../src/compare/read.js'
import { comparisonOf } from '../analyses.js'
import { labelledPairs } from '../accuracy/pairs.js'
import { everyday } from '../sample.js'
import { pcapFrom, type Packet } from '../bench/synthetic.js'
import { part, readPcap, writePcap } from './rewrite.js'

const CHOOSE = { traceUpTo: -1 }

test.each(everyday(3, labelledPairs()).map(p => [p.scenario, p.captures] as const))(
  '%s: the same report whether everything is traced or only what matters',
  async (_scenario, captures) => {
    const paths: [string, string] = [captures[0].path, captures[1].path]
    const [whole, chosen] = [await comparisonOf(...paths), await compareCaptures(paths, CHOOSE)]
    expect(chosen.report).toEqual(whole.report)
  },
)

test('from the middle of a translated connection: found by its packets in a third reading', async () => {
  const pair = labelledPairs().find(p => p.scenario === 'genuine-abort-through-nat')!
  const files = pair.captures.map(c => writePcap(part(readPcap(c.path), 4))) as [string, string]
  const [whole, chosen] = [await compareCaptures(files), await compareCaptures(files, CHOOSE)]
  expect(whole.report.comparison.translated).toHaveLength(1)
  expect(chosen.report).toEqual(whole.report)
})

const CLIENT = 0x0a100000
const SERVER = 0x0a000001
const CLOCK_US = 90_000_000
const MANY = 3000

/** Connection `i`: handshake, request, answer, then FIN or, for every three hundredth, a reset. */
function* connection(i: number): Generator<Packet> {
  const c = { source: CLIENT, sourcePort: 1024 + i, destination: SERVER, destinationPort: 443, hopLimit: 64 }
  const s = { source: SERVER, sourcePort: 443, destination: CLIENT, destinationPort: 1024 + i, hopLimit: 61 }
  const [isn, peer, us] = [i * 7919, i * 104_729, i * 1000]
  yield { ...c, flags: 0x02, seq: isn, ack: 0, us, ipId: 1 }
  yield { ...s, flags: 0x12, seq: peer, ack: isn + 1, us: us + 20_000, ipId: 2 }
  yield { ...c, flags: 0x10, seq: isn + 1, ack: peer + 1, us: us + 20_100, ipId: 3 }
  yield { ...c, flags: 0x18, seq: isn + 1, ack: peer + 1, us: us + 20_200, payload: 20, ipId: 4 }
  yield { ...s, flags: 0x18, seq: peer + 1, ack: isn + 21, us: us + 41_000, payload: 20, ipId: 5 }
  yield { ...s, flags: i % 300 === 0 ? 0x14 : 0x11, seq: peer + 21, ack: isn + 21, us: us + 60_000, ipId: 6 }
}

/** The same at the server: 10 ms away, three hops, a source translated to one address and other ports, a clock 90 s ahead. */
function atTheServer(p: Packet): Packet {
  const outward = p.source === CLIENT
  const moved = outward
    ? { source: 0xc6336401, sourcePort: p.sourcePort + 20_000, hopLimit: 61, us: p.us + MANY }
    : {
        destination: 0xc6336401,
        destinationPort: p.destinationPort + 20_000,
        hopLimit: 64,
        us: p.us - MANY,
      }
  return { ...p, ...moved, us: moved.us + CLOCK_US }
}

test('many translated connections: a sample is traced, all are counted', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-stages-'))
  const packets = Array.from({ length: MANY }, (_, i) => [...connection(i)]).flat()
  const files: [string, string] = [path.join(folder, 'a.pcap'), path.join(folder, 'b.pcap')]
  fs.writeFileSync(files[0], pcapFrom(packets))
  fs.writeFileSync(files[1], pcapFrom(packets.map(atTheServer)))
  const { vantages, census } = await readVantages(files, { traceUpTo: 1000 })
  expect(vantages.map(v => v.world.connections.size < 2500)).toEqual([true, true])
  expect(census.untraced).toBeGreaterThan(800)
  const { report } = await compareCaptures(files, { traceUpTo: 1000 })
  fs.rmSync(folder, { recursive: true })
  expect(report.comparison).toMatchObject({ matchedConnections: MANY, unmatchedResetConnections: [0, 0] })
  expect(Math.abs(report.comparison.clockOffsetMs! - CLOCK_US / 1000)).toBeLessThan(
    report.comparison.clockUncertaintyMs! + 0.001,
  )
  expect(report.comparison.summary).toContain('3,000 connections are in both, with translated addresses')
  expect(report.totals).toMatchObject({
    connections: MANY,
    resetConnections: 10,
    resets: 10,
    rstFrames: 10,
  })
  expect(report.resets.every(r => r.origin === 'endpoint' && r.vantages.every(v => v.seen))).toBe(true)
})
