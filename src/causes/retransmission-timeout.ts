import {
  and,
  atLeast,
  contrary,
  decisive,
  defineCause,
  fair,
  must,
  some,
  strong,
  telling,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'retransmission-timeout',
  title: 'Retransmitted in vain',
  family: 'established',
  means:
    'Data was sent again and again without an acknowledgement, until its sender gave up. Packets in one direction were lost: peer gone, path broken, large packets swallowed (MTU black hole), a firewall that drops silently.',
  remedies: [
    'Find where the packets are lost: capture at both ends and compare.',
    'The acknowledgements of {peer} ({unheardAnswers} packets in this capture) never reached {sender}: look for what loses packets in that direction (a firewall, an asymmetric route, a filter on {sender}).',
    'If only large ones are missing, it is the MTU: allow ICMP "fragmentation needed" and "packet too big", clamp the MSS (iptables TCPMSS --clamp-mss-to-pmtu), or set net.ipv4.tcp_mtu_probing=1 on {sender}.',
    'If a stateful device drops the connection silently: keep its state alive (keepalive below its timer), or let it send resets.',
    'Bound the wait in the application on {sender} (TCP_USER_TIMEOUT, request timeout) and reconnect with exponential backoff and jitter.',
  ],
  nextChecks: [
    'Do only large packets vanish? On {sender}: `tracepath HOST`, `ping -M do -s 1472 HOST`.',
    'Capture on {peer} too, then `rst-analyze compare`: which packets never arrived?',
  ],
  cites: [
    'RFC 9293 §3.8.1',
    'RFC 1122 §4.2.3.5',
    'RFC 6298',
    'Linux Documentation/networking/ip-sysctl.rst, tcp_retries2',
  ],
  mistakenFor: {
    'abortive-close': 'then nothing was being repeated',
    'keepalive-timeout': 'then empty probes were sent, not data',
    'zero-window-timeout': 'then the peer answers, with window 0',
    'post-restart': 'the same packet at the end; then the sender had not given up before, it knew nothing',
  },
  maker: 'endpoint',
  prior: 0,
  requires: [
    must('its sender had repeated unacknowledged data {retransmissions} times', f => f.retransmissions >= 2, [
      'retransmissions',
    ]),
    must('the peer did not close its window', f => (f.zeroWindowMs ?? 0) < 1000),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    decisive('{retransmissions} retransmissions without an acknowledgement', f => f.retransmissions >= 3),
    strong('two retransmissions without an acknowledgement, the peer silent for {peerSilentMs}', f =>
      and(f.retransmissions === 2, atLeast(f.peerSilentMs, 600)),
    ),
    fair('{senderUnackedBytes} were never acknowledged', f => atLeast(f.senderUnackedBytes, 1)),
    fair('the peer had not been heard for {peerSilentMs}', f => atLeast(f.peerSilentMs, 1000)),
    fair('the sender had given up silently: the reset answers the first packet of the peer afterwards', f =>
      f.gaveUpSilently ? true : undefined,
    ),
    telling(
      'the peer had acknowledged it {unheardAnswers} times, but its sender did not hear it: it repeated what had been acknowledged',
      f => f.unheardAnswers !== undefined,
    ),
    contrary('the peer was still acknowledging', f => f.senderUnackedBytes === 0),
    contrary('its program had closed {senderFinMs} before: data of the peer met a closed socket', f =>
      and(f.senderFinMs !== undefined, f.active === false, f.trigger === 'data', f.dataAfterFinBytes > 0),
    ),
    weak('the peer, too, repeated what was not acknowledged', f => f.peerRetransmissions > 0),
    ...kernelSigns('retransmission-timeout'),
  ],
  summary: (f, n, say) => {
    const tries = some(f.retransmissions, 'retransmission')
    if (f.unheardAnswers !== undefined)
      return `${n.sender} gave up after ${tries}: the acknowledgements of ${n.peer} were lost on the way back`
    const silent = f.peerSilentMs === undefined ? '' : ` (silent for ${say('peerSilentMs')})`
    return `${n.sender} gave up after ${tries} that ${n.peer} never acknowledged${silent}`
  },
})
