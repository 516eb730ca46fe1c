/** Analyses that exercise one thing each of the text report. */
import type { Analysis } from '../../src/model.js'
import { analysis, at, benign, capture, checkout, incident, packet, report, reset, series } from './sample.js'

const forgedStory = [
  packet(1000, 'client', 10, 'S', 'syn', 0, { seq: 7, ack: 0 }),
  packet(1020, 'server', 11, 'S.', 'syn-ack', 0, { seq: 70, ack: 8, hopLimit: 52 }),
  packet(1021, 'client', 12, 'P.', 'data', 400, { seq: 8, ack: 71, label: 'ClientHello example.org' }),
  packet(1024, 'server', 13, 'R.', 'rst', 0, { seq: 71, ack: 408, hopLimit: 61, reset: 'r1', forged: true }),
  packet(1024.1, 'server', 14, 'R.', 'rst', 0, {
    seq: 1531,
    ack: 408,
    hopLimit: 61,
    reset: 'r1',
    forged: true,
  }),
  packet(1041, 'server', 15, 'P.', 'data', 1448, { seq: 71, ack: 408, hopLimit: 52, label: 'ServerHello' }),
  packet(1042, 'client', 16, 'R', 'rst', 0, { seq: 408, ack: 0, reset: 'r2' }),
]

const lossStory = [
  packet(0, 'client', 1, 'P.', 'data', 900, { seq: 1, label: 'POST /pay' }),
  packet(210, 'client', 2, 'P.', 'retransmission', 900, { seq: 1 }),
  packet(630, 'client', 3, 'P.', 'retransmission', 900, { seq: 1 }),
  packet(1470, 'client', 4, 'P.', 'retransmission', 900, { seq: 1 }),
  packet(120_000, 'client', 9, 'R.', 'rst', 0, { seq: 901, reset: 'r1', omittedBefore: 4 }),
]

const windowStory = [
  packet(0, 'server', 1, '.', 'data', 65_000, { seq: 1, label: '200' }),
  packet(1, 'client', 2, '.', 'ack', 0, { ack: 65_001, window: 0 }),
  packet(5000, 'server', 3, '.', 'zero-window-probe', 1, { seq: 65_001 }),
  packet(10_000, 'server', 4, '.', 'zero-window-probe', 1, { seq: 65_001 }),
  packet(10_001, 'client', 5, '.', 'window-update', 0, { ack: 65_001, window: 500 }),
  packet(10_002, 'server', 6, '.', 'data', 2000, { seq: 65_001 }),
  packet(10_003, 'client', 7, 'R.', 'rst', 0, { seq: 1, ack: 65_001, reset: 'r1' }),
]

function one(over: Parameters<typeof reset>[0], story: ReturnType<typeof packet>[], title: string): Analysis {
  const only = reset(over)
  const of = report([only], [incident('i1', only.cause, [only], { title, summary: only.summary })])
  return analysis(of, { stories: new Map([['r1', story]]) })
}

function forged(): Analysis {
  const first = reset({
    cause: 'middlebox-injection',
    origin: 'middlebox',
    impact: 'transfer-cut',
    time: at(1024),
    frames: [13, 14],
    summary:
      'A device between client and server forged a reset in the server’s name right after the ClientHello.',
    evidence: [
      {
        statement: 'the RST had TTL 61, the server’s other packets 52',
        value: 61,
        unit: null,
        frames: [13, 15],
        supports: true,
      },
    ],
  })
  const second = reset({
    id: 'r2',
    cause: 'reset-aftermath',
    sender: 'client',
    impact: 'none',
    time: at(1042),
    frames: [16],
    consequenceOf: 'r1',
    incident: null,
    summary: 'The client believed the forged reset and answers what still arrives.',
  })
  const cut = incident('i1', 'middlebox-injection', [first], {
    title: 'Forged resets against connections to 10.0.1.9:8080',
    summary: first.summary,
  })
  return analysis(report([first, second], [cut]), {
    stories: new Map([
      ['r1', forgedStory],
      ['r2', forgedStory],
    ]),
  })
}

function many(): Analysis {
  const groups = Array.from({ length: 12 }, (_, index) => {
    const id = `i${index + 1}`
    const port = 8000 + index
    const server = { address: '2001:db8:85a3:1234:5678:8a2e:370:7334', port }
    const connection = {
      ...reset().connection,
      server,
      client: { address: '2001:db8:1:2:3:4:5:6', port: 40_000 },
    }
    const resets = series(10, 1 + index * 10, index * 60_000, {
      incident: id,
      connection,
      impact: index % 3 === 2 ? 'none' : 'request-lost',
    })
    const listener = `[${server.address}]:${port}`
    return {
      resets,
      incident: incident(id, 'keep-alive-race', resets, { listener, source: connection.client.address }),
    }
  })
  const notes = Array.from({ length: 5 }, (_, index) => ({
    name: `frame-cut-${index}`,
    count: 1200,
    firstFrame: 7,
    message: 'frames were cut by the snap length before the TCP header ended',
  }))
  const of = report(
    groups.flatMap(group => group.resets),
    groups.map(group => group.incident),
    {
      captures: [capture({ path: `/captures/${'very-long-folder-name/'.repeat(6)}checkout.pcap`, notes })],
    },
  )
  return analysis(of, { stories: new Map() })
}

const HOSTILE =
  '\u001b]0;owned\u0007\u001b[2J\u202egnp.exe\u200b\r\n<script>alert(1)</script> =cmd|calc `rm` \u009b31m'

function hostile(): Analysis {
  const base = checkout()
  const poison = <T>(value: T): T => {
    if (Array.isArray(value)) return value.map(poison) as T
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        typeof item === 'string' && FREE_TEXT.has(key)
          ? `${item}${HOSTILE}`
          : STRINGS.has(key)
            ? [HOSTILE]
            : poison(item),
      ]),
    ) as T
  }
  const stories = new Map(
    [...base.stories].map(([id, packets]) => [id, packets.map(item => ({ ...item, label: HOSTILE }))]),
  )
  return { ...base, report: poison(base.report), stories }
}

const FREE_TEXT = new Set([
  'path',
  'address',
  'history',
  'application',
  'statement',
  'error',
  'summary',
  'title',
  'wiresharkFilter',
  'listener',
  'source',
  'message',
])
const STRINGS = new Set(['encapsulation', 'logs', 'cannotTell', 'remedies', 'nextChecks', 'linkTypes'])

const quiet = (over: Partial<Analysis['health']>): Analysis => {
  const base = analysis(report([], [], { listeners: [] }), { stories: new Map() })
  return { ...base, health: { ...base.health, ...over } }
}

/** Name → analysis; every one has golden reports. */
export const SCENES: Record<string, () => Analysis> = {
  checkout,
  forged,
  loss: () =>
    one(
      { cause: 'retransmission-timeout', sender: 'client', time: at(120_000), frames: [9] },
      lossStory,
      'Data to 10.0.1.9:8080 is not acknowledged',
    ),
  window: () =>
    one(
      { cause: 'unread-data-close', sender: 'client', impact: 'transfer-cut', frames: [7] },
      windowStory,
      'Client gives up a slow download',
    ),
  harmless: () => {
    const resets = benign(11, 1, 100_000, '10.0.3.7', 'i1')
    return analysis(
      report(resets, [
        incident('i1', 'benign-teardown', resets, {
          title: 'Client hangs up after a complete answer',
          summary: 'The client had its answer.',
        }),
      ]),
    )
  },
  unknown: () =>
    one(
      {
        cause: 'unknown',
        impact: 'unknown',
        origin: 'unknown',
        alternatives: [],
        remedies: [],
        symptom: { client: null, server: null },
        summary:
          'The capture begins 3 s before this RST and shows one direction only, so what it answered is not visible.',
      },
      [],
      'Cause unknown',
    ),
  many,
  hostile,
  'no-resets': () => quiet({}),
  'no-resets-but': () =>
    quiet({
      unansweredSyns: [1, 2, 3, 4, 5].map(n => ({ listener: `10.0.9.${n}:443`, count: 30 - n })),
      dyingInRetransmission: 2,
      retransmittedSegments: 9000,
      oneSided: true,
    }),
  'no-tcp': () =>
    analysis(report([], [], { captures: [capture({ tcpSegments: 0, frames: 4 })], listeners: [] })),
  'no-frames': () =>
    analysis(
      report([], [], {
        captures: [capture({ tcpSegments: 0, frames: 0, firstTime: null, lastTime: null, linkTypes: [] })],
        listeners: [],
      }),
    ),
}
