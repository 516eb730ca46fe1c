/** The notation: what it fills in, what it refuses, and that Wireshark reads the packets as they are meant. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { pcap } from '../capture/build.js'
import { describeWith } from '../oracle.js'
import { CASES, casePaths, loadCase } from './load.js'
import { parseCase } from './notation.js'
import { framesOf, type TimedFrame } from './packets.js'

const PROSE = 'Something happens between two hosts, for a reason that is told here.'
const HOSTS = 'host c = 10.0.0.5:40001 linux\nhost s = 10.0.1.9:80 windows hops=3'
const EXPECT = 'r1 server: unknown\n  origin: unknown\n  impact: unknown'

const page = (packets: string, expected = EXPECT, hosts = HOSTS) =>
  `# A title\n\n${PROSE}\n\n\`\`\`packets\n${hosts}\n${packets}\n\`\`\`\n\n\`\`\`expect\n${expected}\n\`\`\`\n`

const frames = (packets: string, hosts = HOSTS) => framesOf(parseCase(page(packets, EXPECT, hosts)))

const u16 = (b: number[], at: number) => (b[at] << 8) | b[at + 1]
const u32 = (b: number[], at: number) => u16(b, at) * 65536 + u16(b, at + 2)

/** IPv4 over Ethernet. */
function fields({ bytes: b, timeNs }: TimedFrame) {
  return {
    timeNs,
    id: u16(b, 18),
    ttl: b[22],
    seq: u32(b, 38),
    ack: u32(b, 42),
    flags: b[47],
    window: u16(b, 48),
    length: u16(b, 16) - 20 - (b[46] >> 4) * 4,
  }
}

describe('what it fills in', () => {
  test('numbers, times and the habits of the stacks', () => {
    const [syn, synAck, ack, data, answer] = frames('c>s connect 40ms\n+10ms c>s P. "hello"\ns>c R').map(
      fields,
    )
    expect([syn.timeNs, synAck.timeNs, ack.timeNs, data.timeNs]).toEqual([0, 40e6, 40.1e6, 50.1e6])
    expect(synAck.ack).toBe(syn.seq + 1)
    expect([synAck.ttl, synAck.flags]).toEqual([125, 0x12])
    expect(data).toMatchObject({
      seq: syn.seq + 1,
      ack: synAck.seq + 1,
      flags: 0x18,
      length: 5,
      ttl: 64,
      id: ack.id + 1,
    })
    // Windows: the number the client acknowledged, repeated in the ACK field without the flag, and the host's next identification.
    expect(answer).toMatchObject({ seq: data.ack, ack: data.ack, flags: 4, window: 0, id: synAck.id + 1 })
  })

  test('an active reset and the refusal of a SYN', () => {
    const abort = fields(frames('c>s connect 1ms\nc>s P. (10)\nc>s R.')[4])
    expect(abort).toMatchObject({ flags: 0x14, window: 502, length: 0 })
    const [syn, refusal] = frames('c>s S\ns>c R.').map(fields)
    expect(refusal).toMatchObject({ seq: 0, ack: syn.seq + 1, flags: 0x14, window: 0 })
  })

  test('retransmissions, copies, what was not seen, repetition', () => {
    const told = frames(
      'unseen c>s connect 1ms\nc>s P. (10)\n+1s c>s again\n+5us copy ttl-1\nrepeat 2 every 1s port+1\nc>s S\nend',
    ).map(fields)
    expect(told).toHaveLength(5)
    expect(told[1]).toMatchObject({ seq: told[0].seq, length: 10, id: told[0].id + 1 })
    expect(told[2]).toEqual({ ...told[1], timeNs: told[1].timeNs + 5e3, ttl: 63 })
    expect(told[4].timeNs - told[3].timeNs).toBe(1e9)
  })

  test('a forger bears his own habits, not the host’s', () => {
    const forged = fields(
      frames(
        'c>s connect 1ms\ns>c R. by x seq=next+12503 id=7',
        `${HOSTS}\ndevice x = ttl=200 win=9 nodf`,
      )[3],
    )
    const last = fields(frames('c>s connect 1ms')[1])
    expect(forged).toMatchObject({ ttl: 200, window: 9, id: 7, seq: last.seq + 12504 })
  })
})

describe('what it refuses', () => {
  test.each([
    ['c>x S', 'line 8: unknown host x'],
    ['c>s Q', 'line 8: not flags: Q'],
    ['c>s S mess=3', 'line 8: unknown word mess=3'],
    ['+5 c>s S', 'line 8: not a time: 5'],
    ['c>s S by y', 'line 8: unknown device y'],
    ['c>s S\nrepeat 3 every 1s\nc>s S', 'line 9: repeat without end'],
  ])('%j', (packets, message) => {
    expect(() => parseCase(page(packets))).toThrow(message)
  })

  test.each([
    ['c>s P. tls.nonsense', 'line 8: unknown payload tls.nonsense'],
    ['c>s P. (1) seq=here', 'line 8: not a sequence number: here'],
    ['c>s . seq=old.next', 'line 8: old.next: these ports had no earlier connection'],
    ['c>s again', 'line 8: nothing to send again'],
  ])('%j when it is played', (packets, message) => {
    expect(() => frames(packets)).toThrow(message)
  })

  test.each([
    ['r1 server: no-such-cause', 'unknown value no-such-cause'],
    ['r1 server: unknown\n  origin: unknown', 'origin and impact are expected, too'],
    ['server: unknown', 'expected "r1 client: CAUSE | …"'],
  ])('expectation %j', (expected, message) => {
    expect(() => parseCase(page('c>s S', expected))).toThrow(message)
  })

  test('a case without prose', () => {
    expect(() => parseCase(page('c>s S').replace(PROSE, ''))).toThrow('no prose')
  })
})

describeWith(['tshark'], 'Wireshark', () => {
  test('finds no wrong length or checksum in any case', () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-cases-'))
    const file = path.join(directory, 'all.pcap')
    const second = (i: number, timeNs: number) => 1_700_000_000 + i * 10_000 + Math.floor(timeNs / 1e9)
    const records = whole().flatMap((name, i) =>
      framesOf(loadCase(name)).map(f => ({ sec: second(i, f.timeNs), data: Uint8Array.from(f.bytes) })),
    )
    fs.writeFileSync(file, pcap({ records }))
    const checks = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
    const wrong = 'tcp.checksum.status == 0 || ip.checksum.status == 0 || ip.len > frame.len'
    const run = spawnSync('tshark', ['-r', file, ...checks, '-Y', wrong], { encoding: 'utf8' })
    fs.rmSync(directory, { recursive: true })
    expect(run.stderr).not.toContain('neither a field nor a protocol')
    expect(run.stdout).toBe('')
    expect(run.status).toBe(0)
  })
})

/** The cases without unfinished checksums and lengths of 0, which are what offload looks like. */
function whole(): string[] {
  return casePaths().filter(name => !/\boffload$/m.test(fs.readFileSync(path.join(CASES, name), 'utf8')))
}
