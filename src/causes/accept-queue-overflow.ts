import type { Facts } from '../evidence/facts.js'
import { against, and, contrary, defineCause, fair, must, strong, type Truth, weak } from './define.js'
import { kernelSigns } from './kernel.js'

/** A host whose queues overflow is busy: its answers come late (RFC 9293 §3.8.6.3 lets even an ACK wait half a second). */
const LOADED_MS = 500

/** The full queue answers the very ACK that would have completed the connection: one round trip later. */
function answersHandshake(f: Facts): Truth {
  if (f.sinceHandshakeAckMs === undefined) return undefined
  return f.sinceHandshakeAckMs <= 2 * (f.senderResponseMs ?? 0) + LOADED_MS
}

/** Between two segments that were answered one by one. */
const APART_MS = 2

/**
 * Each segment without a socket gets its reset (RFC 9293 §3.10.7.1): one alone, a round trip behind the client's first data and clearly later than
 * that behind the ACK before it, means that the ACK was taken and a connection made.
 */
function ackWasTaken(f: Facts): Truth {
  if (f.trigger !== 'data' || f.rstMoments > 1) return false
  if (f.sinceHandshakeAckMs === undefined || f.triggerDelayMs === undefined) return undefined
  return f.sinceHandshakeAckMs - f.triggerDelayMs >= APART_MS
}

export default defineCause({
  id: 'accept-queue-overflow',
  title: 'Accept queue full',
  family: 'never established',
  means:
    'The connection was set up, but the queue of connections waiting for the server program was full, and the server is configured to reset in that case instead of letting the client wait (net.ipv4.tcp_abort_on_overflow=1).',
  remedies: [
    'On {server}: accept faster (more workers, nothing that blocks in the accept loop) and lengthen the queue, which is the smaller of net.core.somaxconn and the backlog the program asks for.',
    'Where the backlog is set: nginx `listen … backlog=`, haproxy `backlog`, Node server.listen({ backlog }), gunicorn --backlog, Tomcat acceptCount (Spring Boot server.tomcat.accept-count).',
    'On {server}: net.ipv4.tcp_abort_on_overflow=0 (the default); short bursts are then absorbed by retransmission instead of being reset.',
    'On {client}: reuse connections (a pool), limit concurrent connects, retry with exponential backoff and jitter.',
  ],
  nextChecks: [
    'On {server}: `nstat -az TcpExtListenOverflows TcpExtListenDrops` grows, `ss -ltn` shows a Recv-Q above Send-Q for the port, `sysctl net.ipv4.tcp_abort_on_overflow` says 1.',
  ],
  cites: [
    'Linux Documentation/networking/ip-sysctl.rst, tcp_abort_on_overflow',
    'Linux net/ipv4/tcp_minisocks.c tcp_check_req',
  ],
  mistakenFor: {
    'abortive-close': 'then a socket that had been accepted reset itself: RST+ACK',
    'process-crash':
      'then waiting connections are dropped in one burst of RST+ACK, and the port refuses afterwards',
    'post-restart': 'then the server had sent something after its SYN-ACK, or had been silent for long',
    'idle-timeout': 'then the reset comes only after a long silence',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('the server sent the reset', f => f.sender === 'server'),
    must('the handshake is in the capture', f => f.synAckSeen),
    must('the client had completed the handshake', f => f.handshakeDone),
    must(
      'the server sent nothing but its SYN-ACK',
      f => f.senderSegments === 0 && f.senderFinMs === undefined,
    ),
    must('its sequence number is the one right after the SYN-ACK: the connection was never created', f =>
      f.seqOffsetBytes === undefined ? undefined : f.seqOffsetBytes === 0,
    ),
    must(
      'the reset is the answer of a stack that has no socket (bare RST)',
      f => f.active === false || f.active === undefined,
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong("it answers the client's handshake ACK, {sinceHandshakeAckMs} after it", f =>
      and(f.trigger === 'ack' || f.trigger === 'data', answersHandshake(f), ackWasTaken(f) === false),
    ),
    against("the handshake ACK had been taken; only the client's data was reset", f => ackWasTaken(f)),
    contrary('the handshake ACK had been taken without an answer; only a later segment was reset', f =>
      answersHandshake(f) === false ? true : undefined,
    ),
    fair('the port had accepted others', f => f.acceptedBefore),
    weak('several connections met the same at that time', f => f.burstCount > 1),
    contrary(
      'a long silence preceded it ({silenceMs})',
      f => f.silenceMs !== undefined && f.silenceMs > 60_000,
    ),
    ...kernelSigns('accept-queue-overflow'),
  ],
  summary: (_f, n) =>
    `${n.server} dropped the connection from ${n.client} right after the handshake: its accept queue was full`,
})
