import { and, atLeast, contrary, decisive, defineCause, fair, must, strong } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'zero-window-timeout',
  title: 'Receiver stopped reading',
  family: 'established',
  means:
    'The receiver did not read: its window stayed closed, and the side that wanted to send gave up waiting.',
  remedies: [
    'On {peer}: find what stopped reading (blocked thread, full disk, slow consumer, a paused download) and bound it.',
    'On {sender}: a send timeout that fits slow consumers (nginx send_timeout, haproxy timeout client, TCP_USER_TIMEOUT), or slow consumers dropped on purpose.',
  ],
  nextChecks: [
    'On {peer}: `ss -tnm` shows a full Recv-Q at this time; a thread dump or profile of the consumer (`jstack PID`, `py-spy dump --pid PID`).',
  ],
  cites: ['RFC 9293 §3.8.6.1', 'RFC 1122 §4.2.2.17'],
  mistakenFor: {
    'keepalive-timeout': 'then the probes stay unanswered',
    'retransmission-timeout': 'then the peer is silent',
    'unread-data-close': 'then it is the receiver that resets',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must("the peer's window had been closed for {zeroWindowMs}", f => atLeast(f.zeroWindowMs, 500) === true, [
      'windowProbes',
    ]),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive('its sender had probed the closed window {windowProbes} times', f => f.windowProbes >= 2),
    strong('its sender had probed the closed window', f => f.windowProbes === 1),
    strong('the window had been closed for {zeroWindowMs}', f => atLeast(f.zeroWindowMs, 2000)),
    fair('the reset came by itself, or answered the reopening of the window', f => f.active !== undefined),
    contrary('its sender had closed before', f => and(f.senderFinMs !== undefined, f.windowProbes === 0)),
    ...kernelSigns('zero-window-timeout'),
  ],
  summary: (_f, n, say) =>
    `${n.peer} stopped reading; ${n.sender} waited ${say('zeroWindowMs')} for its window to open and gave up`,
})
