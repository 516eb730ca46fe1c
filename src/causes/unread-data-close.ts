import {
  against,
  and,
  atLeast,
  below,
  contrary,
  defineCause,
  fair,
  must,
  not,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import {
  askedInOneRead,
  diedTogether,
  foreignNumber,
  lyingUnread,
  portWentWith,
  PROMPT_MS,
  requestsLeft,
  shutDownBefore,
  sinceArrival,
  stoppedReading,
} from './thresholds.js'

export default defineCause({
  id: 'unread-data-close',
  title: 'Closed with data unread',
  family: 'established',
  means:
    'The application closed its socket while data it had received was still unread. TCP then has to reset, so that the other side learns that its data was not processed. Typical: an upload refused before it was read, a download broken off.',
  remedies: [
    'If the server reset: on {sender}, read the rest (or discard it) before closing; or answer, shut down writing, drain for a bounded time, then close (nginx lingering_close and lingering_timeout, Tomcat maxSwallowSize, Node req.resume()).',
    'If the client reset: a download, or an answer, was broken off on {sender} (a cancelled page, a timeout, a program that had read enough); if that was not meant, let it read to the end before it closes.',
    'If the server reset: when it refuses large uploads, raise the limit (nginx client_max_body_size, Spring Boot spring.servlet.multipart.max-file-size), or let clients send Expect: 100-continue and wait for the answer.',
    'If the client reset: on {peer}, take ECONNRESET while writing as "nobody reads any more" and stop the work.',
    'If the server reset: on {peer}, read the response even when writing failed; the answer that explains it may be waiting.',
  ],
  nextChecks: [
    'In the log of the application on {sender} at this second: why did it stop reading (size limit, timeout, exception, cancelled download)?',
  ],
  cites: ['RFC 1122 §4.2.2.13', 'RFC 2525 §2.17', 'RFC 9112 §9.6', 'Linux net/ipv4/tcp.c __tcp_close'],
  mistakenFor: {
    'abortive-close': 'the header is identical; then nothing of the peer was waiting to be read',
    'data-after-close': 'then a FIN came first and a closed socket answered',
    'application-reject':
      'then a refusal was said right before, and what was unread is only the rest of what was refused',
    'process-crash': 'then many connections ended together',
    'zero-window-timeout': 'then it is the side that wanted to send that resets',
  },
  maker: 'endpoint',
  prior: 0.5,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('a socket reset itself (RST+ACK)', f => f.active),
    must('the peer had sent data', f => f.peerPayloadBytes > 0),
    must('no device made it', f => f.origin !== 'middlebox'),
    must('its number is one of its connection', f => !foreignNumber(f)),
  ],
  signs: [
    strong('{unreadBytes} had been acknowledged without the window moving: nobody read them', lyingUnread),
    strong(
      "the reset's window is {resetWindowRatio} times that of the last ACK: close() emptied a full queue",
      f => atLeast(f.resetWindowRatio, 1.9),
    ),
    strong(
      'its window had been closed: its buffer was full of what nobody had read',
      f => f.active === true && stoppedReading(f),
    ),
    // Linux tells a wider window by an ACK only when it has doubled (net/ipv4/tcp.c __tcp_cleanup_rbuf): read since, or thrown away by close().
    weak(
      "the reset's window is {resetWindowRatio} times that of the last ACK: data had lain there until then",
      f =>
        and(atLeast(f.windowShrunk, 0.1), atLeast(f.resetWindowRatio, 1.15), below(f.resetWindowRatio, 1.9)),
    ),
    strong("the peer's data was still arriving: {peerUnackedBytes} were on their way", f =>
      and(
        f.peerSpokeLast,
        atLeast(f.peerUnackedBytes, f.peerFinMs === undefined ? 1 : 2),
        below(sinceArrival(f), 1500),
      ),
    ),
    fair("the peer's data came last, {sincePeerDataMs} before the reset, and was not answered", f =>
      and(
        f.peerSpokeLast,
        below(sinceArrival(f), PROMPT_MS),
        f.sender === 'server' || f.peerPaused !== true,
        not(askedInOneRead(f)),
      ),
    ),
    fair('the peer was in the middle of a message', f =>
      f.sender === 'server' ? f.requestInProgress : f.responseInProgress,
    ),
    fair('it had stopped reading an upload', f =>
      and(f.sender === 'server', f.requestInProgress, below(sinceArrival(f), 1500)),
    ),
    weak('its sender had closed by FIN and data went on arriving', f =>
      and(f.senderFinMs !== undefined, f.dataAfterFinBytes > 0),
    ),
    strong('it answered and closed, though more was asked than it answered', requestsLeft),
    against("its sender's own data came last", f =>
      and(not(f.peerSpokeLast), !requestsLeft(f), !lyingUnread(f)),
    ),
    contrary('everything of the peer had been answered', f => and(f.exchangeComplete, not(f.peerSpokeLast))),
    fair(
      'it had shut down its sending side, which aborts nothing; what the peer had said lay unanswered until it closed',
      f => shutDownBefore(f) && f.answerDueAtFin,
    ),
    against('the connection had been silent for {silenceMs}', f =>
      and(atLeast(f.silenceMs, 3000), !stoppedReading(f)),
    ),
    against(
      'it gave up after waiting in vain',
      f => f.retransmissions >= 2 || f.keepaliveUnanswered >= 2 || (f.zeroWindowMs ?? 0) > 1000,
    ),
    against('{sameAgeCount} other connections ended at the same age', f => f.sameAgeCount >= 2),
    against(
      'part of what its sender had said was not captured: a refusal may have been in it',
      f => f.senderGap,
    ),
    against('many connections of the same owner ended together', diedTogether),
    against('the port refused connections from then on: its process was gone', portWentWith),
    contrary('the peer had closed and everything was acknowledged', f =>
      and(f.peerFinMs !== undefined, f.exchangeComplete),
    ),
    contrary(
      'it had refused {senderRejectionMs} before: what lay unread is the rest of what it refused',
      f => and(f.senderRejection !== undefined, below(f.senderRejectionMs, 2000)),
      ['senderRejectionMs'],
    ),
    contrary(
      'its socket lived on: it took data that had not arrived when the reset left',
      f => f.senderTookMore,
    ),
    ...kernelSigns('unread-data-close'),
  ],
  summary: (_f, n) => `${n.sender} closed the connection while data from ${n.peer} was still unread`,
})
