import { against, and, contrary, decisive, defineCause, fair, must, or, strong } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'desynchronized',
  title: 'Numbers that do not fit',
  family: 'established',
  means:
    'The reset answers a segment whose sequence or acknowledgement number belongs to no connection the sender knows: a half-open connection, an old duplicate, a device or stack that mangles numbers.',
  remedies: [
    'Find out who sent the answered segment: an old SYN-ACK or ACK points at a host that kept a connection the other side has forgotten, or at a device that replays or rewrites packets (SYN proxy, load balancer, TCP normaliser).',
    'As a rule the connection recovers by itself: the SYN is repeated and succeeds. If not, look for a device that changes sequence numbers in one direction only.',
  ],
  nextChecks: [
    'Capture at both ends and run `rst-analyze compare client.pcap server.pcap`: are the numbers of the answered segment the same on both sides?',
  ],
  cites: ['RFC 9293 §3.5.1', 'RFC 9293 §3.10.7.3', 'RFC 9293 §3.10.7.4'],
  mistakenFor: {
    'handshake-aborted': 'then the SYN-ACK acknowledges this very SYN',
    'port-reuse-collision': 'then a pure ACK (challenge ACK) meets the SYN',
    'blind-reset-attack': 'then many numbers are tried, and none of them answers a segment',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('the reset is the answer to a segment', f => f.active === false, ['trigger']),
    must(
      'that segment acknowledges something its receiver never sent',
      f => or(f.triggerAckUnacceptable, and(f.trigger === 'syn-ack', f.strangeSynAck), f.oldSyn),
      ['trigger'],
    ),
    must('it is no challenge ACK to a new SYN', f => !f.challengeAck),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong(
      'a SYN-ACK acknowledged something else than the SYN',
      f => and(f.trigger === 'syn-ack', f.strangeSynAck),
      ['trigger'],
    ),
    decisive(
      'the answered ACK lies {seqOffsetBytes} from what its receiver had sent',
      f => and(f.triggerAckUnacceptable, f.seqOffsetBytes !== 0),
      ['trigger'],
    ),
    decisive(
      'the SYN of the connection had come once more after both sides had closed it (an old duplicate): the reset answers what followed',
      f => f.oldSyn,
    ),
    fair('the handshake was not complete', f =>
      f.handshakeDone === undefined ? undefined : !f.handshakeDone,
    ),
    against('its sender had closed before', f => f.senderFinMs !== undefined && !f.oldSyn),
    contrary('the sender had given up silently before', f => f.gaveUpSilently),
    ...kernelSigns('desynchronized'),
  ],
  summary: (_f, n) =>
    `${n.sender} reset a segment from ${n.peer} whose numbers belong to no connection it knows`,
})
