import { against, and, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { scans } from './thresholds.js'

export default defineCause({
  id: 'handshake-aborted',
  title: 'Connect cancelled by the client',
  family: 'never established',
  means: "The client had already given up its connect() when the server's SYN-ACK arrived: cancelled, timed out, or lost a race between several addresses (happy eyeballs).",
  remedies: [
    'If connects time out: the client connect timeout must be longer than the time the server needs to answer; 1 s is too short across continents and under SYN retransmission (RFC 6298: the first one comes after 1 s).',
    'If it is the loser of a race between IPv6 and IPv4 it is harmless: nothing to do.',
  ],
  nextChecks: ['In the client log: a connect timeout or cancellation at this time; if there is none, it is a race between addresses.'],
  cites: ['RFC 9293 §3.10.7.1', 'RFC 8305 §5'],
  mistakenFor: {
    'port-scan': 'then the same source tries many ports or hosts',
    'port-reuse-collision': 'then the reset answers a pure ACK, and the SYN is repeated and succeeds',
    desynchronized: 'then the SYN-ACK acknowledges something that this client never sent',
  },
  maker: 'endpoint',
  prior: 1,
  requires: [
    must('the client sent the reset', f => f.sender === 'client'),
    must('it came before the handshake was complete', f => (f.handshakeDone === undefined ? undefined : !f.handshakeDone)),
    must('no old numbers are involved', f => !f.challengeAck && !f.strangeSynAck),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('it answers the SYN-ACK: the socket that had sent the SYN is gone', f => f.trigger === 'syn-ack', ['trigger']),
    fair('the server had taken {triggerDelayMs} or more to answer', f => and(f.trigger === 'syn-ack', (f.ageMs ?? 0) >= 200), ['ageMs']),
    weak('the same client was connected to the same port elsewhere at that time', f => f.retrySucceeded),
    weak('the client reset its own attempt before any answer', f => f.active === true && !f.synAckSeen),
    against('the source tried many ports or hosts', scans),
    contrary('data had been exchanged', f => f.payloadSeen),
  ],
  summary: (_f, n) => `${n.client} had given up its connect to ${n.server} when the answer came`,
})
