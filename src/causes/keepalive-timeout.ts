import {
  and,
  atLeast,
  contrary,
  decisive,
  defineCause,
  fair,
  must,
  not,
  some,
  strong,
  telling,
} from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'keepalive-timeout',
  title: 'Keepalive unanswered',
  family: 'established',
  means:
    'One side probed an idle connection (TCP keepalive), got no answer, and gave the connection up. The peer, or the path to it, had vanished.',
  remedies: [
    'Find out why {peer} stopped answering: host down, network cut, address moved, or a firewall that forgot the connection and drops its packets.',
    'The answers of {peer} ({unheardAnswers} of them in this capture) never reached {sender}: look for what loses packets in that direction (a firewall, an asymmetric route, a filter on {sender}).',
    'If a device on the way forgets idle connections: probe more often than its timer (net.ipv4.tcp_keepalive_time, TCP_KEEPIDLE, haproxy option tcpka, PostgreSQL tcp_keepalives_idle).',
    'Keepalive did its work; let the application on {sender} reconnect with exponential backoff and jitter.',
  ],
  nextChecks: [
    'Was {peer} reachable at the first unanswered probe? `uptime -s` and `ip -s link` there, `conntrack -L` or the session table on the firewall.',
  ],
  cites: ['RFC 9293 §3.8.4', 'RFC 1122 §4.2.3.6', 'Linux net/ipv4/tcp_timer.c tcp_keepalive_timer'],
  mistakenFor: {
    'idle-timeout': 'then no probes were sent',
    'retransmission-timeout': 'then data was repeated, not probes',
    'zero-window-timeout': 'then the peer answers the probes, with window 0',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must(
      '{keepaliveUnanswered} keepalive probes brought its sender no answer',
      f => f.keepaliveUnanswered >= 1,
      ['keepaliveUnanswered'],
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive(
      '{keepaliveUnanswered} probes in a row, one every {keepaliveIntervalMs}, then the reset',
      f => f.keepaliveUnanswered >= 2,
    ),
    strong('it came one probe interval after the last probe', f =>
      and(f.keepaliveUnanswered >= 1, atLeast(f.sinceSenderPacketMs, 500), f.active),
    ),
    fair('the peer had not been heard for {peerSilentMs}', f => atLeast(f.peerSilentMs, 3000)),
    telling(
      'the peer had answered {unheardAnswers} times, but its sender did not hear it: it went on as if there had been no answer',
      f => f.unheardAnswers !== undefined,
    ),
    contrary('the peer was still talking', f => not(atLeast(f.peerSilentMs, 500))),
    ...kernelSigns('keepalive-timeout'),
  ],
  summary: (f, n, say) => {
    const why =
      f.unheardAnswers === undefined
        ? `${n.peer} had been silent for ${say('peerSilentMs')}`
        : `those of ${n.peer} were lost on the way back`
    return `${n.sender} gave up: no answer to ${some(f.keepaliveUnanswered, 'keepalive probe')}, ${why}`
  },
})
