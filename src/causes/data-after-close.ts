import type { Facts } from '../evidence/facts.js'
import { against, and, atLeast, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { beganAfresh, closedUnanswered } from './thresholds.js'

/** The last words of the side that closed were a refusal, said within a second of its FIN. */
function refusedAndClosed(f: Facts): boolean {
  return f.senderRejection !== undefined && (f.senderRejectionMs ?? 0) - (f.senderFinMs ?? 0) < 1000
}

export default defineCause({
  id: 'data-after-close',
  title: 'Data after close',
  family: 'established',
  means:
    'One side had closed its socket completely while the other still had something to send. What arrived afterwards was answered by a reset: a cancelled download or upload, an answer nobody waited for any more.',
  remedies: [
    'If {sender} should have had the rest: let it shut down only its sending direction (shutdown(SHUT_WR)) and read until the other side closes.',
    'If it was a timeout on {sender}: raise it above the time the transfer takes, or make {peer} answer sooner.',
    'If it broke off on purpose (cancelled download, closed tab), nothing is broken: let {peer} take EPIPE or ECONNRESET while writing as "nobody reads any more" and stop the work.',
  ],
  nextChecks: [
    'In the log of {sender} at the time of its FIN: a cancellation or a timeout. In the log of {peer}: a failed write (EPIPE, "Broken pipe", nginx status 499).',
  ],
  cites: [
    'RFC 1122 §4.2.2.13',
    'RFC 9293 §3.10.7.1',
    'Linux net/ipv4/tcp_input.c tcp_rcv_state_process (TCPABORTONDATA)',
  ],
  mistakenFor: {
    'keep-alive-race': 'then a new request met the FIN after an idle time',
    'benign-teardown': 'then only a goodbye (close_notify, FIN) met the FIN',
    'unread-data-close': 'then a socket reset itself (RST+ACK) with data unread',
    'post-restart': 'then no FIN came first',
    'reset-aftermath': 'then a reset came first, not a FIN',
    'application-reject': 'then the side that closed had refused right before',
    'blind-reset-attack': 'then the numbers of the resets answer nothing that the peer had sent',
  },
  maker: 'endpoint',
  prior: 0.5,
  requires: [
    must('its sender had closed before', f => f.senderFinMs !== undefined, ['senderFinMs']),
    must('data of the peer met that FIN ({dataAfterFinBytes})', f => f.dataAfterFinBytes > 0, [
      'dataAfterFinBytes',
    ]),
    must('the reset is the answer of a closed socket', f => f.active !== true),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('what met the FIN went on with what was being sent', f => f.dataAfterFinStartsMessage === false, [
      'dataAfterFinStartsMessage',
    ]),
    fair('the FIN came in the middle of traffic', f =>
      f.silenceBeforeFinMs === undefined ? undefined : f.silenceBeforeFinMs < 500 && !beganAfresh(f),
    ),
    fair('it closed while what the peer had sent was still unanswered', f => f.answerDueAtFin, [
      'senderFinMs',
    ]),
    strong(
      'it closed after waiting in vain for an answer, which came {dataAfterFinMs} later',
      closedUnanswered,
      ['senderFinMs'],
    ),
    fair('an answer was outstanding or running when it closed', f =>
      f.sender === 'client'
        ? f.requestOutstanding === true || f.responseInProgress === true || undefined
        : f.requestInProgress === true || undefined,
    ),
    weak('{dataAfterFinBytes} were still sent', f => atLeast(f.dataAfterFinBytes, 200)),
    weak('it answers a segment that came after the FIN', f => f.trigger !== undefined),
    against('what met the FIN is a mere goodbye', f => f.dataAfterFinIsGoodbye),
    against('what met the FIN began a new request after an idle time', f =>
      // A server's message that meets the client's FIN is the answer it did not wait for.
      and(f.sender === 'server', f.dataAfterFinStartsMessage, atLeast(f.silenceBeforeFinMs, 900)),
    ),
    // An upload that goes on is what a refusal in its middle looks like; it says nothing for a close of another reason.
    contrary(
      'its sender had refused right before it closed, and what met the FIN went on with what was refused',
      f => and(refusedAndClosed(f), f.dataAfterFinStartsMessage !== true),
    ),
    against('its sender had refused right before it closed', f =>
      and(refusedAndClosed(f), f.dataAfterFinStartsMessage === true),
    ),
    against(
      'part of what its sender had said was not captured: a refusal may have been in it',
      // What met the FIN had never reached its sender, however often it was sent: nobody refused it.
      f => f.senderGap && f.peerRetransmissions < 3,
    ),
    weak("it bears the connection's IPv6 flow label: its maker still knew the connection it had closed", f =>
      and(f.linuxSender, f.active === false, f.flowLabelKept),
    ),
    contrary('the connection had been reset before', f => f.resetBefore),
    ...kernelSigns('data-after-close'),
  ],
  summary: (_f, n, say) =>
    `${n.sender} had closed; ${n.peer} went on sending (${say('dataAfterFinBytes')}) and got a reset`,
})
