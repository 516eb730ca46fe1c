import { against, atLeast, contrary, defineCause, fair, must, not, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { scans } from './thresholds.js'

export default defineCause({
  id: 'port-closed',
  title: 'Port closed',
  family: 'never established',
  means:
    'The host answered, but no program listens on that port: the service is down, listens on another port or address, or could not start because the port was taken.',
  remedies: [
    'On {server}: start the service, or point the client at the port it really listens on.',
    'If the service failed to start with EADDRINUSE (port conflict), another program has the port: stop that one or move one of the two.',
    'If it listens on 127.0.0.1 or ::1 only, bind it to the address that clients use.',
    'In Kubernetes: targetPort of the Service must be the port the process listens on, and a readinessProbe keeps pods out of the Service until it does.',
    'On {client}: retry with exponential backoff and jitter, a bounded number of times, so that a restart of the server goes unnoticed; nothing was sent yet, so any request may be retried.',
  ],
  nextChecks: [
    'On {server}: `ss -ltnp` shows what listens where; the log of the service around this time shows why it does not (bind failed, crash, deployment).',
    'Was the port open before or after? In Wireshark, `tcp.flags.syn == 1 && tcp.flags.ack == 1` shows every accepted connection.',
  ],
  cites: ['RFC 9293 §3.5.2', 'RFC 9293 §3.10.7.1'],
  mistakenFor: {
    'firewall-reject':
      'then the answer bears another hop limit than the host, or comes sooner than the host can answer',
    'port-scan': 'then one source tries many ports or hosts',
    'process-crash':
      'then connections of that port were open and died right before; the refusals only follow',
  },
  maker: 'endpoint',
  prior: 3,
  requires: [
    must('the reset answers a SYN', f => f.trigger === 'syn', ['trigger']),
    must('the host did not accept that SYN', f => !f.synAckSeen && !f.realAnswer),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong(
      'it has the shape every stack gives a SYN to a closed port: RST+ACK, sequence number 0',
      f => f.seqOffsetBytes === undefined,
    ),
    fair('connections to this port had been accepted before', f => (f.acceptedBefore ? true : undefined)),
    against('something about it speaks for a device on the path', f => f.forgerySuspected),
    contrary('its source tries many ports or hosts in vain', scans),
    weak('other attempts were refused as well', f => atLeast(f.refusalsAfter, 1)),
    contrary('its sender had spoken before on this connection', f => not(f.senderPayloadBytes === 0)),
    ...kernelSigns('port-closed'),
  ],
  summary: (f, n, say) =>
    f.nextAcceptMs === undefined
      ? `${n.server} refused the connection from ${n.client}: nothing listens on that port`
      : `${n.server} refused the connection from ${n.client}: nothing listened on that port then; ${say('nextAcceptMs')} later it accepted one`,
})
