import { contrary, decisive, defineCause, fair, must } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'blind-reset-attack',
  title: 'Guessed resets',
  family: 'established',
  means:
    'Somebody who does not see the connection sends resets with guessed sequence numbers, hoping that one is accepted.',
  remedies: [
    'Update stacks that accept a reset anywhere in the window: since RFC 5961 only the exact number counts.',
    'Filter spoofed source addresses at the border (BCP 38); protect long-lived sessions such as BGP with TCP-AO or the TTL security mechanism.',
  ],
  nextChecks: [
    'Through which interface do they come? Source MAC address and hop limit show the direction: `tcpdump -e -v "tcp[tcpflags] & tcp-rst != 0"`.',
    'On Linux: `nstat -az TcpExtTCPChallengeACK` grows while it lasts.',
  ],
  cites: ['RFC 5961 §3', 'RFC 5925', 'RFC 5082'],
  mistakenFor: {
    'middlebox-injection': 'then the numbers are exact, because the device sees the connection',
    'data-after-close': 'then each reset answers a segment: its number is an acknowledgement of the peer',
    desynchronized: 'then one reset answers one segment with odd numbers',
  },
  maker: 'device',
  prior: 0.5,
  requires: [
    must('{distinctSeqs} different sequence numbers were tried', f => f.distinctSeqs >= 5, ['distinctSeqs']),
    must('the resets do not answer segments of the peer', f =>
      f.seqOffsetBytes === undefined
        ? undefined
        : f.trigger === undefined || Math.abs(f.seqOffsetBytes) > 0 || f.distinctSeqs >= 20,
    ),
  ],
  signs: [
    decisive('{distinctSeqs} resets with different numbers', f => f.distinctSeqs >= 20),
    fair('{distinctSeqs} resets with different numbers', f => f.distinctSeqs >= 8),
    fair('something speaks for another sender than the host', f => f.forgerySuspected),
    contrary(
      'its sender had closed or aborted, and answered what was still arriving',
      f => f.senderFinMs !== undefined || f.active === false,
    ),
    contrary('nothing speaks for a forger', f => f.origin === 'endpoint'),
    ...kernelSigns('blind-reset-attack'),
  ],
  summary: (f, n) =>
    `somebody tried to cut the connection between ${n.client} and ${n.server} with ${f.distinctSeqs} guessed resets`,
})
