import { and, atLeast, contrary, decisive, defineCause, fair, must, strong, weak } from './define.js'

export default defineCause({
  id: 'retransmission-timeout',
  title: 'Retransmitted in vain',
  family: 'established',
  means: 'Data was sent again and again without an acknowledgement, until its sender gave up. Packets in one direction were lost: peer gone, path broken, an MTU black hole, a firewall that dropped silently.',
  remedies: [
    'Find where the packets are lost: capture at both ends and compare. If only large ones are missing, it is the MTU (allow ICMP "fragmentation needed", clamp the MSS).',
    'If a stateful device dropped the connection silently, keep its state alive (keepalive below its timer) or let it send resets.',
    'Bound the wait in the application (TCP_USER_TIMEOUT, request timeout) and reconnect with exponential backoff.',
  ],
  nextChecks: ['Does the first lost segment differ from those before (larger, first after a pause, after a route change)?', '`rst-analyze compare` with a capture from the other end.'],
  cites: ['RFC 9293 §3.8.1', 'RFC 1122 §4.2.3.5', 'RFC 6298', 'Linux Documentation/networking/ip-sysctl.rst tcp_retries2'],
  mistakenFor: {
    'abortive-close': 'then nothing was being repeated',
    'keepalive-timeout': 'then empty probes were sent, not data',
    'post-restart': 'the same packet at the end when the sender had given up silently before',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('its sender had repeated unacknowledged data {retransmissions} times', f => f.retransmissions >= 2, ['retransmissions']),
    must('the peer did not close its window', f => (f.zeroWindowMs ?? 0) < 1000),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive('{retransmissions} retransmissions without an acknowledgement', f => f.retransmissions >= 3),
    strong('two retransmissions without an acknowledgement, the peer silent for {peerSilentMs}', f => and(f.retransmissions === 2, atLeast(f.peerSilentMs, 600))),
    fair('{senderUnackedBytes} were never acknowledged', f => atLeast(f.senderUnackedBytes, 1)),
    fair('the peer had not been heard for {peerSilentMs}', f => atLeast(f.peerSilentMs, 1000)),
    fair('the sender had given up silently: the reset answers the first packet of the peer afterwards', f => (f.gaveUpSilently ? true : undefined)),
    contrary('the peer was still acknowledging', f => f.senderUnackedBytes === 0),
    weak('the peer, too, repeated what was not acknowledged', f => f.peerRetransmissions > 0),
  ],
  summary: (f, n, say) => `${n.sender} gave up after ${f.retransmissions} retransmissions that ${n.peer} never acknowledged (${say('peerSilentMs')} without an answer)`,
})
