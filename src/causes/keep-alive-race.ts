import { against, and, atLeast, contrary, defineCause, fair, must, or, strong, weak } from './define.js'

export default defineCause({
  id: 'keep-alive-race',
  title: 'Keep-alive race',
  family: 'established',
  means: 'One side had already closed its idle keep-alive connection (FIN); the other reused it for the next request, or the request crossed the FIN. Nothing listened any more, so the request was answered by a reset.',
  remedies: [
    'Make the idle limit of the side that sends requests (client, proxy, connection pool) shorter than the keep-alive timeout of the side that closes: client idle limit < server keep-alive timeout.',
    'Or raise the keep-alive timeout of the closing side above the longest idle limit in front of it (Node: server.keepAliveTimeout and headersTimeout; nginx: keepalive_timeout; gunicorn: --keep-alive).',
    'Retry idempotent requests once on a fresh connection; many libraries can (Go net/http does it for replayable requests).',
    'Let the client watch idle connections for FIN before it reuses them.',
  ],
  nextChecks: ["Compare the closing side's keep-alive timeout (the silence before its FIN) with the idle limit of the pool that reused the connection."],
  cites: ['RFC 9112 §9.5', 'RFC 9293 §3.6.1', 'RFC 1122 §4.2.2.13'],
  mistakenFor: {
    'data-after-close': 'then what met the FIN continued a transfer instead of starting a request',
    'idle-timeout': 'then no FIN came before the reset',
    'benign-teardown': 'then only a closing record or FIN met the FIN',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('its sender had closed the connection before', f => f.senderFinMs !== undefined, ['senderFinMs']),
    must('new data of the peer met that FIN', f => f.dataAfterFinBytes > 0, ['dataAfterFinBytes']),
    must('the reset is the answer of a closed socket', f => f.active !== true),
    must('what met the FIN is more than a goodbye', f => (f.dataAfterFinIsGoodbye === undefined ? undefined : !f.dataAfterFinIsGoodbye)),
    must('the side that asks is the one that was reset', f => (f.rolesCertain ? f.sender === 'server' : f.sender === 'server' ? true : undefined)),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('what met the FIN began a new request', f => f.dataAfterFinStartsMessage, ['dataAfterFinStartsMessage']),
    fair('the connection had been idle for {silenceBeforeFinMs} before the FIN', f => atLeast(f.silenceBeforeFinMs, 900)),
    weak('the idle time before the FIN was {silenceBeforeFinMs}', f => atLeast(f.silenceBeforeFinMs, 200)),
    fair('an exchange had been completed before', f => (f.exchanges >= 1 ? true : undefined)),
    weak('the server closed, the client asked', f => f.sender === 'server'),
    fair('{sameSilenceCount} other connections of this listener were closed after the same idle time', f => f.sameSilenceCount >= 1),
    contrary('what met the FIN continued a message', f => f.dataAfterFinStartsMessage === false, ['dataAfterFinStartsMessage']),
    against('the FIN came in the middle of traffic', f => or(f.silenceBeforeFinMs === undefined, f.silenceBeforeFinMs! < 100)),
    against('its sender had announced the close or refused', f => f.senderRejection !== undefined && (f.senderRejectionMs ?? 0) - (f.senderFinMs ?? 0) < 1000),
    against('the peer had closed first', f => and(f.peerClosedFirst)),
    contrary('nothing had ever been asked', f => f.peerPayloadBytes === f.dataAfterFinBytes && f.exchanges === 0 && f.senderPayloadBytes > 0),
  ],
  summary: (f, n, say) =>
    `${n.sender} closed its idle connection${(f.silenceBeforeFinMs ?? 0) > 200 ? ` after ${say('silenceBeforeFinMs')}` : ''}; ${n.peer} sent a request on it all the same and was reset`,
})
