/** Every frame that the decoder knows, redacted: what stays decodable tells the same, and no address, MAC or payload is left in any of them. */
import { describe, expect, it } from 'vitest'
import { Notes } from '../../src/notes.ts'
import { Aliases, createFrameRedactor } from '../../src/redact/index.ts'
import { createDecoder } from '../../src/wire/decoder.ts'
import { Segment } from '../../src/wire/segment.ts'
import { everyLayer } from '../wire/catalog.ts'
import { asFrame, type TestFrame } from '../wire/judge.ts'

interface Tried {
  name: string
  linkType: number
  before: Uint8Array
  after: Buffer
  was: string
  is: string
}

/** Ports, numbers, flags and layers of the segment that a frame holds. */
function sight(frame: TestFrame, bytes: Uint8Array): string {
  const segment = new Segment()
  const found = createDecoder(new Notes()).decode(
    { ...asFrame(frame, 1), data: bytes, start: 0, end: bytes.length },
    segment,
  )
  if (found !== 1) return 'no TCP'
  const { sourcePort, destinationPort, seq, flags, window, payloadBytes, layerCount } = segment
  return [sourcePort, destinationPort, seq, flags, window, payloadBytes, layerCount].join()
}

const redact = createFrameRedactor(new Aliases())
const tried: Tried[] = everyLayer.map((frame, i) => {
  const { data, start, end } = asFrame(frame, i + 1)
  const before = data.slice(start, end)
  const after = Buffer.from(redact({ ...asFrame(frame, i + 1) }).subarray(0, end - start))
  return {
    name: frame.name,
    linkType: frame.linkType,
    before,
    after,
    was: sight(frame, before),
    is: sight(frame, after),
  }
})

describe('redacted frames', () => {
  it('tell the same segment, or none', () => {
    const lying = tried.filter(({ was, is }) => is !== was && is !== 'no TCP')
    expect(lying.map(({ name, was, is }) => `${name}: ${was} → ${is}`)).toEqual([])
  })

  it('stay readable in the layers that most captures have', () => {
    const names = ['eth4', 'eth6', 'vlan8100', 'qinq', 'llcsnap', 'llcsnap6']
    for (const name of names) {
      const one = tried.find(item => item.name === name)
      expect(one?.is, name).toBe(one?.was)
    }
    const withTcp = tried.filter(({ was }) => was !== 'no TCP')
    const kept = withTcp.filter(({ is }) => is !== 'no TCP')
    expect(kept.length / withTcp.length).toBeGreaterThan(0.3)
  })

  it('hold no address that the original holds', () => {
    const addresses = ['0a000001', '0a000002', 'c0a80101', '02000000000a', '02000000000b'].map(hex =>
      Buffer.from(hex, 'hex'),
    )
    const leaks = tried.filter(({ before, after }) =>
      addresses.some(address => Buffer.from(before).includes(address) && after.includes(address)),
    )
    expect(leaks.map(({ name, after }) => `${name} ${after.toString('hex')}`)).toEqual([])
  })

  it('of unknown link types are blank', () => {
    const bytes = new Uint8Array(64).fill(0xaa)
    const after = redact({ data: bytes, start: 0, end: 64, originalLength: 64, linkType: 9999 })
    expect(after.subarray(0, 64).every(byte => byte === 0)).toBe(true)
  })

  it('keep nothing behind the end of a packet: padding may hold what was in memory before', () => {
    const frame = everyLayer.find(({ name }) => name === 'eth4') as TestFrame
    const { data, start, end } = asFrame(frame, 1)
    const padded = new Uint8Array(end - start + 32).fill(0xee)
    padded.set(data.subarray(start, end))
    const after = redact({
      data: padded,
      start: 0,
      end: padded.length,
      originalLength: padded.length,
      linkType: 1,
    })
    expect(Buffer.from(after.subarray(0, padded.length)).includes(0xee)).toBe(false)
  })

  it('survive any bytes', () => {
    let state = 1
    const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16
    for (let round = 0; round < 3000; round++) {
      const frame = everyLayer[random() % everyLayer.length]
      const { data, start, end, originalLength, linkType } = asFrame(frame, 1)
      const bytes = data.slice(start, end)
      for (let i = 0; i < 4 && bytes.length > 0; i++) bytes[random() % bytes.length] = random() & 255
      const length = random() % 3 === 0 ? random() % (bytes.length + 1) : bytes.length
      expect(() => redact({ data: bytes, start: 0, end: length, originalLength, linkType })).not.toThrow()
    }
  })
})
