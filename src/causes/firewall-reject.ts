import { against, defineCause, fair, must, strong } from './define.js'

export default defineCause({
  id: 'firewall-reject',
  title: 'Rejected by a firewall',
  family: 'never established',
  means: 'A device on the path answered the SYN with a reset in the server\'s name: a firewall rule with "reject", an access list, a security group of that kind.',
  remedies: [
    'Ask the owner of the network between the two hosts for the rule that matches this client, server and port; open it if the connection is wanted.',
    'If it is wanted that the port stays closed, change the client: it will never succeed from there.',
  ],
  nextChecks: [
    'Capture on the server at the same time: the SYN does not arrive there. Then `rst-analyze compare client.pcap server.pcap` proves it.',
    'Compare the hop limit of the reset with `traceroute`: it tells how far away the device is.',
  ],
  cites: ['RFC 9293 §3.10.7.1', 'Linux net/ipv4/netfilter/nf_reject_ipv4.c'],
  mistakenFor: {
    'port-closed': "then hop limit and response time are those of the host's other packets",
    'middlebox-injection': 'then the real host answers as well, or the connection had been established',
  },
  maker: 'device',
  prior: 1,
  requires: [
    must('the reset answers a SYN', f => f.trigger === 'syn', ['trigger']),
    must('the host did not accept that SYN', f => !f.synAckSeen && !f.realAnswer),
    must('something speaks for a device on the path', f => f.forgerySuspected),
  ],
  signs: [
    strong('the signs for a device are conclusive', f => (f.origin === 'middlebox' ? true : undefined)),
    fair('more speaks for a device than for the host', f => f.forgedProbability >= 0.5),
    against('the signs do not agree', f => f.origin === 'endpoint'),
  ],
  summary: (_f, n) => `a device on the path refused the connection from ${n.client} to ${n.server} in the server's name`,
})
