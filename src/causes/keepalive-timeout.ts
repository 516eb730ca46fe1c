import { and, atLeast, contrary, decisive, defineCause, fair, must, not, strong } from './define.js'

export default defineCause({
  id: 'keepalive-timeout',
  title: 'Keepalive unanswered',
  family: 'established',
  means: 'One side probed an idle connection (TCP keepalive), got no answer, and gave the connection up. The peer, or the path to it, had vanished.',
  remedies: [
    'Look for why the peer stopped answering: host down, network cut, address moved, a firewall that dropped its state silently.',
    'If a device on the way forgets idle connections, send keepalives at an interval below its timer.',
    'Keepalive did its work; have the application reconnect with exponential backoff and jitter.',
  ],
  nextChecks: ["Was the peer's host reachable at the time of the first unanswered probe? Its uptime and interface log, and the firewall's session table."],
  cites: ['RFC 9293 §3.8.4', 'RFC 1122 §4.2.3.6', 'Linux net/ipv4/tcp_timer.c tcp_keepalive_timer'],
  mistakenFor: {
    'idle-timeout': 'then no probes were sent',
    'retransmission-timeout': 'then data was repeated, not probes',
    'zero-window-timeout': 'then the peer answers the probes with window 0',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('{keepaliveUnanswered} keepalive probes of its sender stayed unanswered', f => f.keepaliveUnanswered >= 1, ['keepaliveUnanswered']),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive('{keepaliveUnanswered} probes in a row, one every {keepaliveIntervalMs}, then the reset', f => f.keepaliveUnanswered >= 2),
    strong('it came one probe interval after the last probe', f => and(f.keepaliveUnanswered >= 1, atLeast(f.sinceSenderPacketMs, 500), f.active)),
    fair('the peer had not been heard for {peerSilentMs}', f => atLeast(f.peerSilentMs, 3000)),
    contrary('the peer was still talking', f => not(atLeast(f.peerSilentMs, 500))),
  ],
  summary: (f, n, say) => `${n.sender} got no answer to ${f.keepaliveUnanswered} keepalive probes and gave up: ${n.peer} had been silent for ${say('peerSilentMs')}`,
})
