import { against, and, atLeast, below, contrary, defineCause, fair, must, strong } from './define.js'
import { kernelSigns } from './kernel.js'
import { PROBE_COUNT, SCAN_PORTS } from './thresholds.js'

/** A checker that drops the connection as soon as it opens does so within a round trip; below 100 ms no connect timeout is set. */
const GIVEN_UP_MS = 100

export default defineCause({
  id: 'health-check-probe',
  title: 'Health check',
  family: 'never established',
  means:
    'A load balancer or monitor opens a connection at regular intervals to see whether the port answers, and hangs up by reset. Harmless.',
  remedies: [
    'Nothing is broken. To be rid of the resets and of the log lines they cause, let {client} check in the protocol itself (haproxy option httpchk, an HTTP health check of the load balancer) instead of only opening the port.',
    'If {server} logs each probe as an error, filter the address of the checker there.',
  ],
  nextChecks: [
    'Which load balancer or monitor has the address of {client}, and which interval is configured there (haproxy `inter`, Kubernetes tcpSocket probe periodSeconds)?',
  ],
  cites: ['HAProxy configuration manual, server option "check" and option httpchk', 'RFC 9293 §3.10.4'],
  mistakenFor: {
    'port-scan': 'then many ports or hosts are tried',
    'handshake-aborted': 'then it happens once, not at regular intervals',
    'abortive-close': 'then something had been asked, or it does not come back at intervals',
  },
  maker: 'endpoint',
  prior: 1,
  requires: [
    must('the client sent the reset', f => f.sender === 'client'),
    must('the client asked nothing', f => f.senderPayloadBytes === 0),
    must('it did so {probeCount} times', f => f.probeCount >= 2),
    must('no device made it', f => f.origin !== 'middlebox'),
  ],
  signs: [
    strong('at regular intervals, one every {probePeriodMs}', f =>
      and(f.probeCount >= PROBE_COUNT, below(f.probeJitter, 0.2), atLeast(f.probePeriodMs, 200)),
    ),
    fair('none of {probeCount} connections brought a request', f => f.probeCount >= PROBE_COUNT),
    fair('nobody else comes back so often ({probeCount} times) and never asks', f =>
      f.probeCount >= 2 * PROBE_COUNT ? true : undefined,
    ),
    fair('each was dropped within {ageMs} of its SYN', f => below(f.ageMs, 2000)),
    contrary('the intervals are irregular', f => atLeast(f.probeJitter, 0.35)),
    contrary('the server had been too slow: the client gave up {ageMs} after its SYN', f =>
      and(f.trigger === 'syn-ack', atLeast(f.ageMs, GIVEN_UP_MS)),
    ),
    against('what the server said to it was not captured', f => !f.bothSidesSeen),
    // A monitor's socket waits for the SYN-ACK; one that probes without sockets sends no kernel's SYN. Here the socket was gone before the answer.
    contrary("its SYN was a real socket's, which had gone when the answer came", f =>
      and(f.trigger === 'syn-ack', f.linuxSender),
    ),
    contrary('the source tries many ports', f => f.sourcePorts >= SCAN_PORTS),
    contrary('the intervals are far too short for a monitor', f => below(f.probePeriodMs, 100)),
    ...kernelSigns('health-check-probe'),
  ],
  summary: (f, n, say) =>
    `${n.client} checks ${f.probePeriodMs ? `every ${say('probePeriodMs')}` : 'now and then'} whether ${n.server} answers, and hangs up by reset`,
})
