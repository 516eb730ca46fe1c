import { against, contrary, defineCause, fair, must, not, strong, weak } from './define.js'
import { scans } from './thresholds.js'

export default defineCause({
  id: 'port-closed',
  title: 'Port closed',
  family: 'never established',
  means: 'The host answered, but nothing listens on that port: the service is down, listens elsewhere, or could not bind because the port was taken.',
  remedies: [
    'Start the service, or correct the port in the client: on the server `ss -ltnp` shows what listens where.',
    'If it failed to start with EADDRINUSE (port conflict), free the port or move one of the two services.',
    'If it listens on 127.0.0.1 only, bind it to the address the clients use.',
    'In the client: retry with exponential backoff and jitter, with a bounded number of attempts, so that a restart of the server goes unnoticed.',
  ],
  nextChecks: [
    'On the server: `ss -ltnp` for the port, and the log of the service around this time (bind failed, crash, deployment).',
    'Was the port open before or after? The report lists when connections to it were accepted.',
  ],
  cites: ['RFC 9293 §3.10.7.1', 'RFC 9293 §3.5.2'],
  mistakenFor: {
    'firewall-reject': 'a device answers with another hop limit, or sooner than the host can',
    'port-scan': 'then one source tries many ports or hosts',
  },
  maker: 'endpoint',
  prior: 3,
  requires: [
    must('the reset answers a SYN', f => f.trigger === 'syn', ['trigger']),
    must('the host did not accept that SYN', f => !f.synAckSeen && !f.realAnswer),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('it has the shape every stack gives a SYN to a closed port: RST+ACK, sequence number 0', f => f.seqOffsetBytes === undefined),
    fair('connections to this port had been accepted before', f => (f.acceptedBefore ? true : undefined)),
    against('something about it speaks for a device on the path', f => f.forgerySuspected),
    contrary('its source tries many ports or hosts in vain', scans),
    weak('other attempts were refused as well', f => f.refusalsAfter > 0),
    contrary('its sender had spoken before on this connection', f => not(f.senderPayloadBytes === 0)),
  ],
  summary: (_f, n) => `${n.server} refused the connection from ${n.client}: nothing listens on that port`,
})
