/** What each side's application saw, on stories whose facts are set by hand. */
import { describe, expect, it } from 'vitest'
import type { Facts } from '../src/evidence/index.js'
import type { CauseId, Impact } from '../src/model.js'
import { symptoms } from '../src/verdict/symptom.js'

/** An established connection that the server resets while the client waits. */
const ESTABLISHED: Partial<Facts> = {
  sender: 'server',
  origin: 'endpoint',
  handshakeDone: true,
  mirrored: false,
  dataAfterFinBytes: 0,
  finWithReset: false,
  gaveUpSilently: false,
}

function saw(cause: CauseId, over: Partial<Facts> = {}, impact: Impact = 'request-lost') {
  return symptoms({ ...ESTABLISHED, ...over } as Facts, cause, impact)
}

function logsOf(cause: CauseId, side: 'client' | 'server', over: Partial<Facts> = {}): string {
  return (saw(cause, over)[side]?.logs ?? []).join('\n')
}

describe('numbers', () => {
  it.each([
    [
      'connect refused',
      saw('port-closed', { trigger: 'syn', handshakeDone: false }),
      'ECONNREFUSED',
      111,
      10061,
    ],
    [
      'rejected on the path',
      saw('firewall-reject', { trigger: 'syn', handshakeDone: false, origin: 'middlebox' }),
      'ECONNREFUSED',
      111,
      10061,
    ],
    ['full accept queue: connect() had succeeded', saw('accept-queue-overflow'), 'ECONNRESET', 104, 10054],
    ['reset while open', saw('abortive-close'), 'ECONNRESET', 104, 10054],
    [
      'still writing after the FIN',
      saw('data-after-close', { senderFinMs: 50, dataAfterFinBytes: 400 }),
      'EPIPE',
      32,
      10054,
    ],
    [
      'asking after the FIN',
      saw('keep-alive-race', { senderFinMs: 900, dataAfterFinBytes: 71 }),
      'EPIPE',
      32,
      10054,
    ],
    [
      'FIN and reset of one close()',
      saw('idle-timeout', { senderFinMs: 0.02, finWithReset: true }),
      'EPIPE',
      32,
      10054,
    ],
  ] as const)('%s', (_what, { client }, error, linux, windows) => {
    expect(client).toMatchObject({ error, linux, windows })
  })

  it('a prober that gives up has ETIMEDOUT, and a number of its own on Windows', () => {
    const { client, server } = saw('keepalive-timeout', { sender: 'client' })
    expect(client).toMatchObject({ error: 'ETIMEDOUT', linux: 110, windows: 10052 })
    expect(server).toBeNull()
  })

  it('a peer whose answers were lost on the way back is told by the reset', () => {
    expect(saw('keepalive-timeout', { unheardAnswers: 4 }).client).toMatchObject({ error: 'ECONNRESET' })
    expect(saw('keepalive-timeout').client).toBeNull()
  })

  it('a kernel that gave up retransmitting had told its application before', () => {
    const { client, server } = saw('retransmission-timeout', {
      sender: 'client',
      active: false,
      gaveUpSilently: true,
    })
    expect(client).toMatchObject({ error: 'ETIMEDOUT', linux: 110, windows: 10060 })
    expect(server).toMatchObject({ error: 'ECONNRESET' })
  })
})

describe('who sees nothing', () => {
  it('the server of a connect that was cancelled before the handshake was complete', () => {
    expect(saw('handshake-aborted', { sender: 'client', handshakeDone: false, trigger: 'syn-ack' })).toEqual({
      client: null,
      server: null,
    })
  })

  it('whoever ignored the reset', () => {
    expect(saw('middlebox-injection', {}, 'ignored')).toEqual({ client: null, server: null })
  })

  it('a side that had closed as well', () => {
    expect(saw('benign-teardown', { sender: 'client', peerFinMs: 0.1 }).server).toBeNull()
    expect(
      saw('abortive-close', { peerFinMs: 5, requestOutstanding: false, responseInProgress: false }).client,
    ).toBeNull()
  })

  it('but a half-close that still waits for the rest is told', () => {
    expect(saw('abortive-close', { peerFinMs: 5, responseInProgress: true }).client?.error).toBe('ECONNRESET')
  })
})

describe('sides', () => {
  it('a client that resets is noticed by the server only', () => {
    const { client, server } = saw('abortive-close', { sender: 'client' })
    expect(client).toBeNull()
    expect(server).toMatchObject({ error: 'ECONNRESET', linux: 104 })
  })

  it('the old connection behind a reused port learns of its end', () => {
    const { server } = saw(
      'port-reuse-collision',
      { sender: 'client', handshakeDone: false, trigger: 'ack' },
      'none',
    )
    expect(server?.error).toBe('ECONNRESET')
  })

  it('a pair of forged resets is seen on both sides', () => {
    const { client, server } = saw('middlebox-injection', { origin: 'middlebox', mirrored: true })
    expect([client?.error, server?.error]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })
})

describe('strings', () => {
  it('name what Java, Node, Go, Python, .NET, nginx, haproxy, Envoy and curl write at the client', () => {
    const logs = logsOf('abortive-close', 'client')
    for (const part of [
      'java.net.SocketException: Connection reset',
      'read ECONNRESET',
      'read: connection reset by peer',
      'ConnectionResetError: [Errno 104]',
      'SocketException (104)',
      'while reading response header from upstream',
      'haproxy: termination state SH or SD',
      'reset reason: connection termination',
      'curl: (56)',
    ])
      expect(logs).toContain(part)
    expect(logs).not.toContain('while reading client request')
  })

  it('are those of the server side where a client resets', () => {
    const logs = logsOf('abortive-close', 'server', { sender: 'client' })
    expect(logs).toContain('while reading client request')
    expect(logs).toContain('Envoy: response flag DC')
    expect(logs).not.toContain('upstream')
  })

  it('lead with the ends that come without an error number where a FIN had arrived before', () => {
    const [first, ...rest] = saw('keep-alive-race', { senderFinMs: 900, dataAfterFinBytes: 71 }).client!.logs
    expect(first).toBe('socket hang up')
    expect(rest).toEqual(
      expect.arrayContaining([
        'curl: (52) Empty reply from server',
        'http: server closed idle connection',
        'Broken pipe',
      ]),
    )
  })
})
