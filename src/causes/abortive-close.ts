import { against, and, atLeast, below, contrary, defineCause, fair, must, not, or, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import {
  askedInOneRead,
  diedTogether,
  foreignNumber,
  IDLE_MS,
  lyingUnread,
  owedNothing,
  portWentWith,
  PROMPT_MS,
  requestsLeft,
  shutDownBefore,
  sinceArrival,
} from './thresholds.js'

export default defineCause({
  id: 'abortive-close',
  title: 'Aborted on purpose',
  family: 'established',
  means:
    'The application asked for a reset instead of an orderly close: SO_LINGER with time 0, an abort() call, a destroyed socket, a cancelled request, a session killed by an administrator.',
  remedies: [
    'On {sender}: find what aborts the connection, and let it close normally if the data matters.',
    'If it is a proxy or load tester that saves TIME_WAIT sockets by resetting, tell its users, or let it close normally.',
    'On {peer}: take it as "the other side gave up"; retry idempotent requests on a new connection, with exponential backoff and jitter.',
    'What asks for a reset: SO_LINGER 0 (Java setSoLinger(true, 0), Go SetLinger(0)), Node socket.resetAndDestroy(), haproxy option nolinger, nginx reset_timedout_connection, a cancelled context, a fatal error handler.',
  ],
  nextChecks: [
    'In the log of the application on {sender} at this second: a cancellation, an exception, a timeout, a deny rule or a shutdown.',
  ],
  cites: ['RFC 9293 §3.10.5', 'RFC 9293 §3.9.1.6', 'Linux net/ipv4/tcp.c __tcp_close'],
  mistakenFor: {
    'unread-data-close': 'the header is identical; then data of the peer was waiting to be read',
    'idle-timeout': 'then a silence came first',
    'max-lifetime': 'then connections end at the same age',
    'process-crash': 'then many connections ended together and the port refuses',
    'application-reject': 'then a refusal was said right before',
    'benign-teardown': 'then everything had been said, or the peer had closed',
    'middlebox-injection': 'then hop limit, IP ID or timestamps are not those of its sender',
    'accept-queue-overflow':
      'then the reset is the bare answer to the handshake ACK: no socket had been made yet',
    'health-check-probe': 'then nothing was asked, and it comes back at regular intervals',
    'retransmission-timeout': 'then data had been repeated in vain before',
  },
  maker: 'endpoint',
  prior: 0.8,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('a socket reset itself', f => (f.active === undefined ? undefined : f.active)),
    must('no device made it', f => f.origin !== 'middlebox'),
    must('its number is one of its connection', f => !foreignNumber(f)),
  ],
  signs: [
    fair('its sender had nothing left to read: its own data came last', f =>
      and(not(f.peerSpokeLast), !requestsLeft(f), !lyingUnread(f)),
    ),
    fair('nothing had been sent on the connection', f => !f.payloadSeen),
    fair(
      'everything the peer had sent was acknowledged',
      f => f.peerUnackedBytes === 0 && f.peerSpokeLast === false && !requestsLeft(f) && !lyingUnread(f),
    ),
    weak("the reset's window is that of the last ACK: nothing was waiting to be read", f =>
      f.resetWindowRatio === undefined || !f.bothSidesSeen
        ? undefined
        : f.resetWindowRatio > 0.9 && f.resetWindowRatio < 1.2,
    ),
    weak('its window widened with the reset ({resetWindowRatio} times): it had read all just before', f =>
      and(atLeast(f.windowShrunk, 0.1), atLeast(f.resetWindowRatio, 1.15), below(f.resetWindowRatio, 1.9)),
    ),
    weak('it came in the middle of its own transfer', f =>
      or(
        atLeast(f.senderUnackedBytes, 1),
        f.sender === 'server' ? f.responseInProgress : f.requestInProgress,
      ),
    ),
    weak('its sender was waiting for an answer', f =>
      and(f.sender === 'client', f.requestOutstanding, f.peerSpokeLast === false),
    ),
    fair(
      'one short message of the peer, complete, was all that could be read: a program takes that in one go',
      f =>
        and(
          f.peerSpokeLast,
          askedInOneRead(f),
          below(sinceArrival(f), PROMPT_MS),
          f.kernelReason === undefined,
        ),
    ),
    weak(
      'a short message of the peer, complete, had waited for {sincePeerDataMs}: programs read what has arrived',
      f =>
        and(
          f.peerSpokeLast,
          askedInOneRead(f),
          not(below(sinceArrival(f), PROMPT_MS)),
          below(f.silenceMs, IDLE_MS),
          f.kernelReason === undefined,
        ),
    ),
    against("the peer's data came last and was not answered", f =>
      and(
        f.peerSpokeLast,
        not(askedInOneRead(f)),
        below(sinceArrival(f), PROMPT_MS),
        f.sender === 'server' || f.peerPaused !== true,
        // Whether it was read the kernel knows better.
        f.kernelReason === undefined,
      ),
    ),
    contrary(
      "the reset's window is {resetWindowRatio} times that of the last ACK: unread data was thrown away",
      f => atLeast(f.resetWindowRatio, 1.9),
    ),
    against('{unreadBytes} had been acknowledged without the window moving', f =>
      atLeast(f.unreadBytes, 4000),
    ),
    // A server that owes no answer acts on its timers only.
    against('the connection had been silent for {silenceMs}', f =>
      atLeast(f.silenceMs, owedNothing(f) ? IDLE_MS : 3000),
    ),
    contrary(
      'it gave up after waiting in vain',
      f => f.retransmissions >= 3 || f.keepaliveUnanswered >= 2 || (f.zeroWindowMs ?? 0) > 1000,
    ),
    against('{sameAgeCount} other connections ended at the same age', f => f.sameAgeCount >= 2),
    against(
      'part of what its sender had said was not captured: a refusal may have been in it',
      f => f.senderGap,
    ),
    against('many connections of the same owner ended together', diedTogether),
    against('the port refused connections from then on: its process was gone', portWentWith),
    against(
      'it had shut down its sending side before: a program that means to abort does not close in good order first',
      shutDownBefore,
    ),
    against(
      'the client had said goodbye right before: there was nothing left to abort',
      f => f.sender === 'client' && f.senderSaidClosing && f.peerPaused === true,
    ),
    against(
      'it was a refusal',
      f =>
        (f.senderRejection !== undefined && below(f.senderRejectionMs, 1000) === true) ||
        (f.sender === 'server' && f.mismatch !== undefined),
    ),
    against('the peer had refused what it was sending', f =>
      and(f.sender === 'client', f.refusedMidRequest, below(f.peerRejectionMs, 1000)),
    ),
    contrary('everything had been answered and the peer had closed', f =>
      and(
        f.peerFinMs !== undefined && !f.peerFinUntaken,
        f.requestOutstanding !== true,
        f.responseInProgress !== true,
      ),
    ),
    contrary(
      'its socket lived on: it took data that had not arrived when the reset left',
      f => f.senderTookMore,
    ),
    ...kernelSigns('abortive-close'),
  ],
  summary: (f, n) => {
    const answering = f.sender === 'server' ? f.responseInProgress : f.requestInProgress
    const when =
      !f.payloadSeen && f.synSeen
        ? ', before anything was said'
        : answering
          ? ', in the middle of its own message'
          : ''
    return `${n.sender} aborted the connection with ${n.peer} on purpose${when}`
  },
})
