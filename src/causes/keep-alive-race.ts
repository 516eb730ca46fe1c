import { against, and, atLeast, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { beganAfresh } from './thresholds.js'

export default defineCause({
  id: 'keep-alive-race',
  title: 'Keep-alive race',
  family: 'established',
  means:
    'One side had already closed its idle keep-alive connection; the other sent its next request on it all the same, or just before it heard of the close. Nobody was left to read it, so the request was answered by a reset.',
  remedies: [
    'On {peer}: drop idle connections after less than {silenceBeforeFinMs}: idle limit of the caller < keep-alive timeout of the side that closes.',
    'Or on {sender}: raise the keep-alive timeout above the longest idle limit of its callers.',
    'Retry idempotent requests once on a new connection (Go net/http does so by itself; nginx proxy_next_upstream, Envoy retry_on: reset, haproxy retry-on empty-response (mode http only), urllib3 Retry).',
    'Where servers set their keep-alive timeout: Node server.keepAliveTimeout (and server.headersTimeout above it), nginx keepalive_timeout, Apache KeepAliveTimeout, gunicorn --keep-alive, uvicorn --timeout-keep-alive, Spring Boot server.tomcat.keep-alive-timeout, Go http.Server.IdleTimeout, Kestrel Limits.KeepAliveTimeout.',
    'Where callers set their idle limit: AWS ALB idle_timeout.timeout_seconds (60 s unless changed), nginx keepalive_timeout in the upstream block, Envoy common_http_protocol_options.idle_timeout, Go http.Transport.IdleConnTimeout, Apache HttpClient evictIdleConnections.',
  ],
  nextChecks: [
    'Which idle limit has the pool on {peer}? Its log holds the error; the log of {sender} holds nothing as a rule, for the connection was closed there already.',
  ],
  cites: ['RFC 9112 §9.5', 'RFC 9293 §3.6.1', 'RFC 1122 §4.2.2.13'],
  mistakenFor: {
    'data-after-close': 'then what met the FIN continued a transfer instead of starting a request',
    'idle-timeout': 'then no FIN came before the reset',
    'benign-teardown': 'then only a closing record or FIN met the FIN',
    'post-restart': 'then no FIN came first: the host had forgotten the connection',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('its sender had closed the connection before', f => f.senderFinMs !== undefined, ['senderFinMs']),
    must('new data of the peer met that FIN ({dataAfterFinBytes})', f => f.dataAfterFinBytes > 0, [
      'dataAfterFinBytes',
    ]),
    must('the reset is the answer of a closed socket', f => f.active !== true),
    must('what met the FIN is more than a goodbye', f =>
      f.dataAfterFinIsGoodbye === undefined ? undefined : !f.dataAfterFinIsGoodbye,
    ),
    must('the side that asks is the one that was reset', f =>
      // Whoever's requests were read is the client, also where the capture missed the SYN.
      f.sender === 'server' ? true : f.rolesCertain || f.exchangeComplete !== undefined ? false : undefined,
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('what met the FIN began a new request', f => f.dataAfterFinStartsMessage, [
      'dataAfterFinStartsMessage',
    ]),
    fair('the connection had been idle for {silenceBeforeFinMs} before the FIN', f =>
      atLeast(f.silenceBeforeFinMs, 900),
    ),
    weak('the connection had rested for {silenceBeforeFinMs} before the FIN', f =>
      atLeast(f.silenceBeforeFinMs, 200),
    ),
    fair(
      'what met the FIN came {dataAfterFinMs} after it: nothing had been under way when the server closed',
      beganAfresh,
    ),
    fair('an exchange had been completed before', f => (f.exchanges >= 1 ? true : undefined)),
    weak('it was the server that closed, as in most keep-alive races', f => f.sender === 'server'),
    fair(
      '{sameSilenceCount} other connections of this listener were closed after the same idle time',
      f => f.sameSilenceCount >= 1,
    ),
    contrary('what met the FIN continued a message', f => f.dataAfterFinStartsMessage === false, [
      'dataAfterFinStartsMessage',
    ]),
    contrary(
      'what met the FIN had been sent long before it: it was lost on the way, it did not cross',
      f => (f.dataAfterFinMs ?? 0) < -3 * (f.senderResponseMs ?? 0) - 1000,
    ),
    contrary(
      'its sender had spoken right before it closed: what met the FIN is an answer to that',
      f => f.sender === 'client' && (f.sinceSenderDataMs ?? 1e9) - (f.senderFinMs ?? 0) < 100,
    ),
    against('the FIN came in the middle of traffic', f =>
      f.silenceBeforeFinMs === undefined ? undefined : f.silenceBeforeFinMs < 100 && !beganAfresh(f),
    ),
    against(
      'its sender had announced the close or refused',
      f => f.senderRejection !== undefined && (f.senderRejectionMs ?? 0) - (f.senderFinMs ?? 0) < 1000,
    ),
    against(
      'what the peer had sent before was still unanswered when its sender closed',
      f => f.answerDueAtFin,
    ),
    weak("it bears the connection's IPv6 flow label: its maker still knew the connection it had closed", f =>
      and(f.linuxSender, f.active === false, f.flowLabelKept),
    ),
    against('the peer had closed first', f => and(f.peerClosedFirst)),
    contrary(
      'nothing had ever been asked',
      f => f.peerPayloadBytes === f.dataAfterFinBytes && f.exchanges === 0 && f.senderPayloadBytes > 0,
    ),
    ...kernelSigns('keep-alive-race'),
  ],
  summary: (f, n, say) => {
    const idle = (f.silenceBeforeFinMs ?? 0) > 200 ? ` after ${say('silenceBeforeFinMs')}` : ''
    const later =
      f.dataAfterFinMs === undefined
        ? ''
        : f.dataAfterFinMs < 0
          ? ' at the same moment'
          : ` ${say('dataAfterFinMs')} later`
    return `${n.sender} closed its idle connection${idle}; ${n.peer} sent a request on it${later} and got a reset`
  },
})
