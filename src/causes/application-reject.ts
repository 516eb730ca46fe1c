import type { Facts } from '../evidence/facts.js'
import {
  against,
  and,
  below,
  contrary,
  decisive,
  defineCause,
  fair,
  must,
  or,
  shorten,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import { AT_ONCE_MS } from './thresholds.js'

/** The client spoke another protocol than the server, and one of them, having heard the other, hung up soon after. */
function misunderstood(f: Facts): boolean {
  const since = Math.min(f.sinceSenderDataMs ?? 1e9, f.sincePeerDataMs ?? 1e9)
  return f.mismatch !== undefined && f.active === true && f.peerPayloadBytes > 0 && since < 5000
}

/** The server's refusal ended the session in its beginning (TLS: RFC 8446 §6.2): there is nothing left that the client could have gone on with. */
function turnedAway(f: Facts): boolean {
  return (
    f.sender === 'client' &&
    f.active === true &&
    f.sessionRefused &&
    f.peerRejection !== undefined &&
    below(f.peerRejectionMs, 1000) === true
  )
}

export default defineCause({
  id: 'application-reject',
  title: 'Refused by the application',
  family: 'established',
  means:
    'The application said no in its own protocol right before: a TLS alert, an HTTP 4xx or 5xx, a database or broker error, a protocol mismatch. The reset only ends what the refusal began.',
  remedies: [
    'Read the refusal, it names the reason; fix that (credentials, certificate, limits, protocol or port). Retrying without a change does not help, except for "too many connections" and 503: with exponential backoff and jitter.',
    'If clients see the reset instead of the refusal: let the refusing side drain what is still arriving before it closes (nginx lingering_close, Tomcat maxSwallowSize), and let clients read before they give up.',
  ],
  nextChecks: ['The log of the refusing application at this second, searched for the text of the refusal.'],
  cites: ['RFC 8446 §6', 'RFC 9110 §15', 'RFC 1122 §4.2.2.13'],
  mistakenFor: {
    'unread-data-close': 'then no refusal was said, only closed',
    'abortive-close': 'then no refusal was said, only aborted',
    'data-after-close': 'then no refusal was said before the close',
    'benign-teardown': 'then the answer was an ordinary end of the exchange',
  },
  maker: 'endpoint',
  prior: 0.3,
  requires: [
    must(
      'a refusal was said: "{senderRejection}{peerRejection}"',
      f => f.senderRejection !== undefined || f.peerRejection !== undefined || misunderstood(f),
    ),
    must(
      'that was right before the end',
      f => or(below(f.senderRejectionMs, 5000), below(f.peerRejectionMs, 1000), misunderstood(f)),
      ['senderRejectionMs', 'peerRejectionMs'],
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive(
      'the side that reset had refused {senderRejectionMs} before',
      f => and(f.senderRejection !== undefined, below(f.senderRejectionMs, 2000)),
      ['senderRejectionMs'],
    ),
    weak('the refusal was less than half a second old', f => below(f.senderRejectionMs, AT_ONCE_MS)),
    weak(
      'the peer had refused {peerRejectionMs} before',
      f => and(f.peerRejection !== undefined, below(f.peerRejectionMs, 1000)),
      ['peerRejectionMs'],
    ),
    decisive(
      'the peer had refused while the request was still being sent',
      f => and(f.sender === 'client', f.peerRejection !== undefined, f.refusedMidRequest),
      ['peerRejectionMs'],
    ),
    strong('it ended what it could not understand', misunderstood),
    strong(
      'the server had refused the session that the client asked for, {peerRejectionMs} before: nothing was left to go on with',
      turnedAway,
    ),
    fair('the two sides spoke different protocols ({mismatch})', f =>
      f.mismatch !== undefined ? true : undefined,
    ),
    against('only the peer had refused; this side merely ended', f =>
      and(
        f.senderRejection === undefined && !misunderstood(f) && !turnedAway(f),
        f.sender === 'server' || f.refusedMidRequest !== true,
      ),
    ),
    weak('more of the request was still arriving', f =>
      and(f.senderRejection !== undefined, or(f.peerSpokeLast, f.dataAfterFinBytes > 0)),
    ),
    contrary('the answer was complete and the peer had closed', f =>
      and(f.senderRejection === undefined, f.peerFinMs !== undefined, f.exchangeComplete),
    ),
    against('a long silence followed the refusal', f => and(f.silenceMs !== undefined, f.silenceMs! > 3000)),
    ...kernelSigns('application-reject'),
  ],
  summary: (f, n) => {
    if (f.senderRejection === undefined && misunderstood(f))
      return `${n.sender} ended the connection with ${n.peer}: ${shorten(f.mismatch!)}`
    const [who, said] =
      f.senderRejection === undefined ? [n.peer, f.peerRejection ?? ''] : [n.sender, f.senderRejection]
    return `${who} refused in its own protocol ("${shorten(said)}"), then the connection was reset`
  },
})
