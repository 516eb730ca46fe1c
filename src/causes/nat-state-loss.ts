import type { Facts } from '../evidence/facts.js'
import { against, and, contrary, decisive, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { passedJustBefore, probesFromOnePort, VERY_LONG_IDLE_MS } from './thresholds.js'

/** Several hosts denied the connections of one peer together: a NAT in front of it that translates anew, an address that changed. */
function ownWayOut(f: Facts): boolean {
  // Lone ACKs that are answered so are probes of a scan as likely (nmap -PA): only what was in use can have been forgotten.
  const wasInUse = (f.payloadSeen || f.handshakeDone === true) && !probesFromOnePort(f)
  return wasInUse && f.forgetfulHosts >= 2 && (f.silenceMs ?? 0) < VERY_LONG_IDLE_MS
}

export default defineCause({
  id: 'nat-state-loss',
  title: 'Device lost the connection',
  family: 'established',
  means:
    'A NAT, firewall or load balancer lost its entry for a connection in use (failover, full table, flush, asymmetric route, packets it calls invalid), and what came next was answered by a reset.',
  remedies: [
    'Failover: synchronise state between the members of the pair (conntrackd, session pickup), or drain before switching.',
    'Full table: raise net.netfilter.nf_conntrack_max (the kernel logs "nf_conntrack: table full, dropping packet").',
    'Replies that leak past NAT as INVALID (Kubernetes, Docker): drop INVALID packets, or set net.netfilter.nf_conntrack_tcp_be_liberal=1.',
    'Asymmetric route: take both directions through the same device, or let it pass traffic of which it sees only half.',
    'In the applications: reconnect and retry idempotent requests with exponential backoff and jitter.',
  ],
  nextChecks: [
    'On the device at this second: failover or reload in its log, `conntrack -S` (insert_failed, drop, invalid), `sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max`.',
    'Capture on both sides of the device: which packet went in and did not come out, or came out with another address?',
  ],
  cites: ['Linux Documentation/networking/nf_conntrack-sysctl.rst', 'RFC 5382 §5'],
  mistakenFor: {
    'idle-timeout': 'then a silence came first',
    'post-restart': 'then the host itself had lost everything',
    'middlebox-injection': 'then the device reacted to what was said',
  },
  maker: 'device',
  prior: 0,
  requires: [
    must(
      'the reset answers a segment of a connection that its maker does not know',
      f => f.active === false || f.active === undefined,
      ['trigger'],
    ),
    must('the connection had been established', f => f.handshakeDone !== false),
    must(
      'something speaks for a device on the path, for a packet that slipped past one, or for a change on the way out of the peer',
      f => f.leakedFrom !== undefined || (f.forgerySuspected && f.forgedProbability >= 0.35) || ownWayOut(f),
    ),
  ],
  signs: [
    decisive('it answers a segment of {leakedFrom}, which came without its translated address', f =>
      f.leakedFrom === undefined ? undefined : true,
    ),
    strong('the signs for a device are conclusive', f => (f.origin === 'middlebox' ? true : undefined), [
      'origin',
    ]),
    strong(
      '{forgetfulHosts} hosts denied connections of this same peer at about the same time: what they share is its way out',
      ownWayOut,
    ),
    fair(
      'it has the form in which a device without state refuses a segment: bare, window 0, no options, IP ID 0',
      f => f.refusalForm,
    ),
    against(
      'its IP ID is not 0, as a Linux device would leave it',
      f => f.refusalForm === undefined && f.active === false,
    ),
    contrary('it carries fields that a plain refusal does not', f => f.refusalForm === false),
    fair('the answered segment never arrived at the other end', f => f.triggerArrived === false),
    contrary('the answered segment arrived at the other end all the same', f => f.triggerArrived === true),
    contrary(
      'data in its name came afterwards: what it answered had got through',
      f => f.senderWentOn && f.active === false,
    ),
    against(
      'a packet of that connection had passed a moment before; what was refused began a message',
      passedJustBefore,
    ),
    against('it answers the first data of that side', f => f.firstWords === true),
    strong(
      '{forgottenCount} connections were answered like that at about the same time',
      f => f.forgottenCount >= 3,
    ),
    fair('{forgottenCount} connections were answered like that', f => f.forgottenCount === 2),
    fair('it answers a segment', f => f.trigger === 'data' || f.trigger === 'ack', ['trigger']),
    weak('no long silence came first', f => (f.silenceMs === undefined ? undefined : f.silenceMs < 1500)),
    contrary('a silence of {silenceMs} came first', f => (f.silenceMs ?? 0) >= 4500),
    contrary('both sides were reset, neither in answer to the other', f => and(f.mirrored)),
    ...kernelSigns('nat-state-loss'),
  ],
  summary: (f, n) =>
    f.leakedFrom === undefined && f.origin !== 'middlebox' && ownWayOut(f)
      ? `${n.sender} and other hosts no longer knew the connections of ${n.peer}: its way out (NAT, address, failover) had changed`
      : f.leakedFrom === undefined
        ? `a device between ${n.client} and ${n.server} lost the connection and answered for ${n.sender}`
        : `a device let a packet of ${f.leakedFrom} pass without its translated address, and ${n.sender} answered that it knows no such connection`,
})
