/**
 * What each side's application saw of a reset: error numbers of POSIX and Winsock, and the strings to look for in logs.
 * Which call fails with what was measured on Linux; the strings are those of the programs' own messages.
 */
import type { Facts } from '../evidence/index.js'
import type { CauseId, Impact, Side, Symptom } from '../model.js'
import { other } from '../evidence/view.js'

/** Strings of programs that are as a rule on one side only: proxies log differently towards clients and towards servers. */
type BySide = Record<Side, string[]>

const RESET = {
  error: 'ECONNRESET',
  linux: 104,
  windows: 10054,
  logs: [
    'Connection reset by peer',
    'read ECONNRESET',
    'java.net.SocketException: Connection reset',
    'read: connection reset by peer',
    'ConnectionResetError: [Errno 104] Connection reset by peer',
    'SocketException (104): Connection reset by peer',
    'An existing connection was forcibly closed by the remote host',
  ],
}

const RESET_LOGS: BySide = {
  client: [
    'socket hang up',
    'An error occurred while sending the request',
    'recv() failed (104: Connection reset by peer) while reading response header from upstream',
    'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
    'haproxy: termination state SH or SD',
    'Envoy: response flag UC',
    'curl: (56) Recv failure: Connection reset by peer',
  ],
  server: [
    'recv() failed (104: Connection reset by peer) while reading client request',
    'could not receive data from client: Connection reset by peer',
    'haproxy: termination state CR, CH or CD',
    'Envoy: response flag DC',
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
    'connect: connection refused',
    'ConnectionRefusedError: [Errno 111] Connection refused',
    'SocketException (111): Connection refused',
    'No connection could be made because the target machine actively refused it',
    'connect() failed (111: Connection refused) while connecting to upstream',
    'haproxy: termination state SC',
    'delayed connect error: 111',
    'curl: (7) Failed to connect',
  ],
}

/**
 * The peer's FIN had arrived before its reset (CLOSE_WAIT): Linux then reports the end of the stream to a reader (recv 0), never ECONNRESET, and
 * EPIPE to a writer; BSD and macOS give ECONNRESET to both. Programs have their own words for an answer that ends before it began.
 */
const END_BEFORE_ANSWER = [
  'socket hang up',
  'Connection reset by peer',
  'Remote end closed connection without response',
  'failed to respond',
  'HTTP/1.1 header parser received no bytes',
  'Unexpected end of file from server',
  'http: server closed idle connection',
  'The response ended prematurely',
  'upstream prematurely closed connection while reading response header from upstream',
  'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
  'haproxy: termination state SH',
  'curl: (52) Empty reply from server',
  'Broken pipe',
  'write EPIPE',
]

/** Winsock has no EPIPE: the first call after the reset gets 10054, later ones 10053. */
const BROKEN_PIPE = {
  error: 'EPIPE',
  linux: 32,
  windows: 10054,
  logs: [
    'Broken pipe',
    'write EPIPE',
    'java.net.SocketException: Broken pipe',
    'java.io.IOException: Broken pipe',
    'write: broken pipe',
    'BrokenPipeError: [Errno 32] Broken pipe',
    'Connection reset by peer',
    'An existing connection was forcibly closed by the remote host',
    'An established connection was aborted by the software in your host machine',
  ],
}

const BROKEN_PIPE_LOGS: BySide = {
  client: [
    'send() failed (32: Broken pipe) while sending request to upstream',
    'haproxy: termination state SD',
    'curl: (55) Send failure: Broken pipe',
  ],
  server: [
    'writev() failed (32: Broken pipe) while sending to client',
    'ClientAbortException: java.io.IOException: Broken pipe',
    'haproxy: termination state CD',
    'Envoy: response flag DC',
  ],
}

/** Keepalive gave up. Winsock has a number of its own for that (WSAENETRESET). */
const KEEPALIVE_GAVE_UP: Symptom = {
  error: 'ETIMEDOUT',
  linux: 110,
  windows: 10052,
  logs: [
    'Connection timed out',
    'read ETIMEDOUT',
    'java.net.SocketException: Connection timed out',
    'read: connection timed out',
    'TimeoutError: [Errno 110] Connection timed out',
    'The connection has been broken due to keep-alive activity detecting a failure while the operation was in progress',
  ],
}

const TIMED_OUT: Symptom = {
  error: 'ETIMEDOUT',
  linux: 110,
  windows: 10060,
  logs: [
    'Connection timed out',
    'read ETIMEDOUT',
    'java.net.SocketException: Connection timed out',
    'read: connection timed out',
    'TimeoutError: [Errno 110] Connection timed out',
    'A connection attempt failed because the connected party did not properly respond after a period of time',
  ],
}

/** Where the sender's own kernel ended the connection without a reset, its application had an error before the capture shows one. */
const GIVING_UP: ReadonlySet<CauseId> = new Set(['retransmission-timeout', 'zero-window-timeout'])

/** Null = that side noticed nothing, or it is not known what. */
export function symptoms(f: Facts, cause: CauseId, impact: Impact): Record<Side, Symptom | null> {
  const seen: Record<Side, Symptom | null> = { client: null, server: null }
  if (impact === 'ignored') return seen
  const target = other(f.sender)
  seen[target] = targetSymptom(f, cause, target)
  if (cause === 'keepalive-timeout') seen[f.sender] = KEEPALIVE_GAVE_UP
  else if (GIVING_UP.has(cause) && f.gaveUpSilently) seen[f.sender] = TIMED_OUT
  // The other reset of a forged pair is told there as well; whoever reads only this one should not miss it.
  if (f.origin === 'middlebox' && f.mirrored) seen[f.sender] = resetSymptom(f.sender)
  return seen
}

function targetSymptom(f: Facts, cause: CauseId, target: Side): Symptom | null {
  // RST+ACK in SYN-SENT (RFC 9293 §3.10.7.3).
  if (f.trigger === 'syn') return target === 'client' ? REFUSED : null
  // The client's reset clears a connection from before: whoever still reads on that one learns it now.
  if (cause === 'port-reuse-collision') return resetSymptom(target)
  // A server sees nothing of a client that gives up before the handshake is complete: accept() never returned.
  if (target === 'server' && f.handshakeDone === false) return null
  // A peer that answers neither probes nor data is gone or cut off, and so is the way to tell it; one whose answers are in view is told.
  const inVain = cause === 'keepalive-timeout' || (cause === 'retransmission-timeout' && f.active)
  if (inVain && f.unheardAnswers === undefined) return null
  if (f.peerFinMs !== undefined && !stillReading(f, cause)) return null
  // Its goodbye came too late for anybody to miss the answer.
  if (cause === 'benign-teardown' && f.senderFinMs !== undefined) return null
  if (cause === 'keep-alive-race') return { ...BROKEN_PIPE, logs: END_BEFORE_ANSWER }
  // The FIN came first, in order: CLOSE_WAIT, whatever brought the reset (Linux net/ipv4/tcp_input.c tcp_reset: EPIPE).
  if (f.senderFinMs !== undefined) return brokenPipe(target)
  return resetSymptom(target)
}

/** The target had sent its FIN: only a half-close that waits for the rest leaves somebody to tell. */
function stillReading(f: Facts, cause: CauseId): boolean {
  if (f.senderFinMs !== undefined || cause === 'benign-teardown') return false
  return f.sender === 'server'
    ? f.requestOutstanding === true || f.responseInProgress === true
    : f.requestInProgress === true
}

function resetSymptom(side: Side): Symptom {
  return { ...RESET, logs: [...RESET.logs, ...RESET_LOGS[side]] }
}

function brokenPipe(side: Side): Symptom {
  return { ...BROKEN_PIPE, logs: [...BROKEN_PIPE.logs, ...BROKEN_PIPE_LOGS[side]] }
}
