import { against, and, atLeast, below, contrary, defineCause, fair, must, not, or, strong, weak } from './define.js'
import { PROMPT_MS, sinceArrival } from './thresholds.js'

export default defineCause({
  id: 'unread-data-close',
  title: 'Closed with data unread',
  family: 'established',
  means: 'The application closed its socket while data it had received was still unread. The stack then has to reset, so that the peer learns that its data was not processed. Typical: an upload refused before it was read, a download broken off.',
  remedies: [
    'On the side that reset: read (or deliberately discard) the rest of the request before closing, or answer, shut down writing, drain for a bounded time, then close (lingering close).',
    'If it refuses large uploads: raise the limit, or let clients send Expect: 100-continue and wait for the answer.',
    'On the other side: read the response even when writing failed; the answer that explains it may be waiting.',
  ],
  nextChecks: ['In the log of the application that reset: why did it stop reading (size limit, timeout, exception, cancelled download) at this second?'],
  cites: ['RFC 1122 §4.2.2.13', 'RFC 2525 §2.17', 'RFC 9112 §9.6'],
  mistakenFor: {
    'abortive-close': 'the header is identical; then nothing of the peer was waiting to be read',
    'data-after-close': 'then a FIN came first and a closed socket answered',
    'process-crash': 'then many connections ended together',
  },
  maker: 'endpoint',
  prior: 0.5,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('a socket reset itself (RST+ACK)', f => f.active),
    must('the peer had sent data', f => f.peerPayloadBytes > 0),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('{unreadBytes} had been acknowledged without the window moving: nobody read them', f => and(atLeast(f.unreadBytes, 2000), atLeast(f.windowShrunk, 0.1))),
    strong("the reset's window is {resetWindowRatio} times that of the last ACK: close() emptied a full queue", f => atLeast(f.resetWindowRatio, 1.9)),
    strong("the peer's data was still arriving: {peerUnackedBytes} were on their way", f => and(f.peerSpokeLast, atLeast(f.peerUnackedBytes, 1), below(sinceArrival(f), 1500))),
    fair("the peer's data came last, {sincePeerDataMs} before the reset, and was not answered", f =>
      and(f.peerSpokeLast, below(sinceArrival(f), PROMPT_MS), f.sender === 'server' || f.peerPaused !== true),
    ),
    fair('the peer was in the middle of a message', f => (f.sender === 'server' ? f.requestInProgress : f.responseInProgress)),
    fair('it had stopped reading an upload', f => and(f.sender === 'server', f.requestInProgress, below(sinceArrival(f), 1500))),
    weak('its sender had closed by FIN and data went on arriving', f => and(f.senderFinMs !== undefined, f.dataAfterFinBytes > 0)),
    against("its sender's own data came last", f => not(f.peerSpokeLast)),
    contrary('everything of the peer had been answered', f => and(f.exchangeComplete, not(f.peerSpokeLast))),
    against('the connection had been silent for {silenceMs}', f => atLeast(f.silenceMs, 3000)),
    against('it gave up after waiting in vain', f => f.retransmissions >= 2 || f.keepaliveUnanswered >= 2 || (f.zeroWindowMs ?? 0) > 1000),
    against('many connections of the same owner ended together', f => f.burstCount >= 3),
    contrary('the peer had closed and everything was acknowledged', f => and(f.peerFinMs !== undefined, f.exchangeComplete)),
    weak('a refusal had been sent before the rest was read', f => (f.senderRejection !== undefined ? or(f.requestInProgress, f.peerSpokeLast) : undefined)),
  ],
  summary: (_f, n) => `${n.sender} closed the connection while data from ${n.peer} was still unread`,
})
