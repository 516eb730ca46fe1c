/** Hand-written analyses for tests of reports and of the command line: small, plain, deterministic. */
import type {
  Analysis,
  CaptureHealth,
  CaptureInfo,
  CauseId,
  Impact,
  Incident,
  Report,
  Reset,
  SegmentKind,
  Side,
  StoryPacket,
} from '../../src/model.js'

/** 2026-11-22T08:47:03Z */
export const START_SECONDS = 1795337223

/** ISO time `ms` after the start, with six decimals. */
export function at(ms: number): string {
  return new Date(START_SECONDS * 1000 + ms).toISOString().replace('Z', '000Z')
}

export function capture(over: Partial<CaptureInfo> = {}): CaptureInfo {
  return {
    path: 'checkout-api.pcap',
    format: 'pcap',
    compression: null,
    linkTypes: ['EN10MB'],
    frames: 182_400,
    tcpSegments: 182_000,
    bytes: 98_000_000,
    firstTime: at(123),
    lastTime: at(842_123),
    complete: true,
    notes: [],
    ...over,
  }
}

const HEALTH: CaptureHealth = {
  connections: 1204,
  unansweredSyns: [],
  dyingInRetransmission: 0,
  retransmittedSegments: 10,
  dataSegments: 90_000,
  oneSided: false,
}

export function reset(over: Partial<Reset> = {}): Reset {
  return {
    id: 'r1',
    capture: 0,
    time: at(59_041),
    frames: [4711],
    connection: {
      client: { address: '10.0.0.5', port: 41_234 },
      server: { address: '10.0.1.9', port: 8080 },
      rolesCertain: true,
      encapsulation: [],
      history: 'ShADadFaDR',
      handshake: 'complete',
      durationMs: 58_918,
      bytesFromClient: 1034,
      bytesFromServer: 4100,
      application: 'HTTP',
    },
    sender: 'server',
    origin: 'endpoint',
    originConfidence: 0.97,
    impact: 'request-lost',
    cause: 'keep-alive-race',
    confidence: 0.94,
    alternatives: [{ cause: 'idle-timeout', confidence: 0.04 }],
    evidence: [
      { statement: 'the server had closed first', value: null, unit: null, frames: [4702], supports: true },
      {
        statement: 'the exchange before it was complete',
        value: 4100,
        unit: 'B',
        frames: [4688, 4689],
        supports: true,
      },
      { statement: 'the client could still have read', value: null, unit: null, frames: [], supports: false },
    ],
    cannotTell: ['round-trip test: captured next to the server'],
    symptom: {
      client: {
        error: 'ECONNRESET',
        linux: 104,
        windows: 10_054,
        logs: ['Connection reset by peer', 'socket hang up'],
      },
      server: null,
    },
    summary:
      'The server ended the connection with FIN after 5.0 s without a request; the caller used it once more.',
    remedies: [
      'Keep connections open longer on the server than callers keep them (Node: server.keepAliveTimeout)',
      'Retry idempotent requests once',
    ],
    nextChecks: ['Which pool keeps connections for 60 s? 10.0.0.5 looks like a load balancer'],
    wiresharkFilter: 'tcp.port == 41234 && ip.addr == 10.0.1.9',
    consequenceOf: null,
    incident: 'i1',
    ...over,
  }
}

/** n resets of one incident, one a second from `fromMs` on, ids counted from `firstId`. */
export function series(n: number, firstId: number, fromMs: number, over: Partial<Reset> = {}): Reset[] {
  return Array.from({ length: n }, (_, index) => {
    const base = reset(over)
    const client = { ...base.connection.client, port: base.connection.client.port + index }
    return {
      ...base,
      id: `r${firstId + index}`,
      time: at(fromMs + index * 1000),
      frames: [4711 + index * 40],
      connection: { ...base.connection, client },
    }
  })
}

export function incident(
  id: string,
  cause: CauseId,
  resets: Reset[],
  over: Partial<Incident> = {},
): Incident {
  return {
    id,
    title: 'Stale keep-alive connections: 10.0.1.9:8080 closes after 5 s of silence, 10.0.0.5 reuses later',
    cause,
    listener: '10.0.1.9:8080',
    source: '10.0.0.5',
    resets: resets.map(one => one.id),
    firstTime: resets[0].time,
    lastTime: resets[resets.length - 1].time,
    summary:
      'The server ended each connection with FIN after 5.0 s without a request. Between 0.2 s and 54 s later the caller sent the next request on it; nothing listened any more, RST came back at once.',
    ...over,
  }
}

export function report(resets: Reset[], incidents: Incident[], over: Partial<Report> = {}): Report {
  const byCause: Report['totals']['byCause'] = {}
  const byOrigin: Report['totals']['byOrigin'] = {}
  for (const { cause, origin } of resets) {
    byCause[cause] = (byCause[cause] ?? 0) + 1
    byOrigin[origin] = (byOrigin[origin] ?? 0) + 1
  }
  return {
    schema: 'rst-analyze/report/1',
    generator: { name: 'rst-analyze', version: '1.0.0' },
    captures: [capture()],
    totals: {
      connections: 1204,
      resetConnections: resets.length,
      resets: resets.length,
      rstFrames: resets.length,
      byCause,
      byOrigin,
    },
    resets,
    listeners: [
      {
        address: '10.0.1.9',
        port: 8080,
        connections: 1100,
        resetConnections: 26,
        byCause: { 'keep-alive-race': 26 },
      },
    ],
    incidents,
    names: [],
    ...over,
  }
}

interface PacketWords {
  label?: string
  window?: number
  seq?: number
  ack?: number
  reset?: string
  forged?: boolean
  hopLimit?: number
  omittedBefore?: number
  resetText?: string
}

const FLAGS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, '.': 16 }

/** One packet: milliseconds since the start, sender, frame, flags in tcpdump's letters, kind, payload bytes. */
export function packet(
  ms: number,
  from: Side,
  frame: number,
  flags: string,
  kind: SegmentKind,
  payloadBytes = 0,
  more: PacketWords = {},
): StoryPacket {
  return {
    frame,
    capture: 0,
    timeNs: Math.round(ms * 1e6),
    from,
    seq: more.seq ?? 1,
    ack: more.ack ?? 1,
    flags: [...flags].reduce((sum, letter) => sum | FLAGS[letter], 0),
    window: more.window ?? 512,
    payloadBytes,
    hopLimit: more.hopLimit ?? 64,
    ipId: frame,
    flowLabel: -1,
    headerBytes: 32,
    tsVal: undefined,
    tsEcr: undefined,
    newBytes: payloadBytes,
    kind,
    label: more.label,
    mac: -1,
    dontFragment: 1,
    startsMessage: undefined,
    copies: [],
    resetText: more.resetText,
    mptcpResetReason: undefined,
    checksum: 'unknown',
    omittedBefore: more.omittedBefore ?? 0,
    reset: more.reset ?? null,
    forged: more.forged ?? false,
  }
}

/** The story of r1: a keep-alive connection reused after its server had closed it. */
export function keepAliveStory(): StoryPacket[] {
  return [
    packet(120, 'client', 4680, 'S', 'syn', 0, { seq: 100, ack: 0 }),
    packet(121, 'server', 4681, 'S.', 'syn-ack', 0, { seq: 500, ack: 101 }),
    packet(121.5, 'client', 4682, '.', 'ack', 0, { seq: 101, ack: 501 }),
    packet(123, 'client', 4688, 'P.', 'data', 517, { seq: 101, ack: 501, label: 'GET /cart' }),
    packet(141, 'server', 4689, '.', 'data', 1448, { seq: 501, ack: 618, label: '200' }),
    packet(141.1, 'server', 4690, '.', 'data', 1448, { seq: 1949, ack: 618 }),
    packet(141.2, 'server', 4691, 'P.', 'data', 1204, { seq: 3397, ack: 618 }),
    packet(142, 'client', 4692, '.', 'ack', 0, { seq: 618, ack: 4601 }),
    packet(5142, 'server', 4702, 'F.', 'fin', 0, { seq: 4601, ack: 618 }),
    packet(5143, 'client', 4703, '.', 'ack', 0, { seq: 618, ack: 4602 }),
    packet(59_040, 'client', 4710, 'P.', 'data', 517, { seq: 618, ack: 4602, label: 'GET /cart' }),
    packet(59_041, 'server', 4711, 'R', 'rst', 0, { seq: 4602, ack: 0, reset: 'r1' }),
  ]
}

export function analysis(of: Report, over: Partial<Analysis> = {}): Analysis {
  return {
    report: of,
    stories: new Map([['r1', keepAliveStory()]]),
    health: HEALTH,
    timebase: { seconds: START_SECONDS },
    names: new Map(),
    ...over,
  }
}

/** 26 lost requests and 11 harmless resets. */
export function checkout(): Analysis {
  const stale = series(26, 1, 59_041)
  const harmless = benign(11, 27, 100_000, '10.0.3.7', 'i2')
  const incidents = [
    incident('i1', 'keep-alive-race', stale),
    incident('i2', 'benign-teardown', harmless, {
      title: 'Client hangs up after a complete answer: 10.0.3.7',
      listener: null,
      source: '10.0.3.7',
      summary: 'The client had its answer and dropped the connection by reset.',
    }),
  ]
  return analysis(
    report(
      [...stale, ...harmless].sort((a, b) => (a.time < b.time ? -1 : 1)),
      incidents,
    ),
  )
}

/** Harmless resets of one client. */
export function benign(
  n: number,
  firstId: number,
  fromMs: number,
  client: string,
  incidentId: string,
): Reset[] {
  return series(n, firstId, fromMs, {
    cause: 'benign-teardown',
    confidence: 0.98,
    impact: 'none' as Impact,
    sender: 'client',
    incident: incidentId,
    alternatives: [],
    connection: { ...reset().connection, client: { address: client, port: 50_000 } },
  })
}
