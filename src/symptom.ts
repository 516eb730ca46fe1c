/** What each side's application saw of a reset: error numbers of POSIX and Winsock, and the strings to look for in logs. */
import type { Facts } from './evidence/index.js'
import type { CauseId, Impact, Side, Symptom } from './model.js'
import { other } from './evidence/view.js'

const RESET: Symptom = {
  error: 'ECONNRESET',
  linux: 104,
  windows: 10054,
  logs: [
    'Connection reset by peer',
    'read ECONNRESET',
    'socket hang up',
    'java.net.SocketException: Connection reset',
    'connection reset by peer (Go: read: connection reset by peer)',
    'ConnectionResetError: [Errno 104] Connection reset by peer',
    'An existing connection was forcibly closed by the remote host',
    'nginx: recv() failed (104: Connection reset by peer)',
    'haproxy: termination state SD or CD',
    'Envoy: upstream connect error or disconnect/reset before headers, reset reason: connection termination (UC)',
    'curl: (56) Recv failure: Connection reset by peer',
  ],
}

const REFUSED: Symptom = {
  error: 'ECONNREFUSED',
  linux: 111,
  windows: 10061,
  logs: [
    'Connection refused',
    'connect ECONNREFUSED',
    'java.net.ConnectException: Connection refused',
    'dial tcp: connect: connection refused',
    'ConnectionRefusedError: [Errno 111] Connection refused',
    'No connection could be made because the target machine actively refused it',
    'nginx: connect() failed (111: Connection refused)',
    'haproxy: termination state SC',
    'Envoy: upstream connect error, reset reason: connection failure (UF)',
    'curl: (7) Failed to connect: Connection refused',
  ],
}

const BROKEN_PIPE: Symptom = {
  error: 'EPIPE',
  linux: 32,
  windows: 10053,
  logs: [
    'Broken pipe',
    'write EPIPE',
    'java.io.IOException: Broken pipe',
    'write: broken pipe',
    'BrokenPipeError: [Errno 32] Broken pipe',
    'An established connection was aborted by the software in your host machine',
    'nginx: send() failed (32: Broken pipe)',
    'curl: (55) Send failure: Broken pipe',
  ],
}

const TIMED_OUT: Symptom = {
  error: 'ETIMEDOUT',
  linux: 110,
  windows: 10060,
  logs: ['Connection timed out', 'ETIMEDOUT', 'java.net.SocketException: Connection timed out', 'TimeoutError: [Errno 110] Connection timed out'],
}

/** Null = that side noticed nothing, or it is not known what. */
export function symptoms(f: Facts, cause: CauseId, impact: Impact): Record<Side, Symptom | null> {
  const seen: Record<Side, Symptom | null> = { client: null, server: null }
  if (impact === 'ignored') return seen
  const target = other(f.sender)
  seen[target] = targetSymptom(f, cause)
  if (cause === 'keepalive-timeout' || (cause === 'retransmission-timeout' && f.active)) seen[f.sender] = TIMED_OUT
  if (f.origin === 'middlebox' && f.mirrored) seen[f.sender] = RESET
  return seen
}

function targetSymptom(f: Facts, cause: CauseId): Symptom | null {
  if (f.trigger === 'syn') return f.sender === 'server' ? REFUSED : null
  // A server sees nothing of a client that gives up before the handshake is complete: accept() never returned.
  if (f.sender === 'client' && f.handshakeDone === false) return null
  // Whoever has closed its own socket completely has nobody left to tell.
  if (f.peerFinMs !== undefined && (f.senderFinMs !== undefined || cause === 'benign-teardown')) return null
  if (cause === 'data-after-close' || cause === 'reset-aftermath') return writing(f) ? BROKEN_PIPE_OR_RESET : RESET
  return RESET
}

/** The side that was still writing when its peer had closed meets the reset on its next write; a read reports ECONNRESET first. */
const BROKEN_PIPE_OR_RESET: Symptom = {
  ...RESET,
  logs: [...RESET.logs, ...BROKEN_PIPE.logs],
}

function writing(f: Facts): boolean {
  return f.dataAfterFinBytes > 0
}
