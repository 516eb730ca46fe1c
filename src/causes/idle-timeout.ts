import { against, and, atLeast, below, contrary, defineCause, fair, must, not, or, strong, weak } from './define.js'
import { IDLE_MS, LONG_IDLE_MS, VERY_LONG_IDLE_MS } from './thresholds.js'

export default defineCause({
  id: 'idle-timeout',
  title: 'Idle timeout',
  family: 'established',
  means: 'Nothing crossed the connection for so long that one side, or a device between them, gave it up: it reset it when its timer expired, or answered the next packet as unknown.',
  remedies: [
    'Make the timers nest: the side that sends requests must close idle connections before the other side or any device between them does (client idle limit < proxy idle limit < server idle limit).',
    'Where a connection has to stay idle, keep it alive: TCP keepalive (or application pings) at an interval below the shortest timer on the way, that is below {silenceMs} here.',
    'Retry once, on a new connection, what was sent on the dead one if it is idempotent.',
  ],
  nextChecks: [
    'Which timer on the way is set to this value? Compare the silence with the idle timeouts of the server, its load balancer, the firewalls and NATs.',
    'If it answered a packet instead of coming by itself, the timer is shorter than the silence: find the longest silence that connections survive.',
  ],
  cites: ['RFC 5382 REQ-5', 'RFC 9293 §3.8.4', 'RFC 1122 §4.2.3.6'],
  mistakenFor: {
    'keep-alive-race': 'then a FIN came first',
    'post-restart': 'then connections die whatever their silence, several at once',
    'abortive-close': 'then no silence preceded the reset',
    'benign-teardown': 'then the client dropped its own idle, fully answered connection',
  },
  maker: 'either',
  prior: 0.5,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('it was silent for {silenceMs}', f => or(atLeast(f.silenceMs, IDLE_MS), and(f.finWithReset, atLeast(f.silenceBeforeFinMs, IDLE_MS)))),
    must('its sender had not closed long before', f => f.senderFinMs === undefined || f.finWithReset),
    must('nothing was being retransmitted in vain', f => f.retransmissions < 2 && f.keepaliveUnanswered < 2 && (f.zeroWindowMs ?? 0) < 1000),
    must('the connection had not been reset before', f => !f.resetBefore || f.mirrored),
  ],
  signs: [
    weak('{silenceMs} is longer than most think times', f => atLeast(f.silenceMs, LONG_IDLE_MS)),
    fair('{silenceMs} is as long as the common device and proxy timers', f => atLeast(f.silenceMs, VERY_LONG_IDLE_MS)),
    strong('the silence ended with the reset itself: a timer fired', f => and(f.silenceEndedByReset, f.active !== false, atLeast(f.silenceMs, LONG_IDLE_MS))),
    fair('the silence ended with the reset itself', f => and(f.silenceEndedByReset, f.active !== false, below(f.silenceMs, LONG_IDLE_MS))),
    fair('the silence ended with a segment that was answered at once: its receiver no longer knew the connection', f => and(not(f.silenceEndedByReset), f.active === false)),
    // Where the next segment ended the silence, equal silences are the peer's rhythm, not a timer.
    strong('{sameSilenceCount} other connections of this listener ended after the same silence', f => f.sameSilenceCount >= 1 && (f.silenceEndedByReset === true || f.finWithReset)),
    fair('connections of this listener survived shorter silences, {survivedSilenceMs} at most', f =>
      f.survivedSilenceMs !== undefined && f.silenceMs !== undefined && f.survivedSilenceMs >= 500 ? f.survivedSilenceMs * 2 < f.silenceMs : undefined,
    ),
    fair('FIN and reset came together after the silence', f => (f.finWithReset ? true : undefined), ['senderFinMs']),
    fair('a device on the path made it', f => (f.origin === 'middlebox' ? true : undefined)),
    contrary('connections of this listener survived longer silences ({survivedSilenceMs})', f =>
      f.survivedSilenceMs !== undefined && f.silenceMs !== undefined ? f.survivedSilenceMs > f.silenceMs * 1.3 : undefined,
    ),
    against('several connections of this host were forgotten at once, whatever their silence', f => f.forgottenCount >= 2),
    against('many connections of one owner ended in the same moment', f => f.burstCount >= 3 && f.sameSilenceCount < f.burstCount - 1),
    contrary('the client dropped its own idle, fully answered connection', f =>
      and(f.sender === 'client', f.active !== false, f.silenceEndedByReset, not(f.requestOutstanding), f.origin !== 'middlebox', f.sameSilenceCount === 0),
    ),
  ],
  summary: (f, n, say) =>
    f.origin === 'middlebox'
      ? `a device between ${n.client} and ${n.server} forgot the connection after ${say('silenceMs')} of silence`
      : `${n.sender} gave up the connection with ${n.peer} after ${say('silenceMs')} of silence`,
})
