import {
  against,
  and,
  atLeast,
  below,
  contrary,
  defineCause,
  fair,
  must,
  or,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import { BURST, diedTogether, hungUpOnAnswer, IDLE_MS } from './thresholds.js'

export default defineCause({
  id: 'process-crash',
  title: 'Process died',
  family: 'established',
  means:
    'The process that owned the connections ended (crash, kill -9, out of memory): its kernel closed all its sockets in one moment, by reset wherever unread data or unaccepted connections were waiting.',
  remedies: [
    'Find out why the process on {sender} ended (see the checks) and fix that; the resets are only its echo.',
    'Run more than one instance behind a load balancer whose health checks notice within seconds; restart by supervisor (systemd Restart=on-failure).',
    'In the programs that call it: retry idempotent requests with exponential backoff and jitter until it is back.',
  ],
  nextChecks: [
    'On {sender} at this second: `dmesg -T | grep -iE "out of memory|segfault"`, `coredumpctl list`, `systemctl status SERVICE` (exit code, restarts), `kubectl describe pod POD` (Last State; exit code 137 = killed).',
  ],
  cites: ['RFC 9293 §3.10.4', 'RFC 1122 §4.2.2.13', 'Linux net/ipv4/tcp.c __tcp_close'],
  mistakenFor: {
    'unread-data-close': 'then it is a single connection, and the port goes on accepting',
    'abortive-close':
      'then it is a single connection, or sessions ended by an administrator, and the port goes on accepting',
    'max-lifetime': 'then the connections end one after the other, each at the same age',
    'post-restart':
      'then nothing was sent at the moment of death; each connection is answered when it next speaks',
    'port-closed': 'then no connection of that port had been open right before',
    'accept-queue-overflow': 'then each handshake is answered by a bare reset, and the process lives on',
  },
  maker: 'endpoint',
  prior: -1,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('the reset came by itself', f => f.active),
    must('{burstCount} connections of the same owner ended together, or the port refuses afterwards', f =>
      or(f.burstCount >= 2, atLeast(f.refusalsAfter, 1), and(f.sender === 'server', f.portRefuses)),
    ),
    must('its sender had not closed long before', f => f.senderFinMs === undefined || f.finWithReset),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('{burstCount} connections ended within {burstSpanMs}', f =>
      and(diedTogether(f), below(f.burstSpanMs, 500)),
    ),
    fair(
      '{burstCount} connections ended within {burstSpanMs}: slowly for the exit of one process',
      f => f.burstCount >= BURST && !diedTogether(f) && below(f.burstSpanMs, 500) === true,
    ),
    contrary('the client hung up when it had its answer, {sincePeerDataMs} before', hungUpOnAnswer),
    contrary(
      'the client went on: {retryMs} later it was connected to the same port again',
      f => f.sender === 'client' && f.burstCount >= BURST && !diedTogether(f) && f.retryMs !== undefined,
    ),
    weak('{burstCount} connections ended within {burstSpanMs}', f =>
      and(f.burstCount === 2, below(f.burstSpanMs, 100)),
    ),
    strong('the port refused {refusalsAfter} connections afterwards', f =>
      and(atLeast(f.refusalsAfter, 1), f.sender === 'server', f.acceptedBefore),
    ),
    fair('the port had begun to refuse connections shortly before: its listener was gone already', f =>
      and(f.sender === 'server', f.portRefuses, f.refusalsAfter === 0),
    ),
    fair('requests were waiting for an answer', f => f.requestOutstanding),
    against('the port went on accepting at once', f =>
      and(f.sender === 'server', below(f.nextAcceptMs, 1000), f.refusalsAfter === 0),
    ),
    against(
      'all of them had been idle for the same time: a timer',
      f =>
        f.sameSilenceCount >= f.burstCount - 1 &&
        atLeast(f.silenceMs, IDLE_MS) === true &&
        f.refusalsAfter === 0,
    ),
    contrary('everything asked had been answered and the peer had closed', f => f.peerFinMs !== undefined),
    against('the same owner resets connections again and again', f => f.probeCount >= 3),
    ...kernelSigns('process-crash'),
  ],
  summary: (f, n) =>
    f.burstCount > 1
      ? `the process behind ${n.sender} died: ${f.burstCount} connections ended in the same moment`
      : `the process behind ${n.sender} died; the port refused connections afterwards`,
})
