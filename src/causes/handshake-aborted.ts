import { against, and, atLeast, below, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { AT_ONCE_MS, scans } from './thresholds.js'

export default defineCause({
  id: 'handshake-aborted',
  title: 'Connect cancelled by the client',
  family: 'never established',
  means:
    "The client had already given up when the server's answer to its connection attempt arrived: the connect was cancelled, timed out, or lost a race between several addresses (happy eyeballs).",
  remedies: [
    'If nobody answers at all: is {server} the right address from here, up, and let through? Firewalls that drop silently look like this.',
    'If connects time out: make the connect timeout of {client} longer than {server} takes to answer, and above 3 s, because a lost SYN is repeated after 1 s only, and again 2 s later.',
    'Where it is set: curl --connect-timeout, Go net.Dialer.Timeout, Java Socket.connect(address, timeout), nginx proxy_connect_timeout, haproxy timeout connect, Envoy connect_timeout.',
    'If it is the loser of a race between IPv6 and IPv4, or a user who clicked away, it is harmless: nothing to do.',
  ],
  nextChecks: [
    'In the log of {client}: a connect timeout or a cancellation at this time. If there is none, look for a connection of it to another address at the same moment: a race.',
    'How long does the server take? `curl -so /dev/null -w "%{time_connect}\\n" URL` on the client.',
  ],
  cites: ['RFC 9293 §3.10.7.1', 'RFC 8305 §5', 'RFC 6298 §2'],
  mistakenFor: {
    'port-scan': 'then the same source tries many ports or hosts',
    'health-check-probe':
      'then it happens again and again at regular intervals, and the server had answered in time',
    'port-reuse-collision': 'then the reset answers a pure ACK, and the SYN is repeated and succeeds',
    desynchronized: 'then the SYN-ACK acknowledges something that this client never sent',
  },
  maker: 'endpoint',
  prior: 1,
  requires: [
    must('the client sent the reset', f => f.sender === 'client'),
    must('it came before the handshake was complete', f =>
      f.handshakeDone === undefined ? undefined : !f.handshakeDone,
    ),
    must('no old numbers are involved', f => !f.challengeAck && !f.strangeSynAck),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('it answers the SYN-ACK: the socket that had sent the SYN is gone', f => f.trigger === 'syn-ack', [
      'trigger',
    ]),
    fair('its SYN was {ageMs} old by then', f => and(f.trigger === 'syn-ack', (f.ageMs ?? 0) >= 200), [
      'ageMs',
    ]),
    weak('the same client was connected to the same port elsewhere at that time', f => f.retrySucceeded),
    strong('the client reset its own attempt, {ageMs} after its SYN, before any answer', f =>
      and(f.synSeen, f.active, !f.synAckSeen && !f.payloadSeen),
    ),
    fair('nobody had answered its SYN', f =>
      and(f.synSeen, f.active !== true, !f.synAckSeen, !f.payloadSeen, f.sender === 'client'),
    ),
    against('the source tried many ports or hosts', scans),
    // A stack without the socket answers a SYN-ACK by a bare RST (RFC 9293 §3.10.7.1); one that acknowledges it had a connected socket, whose
    // program held the handshake's last ACK back (TCP_QUICKACK 0, as haproxy's checks do) and threw the connection away at once.
    fair(
      'its reset takes the place of the last ACK of the handshake: the connect had succeeded, and was all that it wanted',
      f =>
        and(
          f.active,
          f.synAckSeen,
          !f.payloadSeen,
          !f.seqOffsetBytes,
          below(f.sincePeerPacketMs, AT_ONCE_MS),
        ),
    ),
    contrary(
      'its reset lies {seqOffsetBytes} beyond the handshake: what the connection was used for was not captured',
      f => and(f.active, f.synAckSeen, atLeast(f.seqOffsetBytes, 1)),
    ),
    contrary('data had been exchanged', f => f.payloadSeen),
    ...kernelSigns('handshake-aborted'),
  ],
  summary: (f, n, say) =>
    f.active === true && !f.synAckSeen
      ? `${n.client} gave up its connect to ${n.server} ${say('ageMs')} after its SYN; nobody had answered`
      : f.active === true
        ? `${n.client} dropped its connection to ${n.server} as soon as it had succeeded`
        : f.trigger === 'syn-ack' && (f.ageMs ?? 0) >= 200
          ? `${n.client} had given up its connect to ${n.server} when the answer came, ${say('ageMs')} after the SYN`
          : `${n.client} had given up its connect to ${n.server} when the answer came`,
})
