import {
  against,
  and,
  atLeast,
  contrary,
  defineCause,
  fair,
  must,
  not,
  some,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import { FASTEST_RESTART_MS, hungUpAfterAnswer, IDLE_MS, LONG_IDLE_MS } from './thresholds.js'

export default defineCause({
  id: 'post-restart',
  title: 'Restarted and forgotten',
  family: 'established',
  means:
    'The side that reset no longer knows the connection at all: its host, container or network stack was restarted, or its address moved to another machine. It answers the next packet as one of a connection that does not exist.',
  remedies: [
    'If the server reset: before a planned restart, drain {sender}: stop accepting, finish requests, close. In Kubernetes: a preStop pause, and terminationGracePeriodSeconds above the longest request.',
    'If the client reset: {sender} was restarted, cut off for a while, or its address went to another machine, as phones and laptops do; let its program reconnect and ask again what it had missed.',
    'If the server reset: on {peer}, take a reset on a reused connection as "reconnect", and retry idempotent requests with exponential backoff and jitter, because all clients find out at once.',
    'Let idle peers notice a vanished host within minutes: TCP keepalive or pings every minute or two (HikariCP keepaliveTime, PostgreSQL JDBC tcpKeepAlive=true).',
  ],
  nextChecks: [
    'On {sender}, around the start of the silence: `uptime -s`, `last -x reboot`, `docker ps` (STATUS), `kubectl get pods -o wide` (RESTARTS, AGE), failover of the address (VRRP, cluster log).',
  ],
  cites: ['RFC 9293 §3.5.1', 'RFC 9293 §3.10.7.1'],
  mistakenFor: {
    'data-after-close': 'then the sender had closed by FIN before',
    'keep-alive-race': 'then the sender had closed by FIN before',
    'idle-timeout': 'then a timer explains the silence, and it is the same on several connections',
    'process-crash': 'then the kernel lived on and closed the sockets at once',
    'nat-state-loss': 'then the reset comes from a device, or the host still knows the connection',
    'reset-aftermath': 'then an earlier reset had told the sender that the connection was over',
    'retransmission-timeout': 'then the sender had repeated its data in vain and given up before',
    'accept-queue-overflow': 'then the server had sent nothing but its SYN-ACK',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('the reset is the answer of a stack that does not know the connection', f => f.active === false, [
      'trigger',
    ]),
    must('its sender had not closed', f => f.senderFinMs === undefined),
    must('the connection had not been reset before', f => !f.resetBefore),
    must(
      'no old or foreign numbers provoked it',
      f => !f.challengeAck && !f.strangeSynAck && f.triggerAckUnacceptable !== true,
    ),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    against(
      'all it answers is the FIN of a peer that had nothing more to say',
      f => f.trigger === 'fin' && f.midCapture,
    ),
    strong(
      'its sender forgot {forgottenCount} connections at about the same time',
      f => f.forgottenCount >= 2,
    ),
    against('something about it speaks for a device on the path', f => f.forgerySuspected),
    against(
      '{forgetfulHosts} hosts denied connections of this same peer at about the same time: that both restarted is unlikely',
      f => f.forgetfulHosts === 2,
    ),
    contrary(
      '{forgetfulHosts} hosts denied connections of this same peer at about the same time: that all of them restarted is no explanation',
      f => f.forgetfulHosts >= 3,
    ),
    fair('its sender had taken part in the connection before', f =>
      f.senderPayloadBytes > 0 ? true : undefined,
    ),
    fair(
      'the silence ({silenceMs}) is too short for an idle timer',
      f => f.silenceMs !== undefined && f.silenceMs < IDLE_MS * 2,
    ),
    weak(
      'the silence ({silenceMs}) is short for an idle timer',
      f => f.silenceMs !== undefined && f.silenceMs < LONG_IDLE_MS,
    ),
    fair('connections were refused afterwards', f => atLeast(f.refusalsAfter, 1)),
    fair(
      'the peer had to repeat itself before it was answered: its partner was away',
      f => f.peerRetransmissions > 0,
    ),
    weak('a new connection was made soon after ({nextAcceptMs})', f =>
      and(f.nextAcceptMs !== undefined, (f.nextAcceptMs ?? 0) < 10_000),
    ),
    contrary('its answer was complete, and it hung up on the acknowledgement of it', hungUpAfterAnswer),
    contrary(
      'a client that had spoken {sinceSenderPacketMs} before is told by a reset, not by a restart',
      f =>
        f.sender === 'client' &&
        (f.sinceSenderPacketMs ?? 1e9) - (f.triggerDelayMs ?? 0) < FASTEST_RESTART_MS,
    ),
    contrary('its sender sent nothing but a SYN-ACK: the connection was perhaps never created', f =>
      and(
        f.synAckSeen,
        f.senderPayloadBytes === 0,
        f.seqOffsetBytes === 0,
        f.sender === 'server',
        (f.silenceMs ?? 0) < IDLE_MS,
        f.forgottenCount < 2,
      ),
    ),
    against(
      'its sender had spoken {sinceSenderPacketMs} before: few things restart that fast',
      f => (f.sinceSenderPacketMs ?? 1e9) - (f.triggerDelayMs ?? 0) < FASTEST_RESTART_MS,
    ),
    fair('it bears another IPv6 flow label than the connection: its maker knew nothing of it', f =>
      and(f.linuxSender, not(f.flowLabelKept)),
    ),
    contrary("it bears the connection's IPv6 flow label: its maker still knew the connection", f =>
      and(f.linuxSender, f.flowLabelKept),
    ),
    contrary(
      'its sender had closed: its FIN was acknowledged, though the capture missed it',
      f => f.finUnseen,
    ),
    contrary(
      'nothing of its sender on this connection was seen, not even a SYN-ACK',
      f => f.synSeen && !f.synAckSeen && f.senderSegments === 0 && f.sender === 'server',
    ),
    contrary('its sender had given up silently: retransmissions came first', f => f.gaveUpSilently),
    ...kernelSigns('post-restart'),
  ],
  summary: (f, n) => {
    const more = f.forgottenCount > 1 ? ` (nor ${some(f.forgottenCount - 1, 'other')})` : ''
    const why = f.sender === 'client' ? 'had restarted, moved or been cut off' : 'was restarted or replaced'
    return `${n.sender} ${why} and no longer knew its connection with ${n.peer}${more}`
  },
})
