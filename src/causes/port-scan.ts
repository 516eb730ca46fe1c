import { and, atLeast, contrary, defineCause, fair, must, or, some, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { probesFromOnePort, SCAN_HOSTS, SCAN_PORTS, scans } from './thresholds.js'

export default defineCause({
  id: 'port-scan',
  title: 'Port scan',
  family: 'never established',
  means:
    'One source tries many ports or many hosts and uses none of them: a scanner, an inventory or a monitoring tool. Closed ports answer it by reset, on open ones it hangs up by reset.',
  remedies: [
    'If {client} is a known scanner (inventory, vulnerability scan), nothing is broken: exclude its address from alerts.',
    'If it is not known, give its address and the time to whoever looks after security.',
  ],
  nextChecks: [
    'Whose address is it? `dig -x ADDRESS`, `whois ADDRESS`, the list of your own scanners; does a scan run at that time of day?',
  ],
  cites: ['RFC 9293 §3.5.2', 'RFC 9293 §3.10.7.1'],
  mistakenFor: {
    'port-closed': 'then one client tries one port, perhaps again and again',
    'firewall-reject': 'then one client is refused by a device at one port',
    'health-check-probe': 'then the same listener is tried again and again at regular intervals',
    'handshake-aborted': 'then it is a single attempt, or a few addresses of one service',
  },
  maker: 'either',
  prior: 0.5,
  requires: [
    must(
      'the source tried {sourcePorts} ports on {sourceHosts} hosts',
      f => or(f.sourcePorts >= SCAN_PORTS, f.sourceHosts >= SCAN_HOSTS, probesFromOnePort(f)),
      ['sourceListeners'],
    ),
    must(
      'the client sent no data',
      f => (f.sender === 'client' ? f.senderPayloadBytes : f.peerPayloadBytes) === 0,
    ),
    must(
      'it is the client who resets, or its SYN (or probe) that is answered',
      f => f.sender === 'client' || f.trigger === 'syn' || f.midCapture,
    ),
    must('most of its attempts led nowhere', scans),
  ],
  signs: [
    strong(
      'that is far more than a client of a service needs',
      f => f.sourcePorts >= 2 * SCAN_PORTS || f.sourceHosts >= 2 * SCAN_HOSTS,
    ),
    strong(
      'it hung up on {sourceSilent} listeners, or was reset by them, without having sent a byte',
      f => f.sourceSilent >= SCAN_PORTS,
    ),
    strong(
      'it sent its probes to {samePortListeners} listeners from one and the same port',
      probesFromOnePort,
    ),
    fair('it made {sourceRate} attempts a second', f => atLeast(f.sourceRate, 5)),
    fair('the client dropped the connection as soon as it was open', f =>
      and(f.sender === 'client', !f.payloadSeen),
    ),
    weak('a banner was taken and the connection dropped', f => and(f.sender === 'client', f.payloadSeen)),
    contrary('the signs for a device on the path are conclusive', f => f.origin === 'middlebox'),
    ...kernelSigns('port-scan'),
  ],
  summary: (f, n) =>
    `${n.client} is scanning: it tried ${some(f.sourcePorts, 'port')} on ${some(f.sourceHosts, 'host')}, ${n.server} among them`,
})
