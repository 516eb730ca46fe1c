/** What the bound of the memory rests on: bytes that are counted against bytes that are there. */
import { expect, test } from 'vitest'
import { hold, STAGES } from '../bench/held.js'

/** Just below a power of two: tables that double are nearly full. */
const CONNECTIONS = 16_000

for (const [stage, packets] of Object.entries(STAGES)) {
  test(`a connection ${stage} takes what it is counted by`, async () => {
    const { flow, bytes } = await hold(CONNECTIONS, packets)
    expect(flow.tracker.held.size).toBe(CONNECTIONS)
    const counted = flow.bytes / CONNECTIONS
    const taken = bytes / CONNECTIONS
    expect(taken, `${taken} bytes each, counted ${counted}`).toBeLessThan(counted * 1.1)
    expect(taken, `${taken} bytes each, counted ${counted}`).toBeGreaterThan(counted * 0.6)
  })
}
