import { describe, expect, it } from 'vitest'
import type { StoryPacket } from '../../src/model.js'
import { abridge, ladder, type Step } from '../../src/report/ladder.js'
import { keepAliveStory, packet } from './sample.js'

/** Steps as short lines: `client GET /cart, 517 B [4688] (remark)`. */
function drawn(packets: StoryPacket[]): string[] {
  return ladder(packets).map(words)
}

function words(step: Step): string {
  if (step.kind === 'silence') return `silence ${step.ms}`
  if (step.kind === 'omitted') return `omitted ${step.packets}`
  return `${step.from} ${step.text} [${step.frames.join(' ')}]${step.remarks.length ? ` (${step.remarks.join('; ')})` : ''}`
}

describe('ladder', () => {
  it('tells the story of a reused keep-alive connection', () => {
    expect(drawn(keepAliveStory())).toEqual([
      'client SYN [4680]',
      'server SYN, ACK [4681]',
      'client GET /cart, 517 B [4688]',
      'server 200, 4.1 kB [4689 4690 4691]',
      'silence 5000',
      'server FIN [4702] (closes its idle side)',
      'silence 53897',
      'client GET /cart, 517 B [4710] (the server had closed in frame 4702)',
      'server RST [4711] (answers frame 4710: seq = its ack)',
    ])
  })

  it('folds retransmissions, whatever the time between them', () => {
    expect(
      drawn([
        packet(0, 'client', 1, 'P.', 'data', 9, { seq: 1 }),
        packet(200, 'client', 2, 'P.', 'retransmission', 9, { seq: 1 }),
        packet(1600, 'client', 3, 'P.', 'retransmission', 9, { seq: 1 }),
        packet(4000, 'client', 4, 'P.', 'retransmission', 9, { seq: 1 }),
      ]),
    ).toEqual(['client 9 B of data [1]', 'client data again, 3 times [2 3 4]'])
  })

  it('folds repeated SYNs and keep-alive probes, and the RSTs of one reset', () => {
    expect(
      drawn([
        packet(0, 'client', 1, 'S', 'syn', 0, { seq: 5 }),
        packet(1000, 'client', 2, 'S', 'syn', 0, { seq: 5 }),
        packet(3000, 'client', 3, 'S', 'syn', 0, { seq: 9 }),
        packet(3100, 'server', 4, '.', 'keepalive-probe'),
        packet(9000, 'server', 5, '.', 'keepalive-probe'),
        packet(9100, 'client', 6, 'R', 'rst', 0, { seq: 77, reset: 'r1' }),
        packet(9101, 'client', 7, 'R', 'rst', 0, { seq: 77, reset: 'r1' }),
        packet(9102, 'client', 8, 'R', 'rst', 0, { seq: 77, reset: 'r2' }),
      ]),
    ).toEqual([
      'client SYN, 2 times [1 2]',
      'silence 2000',
      'client SYN [3]',
      'server keep-alive probe, 2 times [4 5]',
      'client RST 2 times [6 7]',
      'client RST [8]',
    ])
  })

  it('a new request is a new step, more of the same body is not', () => {
    expect(
      drawn([
        packet(0, 'client', 1, 'P.', 'data', 100, { label: 'GET /a' }),
        packet(1, 'client', 2, 'P.', 'data', 100),
        packet(2, 'client', 3, 'P.', 'data', 100, { label: 'GET /b' }),
      ]),
    ).toEqual(['client GET /a, 200 B [1 2]', 'client GET /b, 100 B [3]'])
  })

  it('draws no silence where packets were left out', () => {
    const packets = [
      packet(0, 'client', 1, 'P.', 'data', 1),
      packet(60_000, 'client', 9, 'P.', 'data', 1, { omittedBefore: 7 }),
    ]
    expect(drawn(packets)).toEqual(['client 1 B of data [1]', 'omitted 7', 'client 1 B of data [9]'])
  })

  it('notices windows, forged resets and who goes on after one', () => {
    expect(
      drawn([
        packet(0, 'server', 1, '.', 'data', 10, { seq: 1 }),
        packet(1, 'client', 2, '.', 'ack', 0, { ack: 11, window: 0 }),
        packet(2, 'client', 3, '.', 'window-update', 0, { ack: 11 }),
        packet(3, 'server', 4, 'R', 'rst', 0, {
          seq: 11,
          hopLimit: 250,
          reset: 'r1',
          forged: true,
          resetText: 'Go away',
        }),
        packet(4, 'server', 5, '.', 'data', 10, { seq: 11 }),
        packet(5, 'server', 6, '.', 'data', 10, { seq: 21 }),
      ]),
    ).toEqual([
      'server 10 B of data [1]',
      'client ACK [2] (window closed: can take no more)',
      'client ACK [3] (window open again)',
      `server RST [4] (made by a device on the path; answers frame 3: seq = its ack; says "Go away"; TTL 250, where the server's own packets have 64)`,
      'server 20 B of data [5 6] (goes on after the RST in frame 4)',
    ])
  })

  it('only a RST without ACK answers a segment, unless it answers a SYN', () => {
    const open = [packet(0, 'client', 1, 'P.', 'data', 10, { seq: 5, ack: 77 })]
    expect(drawn([...open, packet(1, 'server', 2, 'R', 'rst', 0, { seq: 77, reset: 'r1' })])[1]).toBe(
      'server RST [2] (answers frame 1: seq = its ack)',
    )
    expect(
      drawn([...open, packet(1, 'server', 2, 'R.', 'rst', 0, { seq: 77, ack: 15, reset: 'r1' })])[1],
    ).toBe('server RST [2]')
    const syn = [packet(0, 'client', 1, 'S', 'syn', 0, { seq: 5, ack: 0 })]
    expect(drawn([...syn, packet(1, 'server', 2, 'R.', 'rst', 0, { seq: 0, ack: 6, reset: 'r1' })])[1]).toBe(
      'server RST [2] (answers frame 1: ack = its end)',
    )
  })

  it('says once that the hop limits of several RSTs fit nothing', () => {
    const forged = (frame: number, hopLimit: number) =>
      packet(frame, 'server', frame, 'R.', 'rst', 0, { hopLimit, reset: 'r1' })
    const story = [packet(0, 'server', 1, '.', 'data', 10), forged(2, 72), forged(3, 73), forged(4, 72)]
    expect(drawn(story)[1]).toBe(
      "server RST 3 times [2 3 4] (TTL 72, 73, where the server's own packets have 64)",
    )
  })

  it('abridges around the reset', () => {
    const packets = Array.from({ length: 60 }, (_, index) =>
      packet(index, index % 2 ? 'client' : 'server', index + 1, 'P.', 'data', 1),
    )
    packets[49] = packet(49, 'client', 50, 'R', 'rst', 0, { seq: 9, reset: 'r1' })
    const short = abridge(ladder(packets), 'r1', 16).map(words)
    expect(short).toHaveLength(17)
    expect(short[0]).toContain('[1]')
    expect(short[2]).toBe('omitted 38')
    expect(short.some(line => line.startsWith('client RST [50]'))).toBe(true)
    expect(short[16]).toBe('omitted 7')
  })
})
