import { against, defineCause, fair, must, strong } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'firewall-reject',
  title: 'Rejected by a firewall',
  family: 'never established',
  means:
    'A firewall on the way answered the connection attempt by a reset in the name of the server: a rule that rejects, an access list, a blocked application. The server itself never saw the attempt.',
  remedies: [
    'Ask whoever runs the network between {client} and {server} for the rule that rejects this pair and port; allow it if the connection is wanted.',
    'On Linux firewalls it reads `REJECT --reject-with tcp-reset` (iptables) or `reject with tcp reset` (nftables).',
    'If the port is meant to stay closed from there, change the client: it will never get through, and retrying does not help.',
  ],
  nextChecks: [
    'Capture on {server} at the same time: the SYN does not arrive there. `rst-analyze compare client.pcap server.pcap` shows it.',
    'On Linux devices in between: `nft list ruleset | grep reject`, `iptables -vnL | grep REJECT`: whose counter grows with each attempt?',
    'On the client: `sudo traceroute -T -p PORT HOST` with the refused port: the answer comes from fewer hops than the host is away.',
  ],
  cites: ['RFC 9293 §3.5.2', 'Linux net/ipv4/netfilter/nf_reject_ipv4.c', 'iptables-extensions(8), REJECT'],
  mistakenFor: {
    'port-closed': "then hop limit and response time are those of the host's other packets",
    'middlebox-injection': 'then the real host answers as well, or the connection had been established',
    'port-scan': 'then one source tries many ports or hosts; a firewall may still be what answers',
  },
  maker: 'device',
  prior: 1,
  requires: [
    must('the reset answers a SYN', f => f.trigger === 'syn', ['trigger']),
    must('the host did not accept that SYN', f => !f.synAckSeen && !f.realAnswer),
    must('something speaks for a device on the path', f => f.forgerySuspected),
  ],
  signs: [
    strong('the signs for a device are conclusive', f => (f.origin === 'middlebox' ? true : undefined), [
      'origin',
    ]),
    fair('more speaks for a device than for the host', f => f.forgedProbability >= 0.5, ['origin']),
    against('the signs do not agree', f => f.origin === 'endpoint'),
    ...kernelSigns('firewall-reject'),
  ],
  summary: (_f, n) =>
    `a device on the path refused the connection from ${n.client} to ${n.server} in the server's name`,
})
