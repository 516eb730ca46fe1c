/** The short way for plain segments (src/flow/plain.ts) and the long way for all of them make the same world. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type * as plain from '../../src/flow/plain.js'
import { ACK, FIN, PSH, RST, SYN } from '../../src/wire/segment.js'
import { pcapFrom, type Packet } from '../bench/synthetic.js'
import { Dice } from '../fuzz/dice.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-plain-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const SERVER = 0x0a000001

/** A conversation in which everything happens now and then that is not plain. */
function* conversation(dice: Dice, client: number, us: number): Generator<Packet> {
  const next = [dice.word(), dice.word()]
  const acked = [next[1], next[0]]
  const send = (from: 0 | 1, flags: number, payload = 0, more: Partial<Packet> = {}): Packet => {
    us += dice.chance(0.4) ? dice.below(400) : dice.below(120_000)
    const ends = [
      { source: client, sourcePort: 40_000, destination: SERVER, destinationPort: 443 },
      { source: SERVER, sourcePort: 443, destination: client, destinationPort: 40_000 },
    ]
    const packet = { ...ends[from], flags, payload, seq: next[from], ack: acked[from], us, ...more }
    next[from] = (next[from] + payload + (flags & (SYN | FIN) ? 1 : 0)) >>> 0
    return packet
  }
  if (dice.chance(0.8)) {
    yield send(0, SYN, 0, { ack: 0 })
    acked[1] = next[0]
    yield send(1, SYN | ACK)
    acked[0] = next[1]
    yield send(0, ACK)
  }
  for (let left = dice.between(3, 150); left > 0; left--) {
    const from = dice.chance(0.6) ? 1 : 0
    if (dice.chance(0.6)) acked[from] = next[1 - from]
    if (dice.chance(0.03)) next[from] = (next[from] + 500) >>> 0
    const window = dice.chance(0.1) ? dice.pick([0, 30, 600]) : 502
    const hopLimit = dice.chance(0.03) ? 60 : 64
    const kind = dice.below(20)
    if (kind < 9) yield send(from, ACK | PSH, dice.pick([1, 300, 1448]), { window, hopLimit })
    else if (kind < 16) yield send(from, ACK, 0, { window, hopLimit })
    else if (kind === 16) yield { ...send(from, ACK, 0), seq: (next[from] - 1) >>> 0 }
    else if (kind === 17) yield { ...send(from, ACK, 0), seq: (next[from] - 300) >>> 0, payload: 300 }
    else if (kind === 18) yield { ...send(from, ACK, 0), ack: (acked[from] + 4000) >>> 0 }
    else yield { ...send(from, ACK, 0), ack: (acked[from] - 10) >>> 0 }
  }
  if (dice.chance(0.4)) yield send(dice.chance(0.5) ? 1 : 0, RST | ACK)
  else yield* [send(1, FIN | ACK), send(0, FIN | ACK), send(1, ACK)]
  if (dice.chance(0.3)) yield* [send(0, ACK), send(1, ACK | PSH, 20), send(0, RST)]
}

function traffic(seed: number): Uint8Array {
  const dice = new Dice(seed)
  const packets: Packet[] = []
  for (let i = 0; i < 40; i++) packets.push(...conversation(dice, 0x0a100000 + i, dice.below(3_000_000)))
  return pcapFrom(packets.sort((a, b) => a.us - b.us))
}

/** The world of a capture as JSON, and how many segments took the short way. */
async function world(file: string, shortWay: boolean): Promise<{ json: string; plain: number }> {
  let count = 0
  vi.resetModules()
  vi.doMock('../../src/flow/plain.js', async original => {
    const real = await original<typeof plain>()
    const plainKind: typeof real.plainKind = (...args) => {
      const kind = shortWay ? real.plainKind(...args) : real.NOT_PLAIN
      if (kind !== real.NOT_PLAIN) count++
      return kind
    }
    return { ...real, plainKind }
  })
  const { openCaptures } = await import('../../src/capture/index.js')
  const { buildWorld } = await import('../../src/flow/index.js')
  const { createDecoder } = await import('../../src/wire/decoder.js')
  const built = await buildWorld(await openCaptures([file]), createDecoder, { keepAll: true })
  return { json: JSON.stringify([...built.connections.values()]), plain: count }
}

describe('the short way for plain segments', () => {
  it('makes the same connections as the long way', async () => {
    const file = path.join(folder, 'traffic.pcap')
    for (const seed of [1, 2, 3]) {
      fs.writeFileSync(file, traffic(seed))
      const short = await world(file, true)
      const long = await world(file, false)
      expect(short.plain).toBeGreaterThan(500)
      expect(long.plain).toBe(0)
      expect(short.json).toBe(long.json)
    }
  })
})
