import type { Facts } from '../evidence/facts.js'
import {
  against,
  and,
  atLeast,
  below,
  contrary,
  decisive,
  defineCause,
  fair,
  must,
  not,
  or,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import {
  closedUnanswered,
  diedTogether,
  foreignNumber,
  fullyAnswered,
  hungUpAfterAnswer,
  IDLE_MS,
  lyingUnread,
  PROBE_COUNT,
} from './thresholds.js'

/** Both sides closed by FIN with everything acknowledged: neither had anything left to say, whatever the capture missed of the exchange. */
function closedByBoth(f: Facts): boolean {
  return (
    f.senderFinMs !== undefined &&
    f.peerFinMs !== undefined &&
    (f.senderUnackedBytes ?? 2) <= 1 &&
    (f.peerUnackedBytes ?? 2) <= 1 &&
    f.dataAfterFinBytes === 0
  )
}

/** A TLS client that closes waits for no answer: its last record is its goodbye (half-closed TLS connections are not in use, RFC 5246 §7.2.1). */
function saidGoodbye(f: Facts): boolean {
  return f.encrypted && f.sender === 'server' && f.peerFinMs !== undefined && f.peerClosedFirst === true
}

/** The one thing that the server had not answered is the goodbye that met its FIN. */
function onlyGoodbyeLeft(f: Facts): boolean {
  return (
    f.senderFinMs !== undefined && f.dataAfterFinIsGoodbye === true && f.turnBytes === f.dataAfterFinBytes
  )
}

export default defineCause({
  id: 'benign-teardown',
  title: 'Harmless end',
  family: 'established',
  means:
    'Everything had been said: the exchange was complete when the reset came. Browsers, load balancers and many clients end connections like this to save time.',
  remedies: [
    'Nothing is broken. If the resets disturb logs or counters, let {sender} close normally: no SO_LINGER 0, read to the end before closing.',
  ],
  nextChecks: ['Nothing, unless an application complains about exactly this connection.'],
  cites: ['RFC 9112 §9.6', 'Arlitt, Williamson: An Analysis of TCP Reset Behaviour on the Internet, 2005'],
  mistakenFor: {
    'abortive-close': 'then something was still outstanding',
    'data-after-close': 'then real data met the FIN, not only a goodbye',
    'keep-alive-race': 'then a new request met the FIN',
    'application-reject': 'then the last words were a refusal',
    'idle-timeout': 'then a server or device dropped the idle connection when its timer expired',
  },
  maker: 'endpoint',
  prior: 0.5,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('no request was left unanswered', f =>
      or(
        closedByBoth(f),
        saidGoodbye(f),
        onlyGoodbyeLeft(f),
        not(or(f.requestOutstanding === true, f.sender === 'client' ? false : f.responseInProgress === true)),
      ),
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
    must('its number is one of its connection', f => !foreignNumber(f)),
    must('the connection had not been reset before', f => !f.resetBefore),
  ],
  signs: [
    strong(
      'the peer had closed its side before',
      f => (f.peerFinMs === undefined || f.peerFinUntaken ? undefined : true),
      ['peerFinMs'],
    ),
    fair('everything asked had been answered completely', f => and(f.exchangeComplete, !closedUnanswered(f))),
    fair('all data had been acknowledged', f =>
      and(
        f.senderUnackedBytes === undefined ? undefined : f.senderUnackedBytes <= 1,
        f.peerUnackedBytes === undefined ? undefined : f.peerUnackedBytes <= 1,
      ),
    ),
    decisive(
      'only a goodbye met the FIN (TLS alert, {dataAfterFinBytes})',
      f => and(f.senderFinMs !== undefined, f.dataAfterFinBytes > 0, f.dataAfterFinIsGoodbye),
      ['dataAfterFinIsGoodbye'],
    ),
    strong(
      "only the peer's FIN met its closed socket",
      f =>
        and(
          f.senderFinMs !== undefined || (f.midCapture && f.trigger === 'fin'),
          f.trigger === 'fin' || f.trigger === 'ack',
          !f.triggerUnseen,
          f.dataAfterFinBytes === 0,
        ),
      ['trigger'],
    ),
    strong('the client dropped its own idle, fully answered connection', f =>
      and(
        f.sender === 'client',
        f.active,
        atLeast(f.silenceMs, IDLE_MS),
        f.silenceEndedByReset,
        fullyAnswered(f),
        f.exchanges >= 1,
        f.keepaliveUnanswered < 2,
        f.retransmissions < 2,
      ),
    ),
    fair('the client ended after a complete answer', f =>
      and(f.sender === 'client', f.exchangeComplete, f.exchanges >= 1, !closedUnanswered(f)),
    ),
    fair(
      "the client ended after the server's answer had been received: it was pushed, acknowledged, and nothing followed",
      f =>
        and(
          f.sender === 'client',
          f.active,
          f.peerSpokeLast,
          f.peerPaused,
          f.senderPayloadBytes > 0,
          f.exchangeComplete === undefined && f.requestOutstanding !== true,
        ),
    ),
    fair('its sender had said goodbye before (close_notify, QUIT, Connection: close)', f =>
      f.senderSaidClosing || f.peerSaidClosing ? true : undefined,
    ),
    weak(
      'data had been exchanged in both directions',
      f => f.senderPayloadBytes > 0 && f.peerPayloadBytes > 0,
    ),
    contrary('the client had closed after waiting in vain for its answer', closedUnanswered),
    contrary('part of what the peer had sent before it closed never arrived', f => f.peerFinUntaken),
    contrary('data of the peer met the FIN', f =>
      and(f.senderFinMs !== undefined, f.dataAfterFinBytes > 0, not(f.dataAfterFinIsGoodbye)),
    ),
    contrary('{unreadBytes} lay unread: the window had closed', f =>
      or(
        and(atLeast(f.unreadBytes, 1000), atLeast(f.windowShrunk, 0.5)),
        f.exchangeComplete !== true && lyingUnread(f),
      ),
    ),
    contrary(
      'up to the reset, the last of what the peer had sent lay unread (its window widened {resetWindowRatio} times)',
      f =>
        and(
          atLeast(f.windowShrunk, 0.1),
          atLeast(f.resetWindowRatio, 1.15),
          f.exchangeComplete !== true && f.peerFinMs === undefined,
        ),
    ),
    against('the client never asked anything, here and {probeCount} times in all', f =>
      and(f.sender === 'client', f.senderPayloadBytes === 0, f.probeCount >= PROBE_COUNT),
    ),
    strong('it had closed by FIN long before, and nothing had come in since', f =>
      and(
        f.active ?? !f.bothSidesSeen,
        f.senderFinMs !== undefined && !f.finWithReset,
        f.dataAfterFinBytes === 0,
      ),
    ),
    contrary('what it answers was not captured, and is not known to be harmless', f =>
      and(f.triggerUnseen, f.active === false, f.dataAfterFinBytes === 0),
    ),
    contrary(
      'an old SYN of the connection had come once more: what followed belongs to no close',
      f => f.oldSyn,
    ),
    against('nothing was ever exchanged', f => !f.payloadSeen && !f.midCapture),
    contrary('a server dropped the idle connection by a timer', f =>
      and(f.sender === 'server', f.active, atLeast(f.silenceMs, IDLE_MS), f.peerFinMs === undefined),
    ),
    contrary('it answers a segment of an open connection', f =>
      and(f.active === false, f.senderFinMs === undefined, f.peerFinMs === undefined, !hungUpAfterAnswer(f)),
    ),
    contrary(
      'it gave up after waiting in vain',
      f => f.retransmissions >= 2 || f.keepaliveUnanswered >= 2 || (f.zeroWindowMs ?? 0) > 1000,
    ),
    contrary(
      'many connections of the same owner ended together',
      f => diedTogether(f) && f.peerFinMs === undefined,
    ),
    against('its sender had refused right before', f =>
      and(f.senderRejection !== undefined, below(f.senderRejectionMs, 2000)),
    ),
    against("the peer's data came last and was not answered", f =>
      and(
        f.peerSpokeLast,
        f.dataAfterFinIsGoodbye !== true,
        f.exchangeComplete !== true,
        f.peerFinMs === undefined,
        f.sender === 'server' || f.peerPaused !== true,
      ),
    ),
    against('what the client had sent never got a word of the server', f =>
      and(f.sender === 'server', f.senderPayloadBytes === 0, f.peerPayloadBytes > 0, f.bothSidesSeen),
    ),
    against('its own transfer was cut', f =>
      and(f.peerFinMs !== undefined, atLeast(f.senderUnackedBytes, 1000)),
    ),
    contrary(
      'its socket lived on: it took data that had not arrived when the reset left',
      f => f.senderTookMore,
    ),
    ...kernelSigns('benign-teardown'),
  ],
  summary: (_f, n) => `${n.sender} ended its finished connection with ${n.peer} by reset; nothing was lost`,
})
