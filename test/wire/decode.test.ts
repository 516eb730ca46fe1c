import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Notes } from '../../src/notes.js'
import { tcpChecksumState } from '../../src/wire/checksum.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { ACK, RST, Segment } from '../../src/wire/segment.js'
import { addressText, encapsulationText } from '../../src/wire/text.js'
import { FOUND_DNS, FOUND_ICMP_ERROR, FOUND_NONE, FOUND_TCP, FOUND_UDP } from '../../src/wire/walk.js'
import { be16, be32, eth, hex, ip4, ip6, tcp, udp, withTcpChecksum, zeros } from './bytes.js'
import { everyLayer } from './catalog.js'
import { asFrame } from './judge.js'

const OPTIONS = hex('020405b4 01 030307 0402 080a 11223344 55667788 01 050a 00000064 000000c8 0101')

function decode(bytes: number[], linkType = 1, originalLength = bytes.length) {
  const notes = new Notes()
  const segment = new Segment()
  const frame = asFrame({ name: '', linkType, bytes, originalLength }, 1)
  const found = createDecoder(notes).decode(frame, segment)
  return { found, segment, notes: notes.list().map(note => note.name), frame }
}

describe('a TCP segment', () => {
  test('has the fields of its headers', () => {
    const { found, segment } = decode(eth(ip4(tcp({ flags: 0xf14, seq: 0xfffffff0, payload: [1, 2, 3] }))))
    expect(found).toBe(FOUND_TCP)
    expect(segment).toMatchObject({
      ipVersion: 4,
      hopLimit: 57,
      ipId: 0x1234,
      dontFragment: 1,
      flowLabel: -1,
      seq: -16,
      ack: 0x05060708,
    })
    expect(segment).toMatchObject({
      flags: 0xf14,
      window: 512,
      headerBytes: 20,
      payloadBytes: 3,
      macHigh: 0x0200,
      macLow: 0x0a,
    })
    expect(segment).toMatchObject({
      sourcePort: 40001,
      destinationPort: 40002,
      tcpStart: 34,
      payloadStart: 54,
      payloadEnd: 57,
    })
    expect(addressText(segment.source, segment.ipVersion)).toBe('10.0.0.1')
  })

  test('never counts Ethernet padding as payload', () => {
    const { segment } = decode([...eth(ip4(tcp())), ...zeros(6)])
    expect(segment).toMatchObject({ payloadBytes: 0, payloadStart: 54, payloadEnd: 54 })
  })

  test('keeps the payload length that the headers tell when the snap length cut it', () => {
    const whole = eth(ip4(tcp({ payload: zeros(100) })))
    const { segment } = decode(whole.slice(0, 60), 1, whole.length)
    expect(segment).toMatchObject({ payloadBytes: 100, payloadStart: 54, payloadEnd: 60 })
  })

  test('needs flags and window, no more', () => {
    const whole = eth(ip4(tcp()))
    expect(decode(whole.slice(0, 50), 1, whole.length).segment.flags).toBe(RST | ACK)
    expect(decode(whole.slice(0, 49), 1, whole.length)).toMatchObject({
      found: FOUND_NONE,
      notes: ['frame-cut'],
    })
  })

  test('takes the bytes at hand when offload left the total length zero', () => {
    const { segment, notes } = decode(eth(ip4(tcp({ payload: zeros(9) }), { totalLength: 0 })))
    expect(segment.payloadBytes).toBe(9)
    expect(notes).toEqual(['ip-total-length-zero'])
  })

  test('counts impossible headers', () => {
    expect(decode(eth(ip4(tcp({ dataOffset: 4 }))))).toMatchObject({
      found: FOUND_NONE,
      notes: ['tcp-header-bad'],
    })
    expect(decode(eth(ip4(tcp(), { headerWords: 4 })))).toMatchObject({
      found: FOUND_NONE,
      notes: ['ip-header-bad'],
    })
    expect(decode(eth(ip4(tcp({ dataOffset: 9 }))))).toMatchObject({
      found: FOUND_TCP,
      notes: ['tcp-header-bad', 'tcp-options-bad'].slice(0, 1),
    })
  })
})

describe('TCP options', () => {
  const read = (options: number[]) => decode(eth(ip4(tcp({ options })))).segment

  test('of a long list are all read', () => {
    expect(read(OPTIONS)).toMatchObject({
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      hasTimestamps: true,
      tsVal: 0x11223344,
    })
    expect(read(OPTIONS)).toMatchObject({
      tsEcr: 0x55667788,
      sackBlocks: 1,
      sackLeft: 100,
      sackRight: 200,
      optionsComplete: true,
    })
  })

  test('in the usual padded layout take the short way to the same result', () => {
    expect(read(hex('0101080a 00000001 ffffffff'))).toMatchObject({
      hasTimestamps: true,
      tsVal: 1,
      tsEcr: -1,
      optionsComplete: true,
    })
  })

  test('Fast Open, assigned and experimental, and the reason of an MP_TCPRST', () => {
    expect(read(hex('220a 0102030405060708 0101')).fastOpen).toBe(8)
    expect(read(hex('2202 0101')).fastOpen).toBe(0)
    expect(read(hex('fe08 f989 01020304')).fastOpen).toBe(4)
    expect(read(hex('1e04 8003')).mptcpResetReason).toBe(3)
    expect(read([]).mptcpResetReason).toBe(-1)
  })

  test('malformed ones are left out', () => {
    expect(read(hex('0200 0000'))).toMatchObject({ mss: -1, optionsComplete: false })
    expect(read(hex('0209 05b4'))).toMatchObject({ mss: -1, optionsComplete: false })
    expect(read(hex('0203 0500'))).toMatchObject({ mss: -1, optionsComplete: true })
  })

  test('cut by the snap length are read as far as they go', () => {
    const whole = eth(ip4(tcp({ options: OPTIONS })))
    const { segment, notes } = decode(whole.slice(0, 54 + 6), 1, whole.length)
    expect(segment).toMatchObject({ mss: 1460, hasTimestamps: false, optionsComplete: false })
    expect(notes).toEqual([])
  })
})

describe('IP fragments', () => {
  const segmentBytes = tcp({ payload: zeros(44) })
  const part = (from: number, to: number, id = 7) =>
    eth(
      ip4(segmentBytes.slice(from, to), {
        id,
        fragment: (to < segmentBytes.length ? 0x2000 : 0) | (from >> 3),
      }),
    )

  function run(frames: number[][]) {
    const decoder = createDecoder(new Notes())
    const segment = new Segment()
    return frames.map((bytes, i) => decoder.decode(asFrame({ name: '', linkType: 1, bytes }, i + 1), segment))
  }

  test('show their TCP header at the frame that completes the packet, in any order', () => {
    expect(run([part(0, 32), part(32, 64)])).toEqual([0, FOUND_TCP])
    expect(run([part(48, 64), part(0, 16), part(16, 48)])).toEqual([0, 0, FOUND_TCP])
    expect(run([part(0, 32), part(32, 64, 8)])).toEqual([0, 0])
  })

  test('fill the segment from the reassembled bytes', () => {
    const decoder = createDecoder(new Notes())
    const segment = new Segment()
    const frames = [part(0, 16), part(16, 64)].map((bytes, i) => asFrame({ name: '', linkType: 1, bytes }, i))
    for (const frame of frames) decoder.decode(frame, segment)
    expect(segment).toMatchObject({
      flags: RST | ACK,
      payloadBytes: 44,
      tcpStart: 0,
      payloadStart: 20,
      payloadEnd: 64,
    })
  })

  test('of millions of packets that never complete take bounded memory', () => {
    const frames = Array.from({ length: 3000 }, (_, i) => part(0, 32, i))
    expect(run([...frames, part(32, 64, 0), part(32, 64, 2999)]).slice(-2)).toEqual([0, FOUND_TCP])
  })
})

describe('what is no segment', () => {
  test('an ICMP error tells whom it quotes and who sent it', () => {
    const quoted = ip4(tcp({ seq: 77 }))
    const { found, segment } = decode(
      eth(ip4([3, 13, 0, 0, 0, 0, 0, 0, ...quoted.slice(0, 28)], { protocol: 1, source: [9, 8, 7, 6] })),
    )
    expect(found).toBe(FOUND_ICMP_ERROR)
    expect(segment).toMatchObject({ icmpType: 3, icmpCode: 13, icmpVersion: 4, seq: 77, sourcePort: 40001 })
    expect(addressText(segment.icmpSource, 4)).toBe('9.8.7.6')
    expect(addressText(segment.source, 4)).toBe('10.0.0.1')
  })

  test('an ICMPv6 error likewise', () => {
    const { found, segment } = decode(eth(ip6([1, 4, 0, 0, 0, 0, 0, 0, ...ip6(tcp())], { next: 58 }), 0x86dd))
    expect(found).toBe(FOUND_ICMP_ERROR)
    expect(segment).toMatchObject({ icmpType: 1, icmpCode: 4, icmpVersion: 6, destinationPort: 40002 })
  })

  test('DNS answers and other datagrams come with the range of their payload', () => {
    const answer = decode(eth(ip4(udp([1, 2, 3], 53, 50000), { protocol: 17 })))
    expect(answer.found).toBe(FOUND_DNS)
    expect(answer.segment).toMatchObject({ payloadStart: 42, payloadEnd: 45, payloadBytes: 3 })
    expect(decode(eth(ip4(udp([1, 2, 3], 5000, 53), { protocol: 17 }))).found).toBe(FOUND_UDP)
    expect(decode(eth(zeros(46), 0x0806)).found).toBe(FOUND_NONE)
  })
})

test('no bytes whatever make the decoder throw, loop or read out of bounds', () => {
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  const links = [...new Set(everyLayer.map(frame => frame.linkType)), 147, 65535]
  const shape = fc.record({
    bytes: fc.uint8Array({ maxLength: 200 }),
    link: fc.constantFrom(...links),
    more: fc.nat(1e5),
    type: fc.constantFrom(0, 0x0800, 0x86dd, 0x8100, 0x8847, 0x88e7),
  })
  fc.assert(
    fc.property(shape, ({ bytes, link, more, type }) => {
      if (bytes.length > 14) bytes.set(be16(type), 12)
      const found = decoder.decode(
        { ...asFrame({ name: '', linkType: link, bytes }, 1), originalLength: more },
        segment,
      )
      expect(found).toBeLessThanOrEqual(FOUND_UDP)
      if (found === FOUND_TCP) {
        expect(segment.payloadBytes).toBeGreaterThanOrEqual(0)
        expect(segment.payloadStart).toBeLessThanOrEqual(segment.payloadEnd)
        expect(segment.payloadEnd).toBeLessThanOrEqual(segment.data.length)
      }
    }),
    { numRuns: 3000, seed: 1 },
  )
})

describe('checksum', () => {
  const from = [10, 0, 0, 1]
  const to = [10, 0, 0, 2]
  const state = (segment: number[], cut = 0) => {
    const bytes = eth(ip4(segment))
    return tcpChecksumState(decode(bytes.slice(0, bytes.length - cut), 1, bytes.length).segment)
  }

  test('good, bad, unknown when sliced', () => {
    const segment = withTcpChecksum(tcp({ payload: [1, 2, 3] }), from, to)
    expect(state(segment)).toBe('good')
    expect(state(segment, 1)).toBe('unknown')
    expect(state([...segment.slice(0, -1), 99])).toBe('bad')
  })

  test('good over IPv6', () => {
    const segment = withTcpChecksum(
      tcp({ payload: [1] }),
      hex('20010db8 00000000 00000000 00000001'),
      hex('20010db8 00000000 00000000 00000002'),
    )
    expect(tcpChecksumState(decode(eth(ip6(segment), 0x86dd)).segment)).toBe('good')
  })

  test('offloaded: the field holds the sum of the pseudo-header', () => {
    const segment = tcp()
    const words = [0x0a00, 0x0001, 0x0a00, 0x0002, 6, segment.length]
    segment.splice(16, 2, ...be16(words.reduce((a, b) => a + b)))
    expect(state(segment)).toBe('offloaded')
  })
})

describe('words', () => {
  const text = (digits: string) =>
    addressText(Int32Array.from([0, 8, 16, 24].map(i => parseInt(digits.slice(i, i + 8), 16))), 6)

  test('IPv6 addresses as RFC 5952 has them', () => {
    expect(text('20010db8000000000000000000000001')).toBe('2001:db8::1')
    expect(text('20010db8000000010001000100010001')).toBe('2001:db8:0:1:1:1:1:1')
    expect(text('20010000000000010000000000000001')).toBe('2001:0:0:1::1')
    expect(text('00000000000000000000000000000000')).toBe('::')
    expect(text('00000000000000000000000000000001')).toBe('::1')
    expect(text('fe800000000000000000000000000000')).toBe('fe80::')
    expect(text('00000000000000000000ffff0a000001')).toBe('::ffff:10.0.0.1')
    expect(text('20010db80000abcd0000000000000000')).toBe('2001:db8:0:abcd::')
  })

  test('encapsulation from outside in', () => {
    const inner = eth(ip4(tcp()))
    const vxlan = ip4(udp([8, 0, 0, 0, 0, 0, 100, 0, ...inner], 50000, 4789), { protocol: 17 })
    const { segment } = decode(eth([...be16(12), ...be16(0x0800), ...vxlan], 0x8100))
    expect(encapsulationText(segment)).toEqual(['vlan 12', 'vxlan 100'])
    const gre = decode(eth(ip4([0x20, 0, 8, 0, ...be32(0xfffffffe), ...ip4(tcp())], { protocol: 47 })))
    expect(encapsulationText(gre.segment)).toEqual(['gre 4294967294'])
  })
})
