import { contrary, decisive, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'port-reuse-collision',
  title: 'Port reused too early',
  family: 'never established',
  means:
    'A new connection uses the same addresses and ports as an old one that the server still keeps. The server answers it with an acknowledgement for the old one (challenge ACK), the client resets that, repeats its SYN and gets through.',
  remedies: [
    'If source ports run out on {client}: reuse connections (a pool), widen net.ipv4.ip_local_port_range, or give it more source addresses.',
    'On {server}: notice dead peers sooner, with TCP keepalive at less than the time after which a port is used again (net.ipv4.tcp_keepalive_time, SO_KEEPALIVE).',
    'Behind a NAT: it uses a source port again before the server has forgotten it; give it a larger pool of ports or addresses.',
  ],
  nextChecks: [
    'On {server}: `ss -tno` shows a connection from the same address and port that is older than the client process.',
    'Did {client} restart, fail over or lose power shortly before?',
  ],
  cites: ['RFC 5961 §4', 'RFC 9293 §3.5.1', 'RFC 6191'],
  mistakenFor: {
    'handshake-aborted': 'then the reset answers a SYN-ACK for this very SYN',
    desynchronized: 'then a SYN-ACK with foreign numbers is answered, not a pure ACK',
  },
  maker: 'endpoint',
  prior: 1,
  requires: [
    must('a SYN started a new connection', f => f.synSeen),
    must("the reset is the client's", f => f.sender === 'client'),
    must('it came before the handshake was complete', f => f.handshakeDone !== true),
    must('it answers an ACK that does not fit the SYN', f => f.challengeAck, ['trigger']),
  ],
  signs: [
    decisive(
      'a pure ACK with numbers of an older connection answered the SYN (challenge ACK)',
      f => f.challengeAck,
      ['trigger'],
    ),
    strong('the SYN was repeated and accepted afterwards', f => f.synRepeated),
    fair('the same ports had been used before in this capture', f => f.tupleReused),
    weak('the sequence number is far from the new connection', f => Math.abs(f.seqOffsetBytes ?? 0) > 1000),
    contrary('data had been exchanged', f => f.payloadSeen),
    ...kernelSigns('port-reuse-collision'),
  ],
  summary: (_f, n) =>
    `${n.client} reused a port for which ${n.server} still held an old connection; the reset cleared that one`,
})
