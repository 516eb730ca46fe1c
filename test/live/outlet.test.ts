/** Verdicts on their way out: capturing never waits for a reader, and hoards nothing for one that does not read. */
import { describe, expect, it } from 'vitest'
import { Outlet } from '../../src/live/outlet.js'

/** A reader that reads when told to. */
class Reader {
  got = ''
  writes = 0
  private ready: (() => void)[] = []

  write(text: string): Promise<boolean> {
    this.writes++
    return new Promise(resolve => {
      this.ready.push(() => {
        this.got += text
        resolve(true)
      })
    })
  }

  async readAll(): Promise<void> {
    for (let i = 0; i < 50; i++) {
      for (const read of this.ready.splice(0)) read()
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

describe('the outlet', () => {
  it('writes everything in order, many lines at once', async () => {
    const reader = new Reader()
    const outlet = new Outlet(reader)
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}\n`)
    for (const line of lines) outlet.push(line)
    await reader.readAll()
    expect(reader.got).toBe(lines.join(''))
    expect(reader.writes).toBeLessThan(10)
    expect(outlet.lost).toBe(0)
  })

  it('counts what nobody reads, keeps no more than its bound, and goes on when somebody reads again', async () => {
    const reader = new Reader()
    const outlet = new Outlet(reader, 1000)
    for (let i = 0; i < 500; i++) outlet.push('0123456789')
    expect(outlet.lost).toBe(399)
    await reader.readAll()
    expect(reader.got).toHaveLength(1010)
    outlet.push('again')
    await reader.readAll()
    expect(reader.got.endsWith('again')).toBe(true)
    expect(outlet.lost).toBe(399)
  })

  it('stops when the reader has gone away, and tells why when the device refuses', async () => {
    const gone = new Outlet({ write: async () => false })
    gone.push('a')
    await gone.drained(1000)
    gone.push('b')
    expect([gone.open, gone.failure, gone.lost]).toEqual([false, undefined, 0])
    const full = new Outlet({ write: () => Promise.reject(new Error('ENOSPC')) })
    full.push('a')
    await full.drained(1000)
    expect([full.open, (full.failure as Error).message]).toEqual([false, 'ENOSPC'])
  })

  it('does not wait for ever at the end', async () => {
    const outlet = new Outlet(new Reader())
    outlet.push('a')
    await outlet.drained(10)
    expect(outlet.lost).toBe(0)
  })
})
