import type { Facts } from '../evidence/facts.js'
import { against, contrary, defineCause, fair, must, strong, telling, weak } from './define.js'
import { kernelSigns } from './kernel.js'
import { IDLE_MS, nothingForgotten, passedJustBefore, saysExpired, VERY_LONG_IDLE_MS } from './thresholds.js'

/** More than words: a file, a page with pictures. */
const TRANSFER_BYTES = 8000
/** No lifetime limit is shorter. */
const LIFETIME_MS = 2000

/** Nothing had been said for so long that a timer may have run out. */
function paused(f: Facts): boolean {
  return (f.silenceMs ?? 0) >= IDLE_MS && !nothingForgotten(f)
}

/** Something was said again before any device in use would have forgotten the connection, and that was refused. */
function pausedBriefly(f: Facts): boolean {
  return f.silenceEndedByReset === false && (f.silenceMs ?? 0) < VERY_LONG_IDLE_MS
}

export default defineCause({
  id: 'middlebox-injection',
  title: 'Forged by a device on the path',
  family: 'established',
  means:
    "A device between the two ends forged the reset in one side's name to cut the connection: an intrusion prevention system, a filter, a censor, a proxy.",
  remedies: [
    'Show this evidence to whoever runs the network between {client} and {server}: neither end sent the reset.',
    'If the device is yours: find the policy that matched (host name, keyword, application, volume) and exempt this traffic.',
    'Encrypting what it reacts to (TLS, Encrypted ClientHello, a tunnel) gets past filters that match content.',
  ],
  nextChecks: [
    'Capture at both ends at the same time: the reset arrives at one and never left the other. `rst-analyze compare client.pcap server.pcap` proves it.',
    'How far away is the device? Compare the hop limit of the reset with that of the real packets and with `traceroute HOST`.',
    'In the log of the firewall, IPS or proxy at this second: a block or reset action with these addresses.',
  ],
  cites: ['Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009', 'RFC 3360'],
  mistakenFor: {
    'abortive-close': 'then hop limit, IP ID and timestamps are those of its sender',
    'firewall-reject': 'then a SYN was refused and the real host did not answer',
    'nat-state-loss': 'then the device answers packets of a connection it does not know, whatever they say',
    'blind-reset-attack': 'then many numbers are tried, because the sender does not see the connection',
    'reset-aftermath': 'then the reset is genuine and follows a forged one',
    'idle-timeout': 'then a device reset it after a silence, reacting to nothing',
  },
  maker: 'device',
  prior: 1,
  requires: [
    must(
      'the connection had been established, or the real host had answered as well',
      f =>
        f.handshakeDone === true ||
        f.realAnswer ||
        f.handshakeDone === undefined ||
        f.synAckSeen ||
        f.trigger === 'syn',
    ),
    must('something speaks for a device on the path', f => f.forgerySuspected && f.forgedProbability >= 0.35),
  ],
  signs: [
    strong('the signs for a device are conclusive', f => (f.origin === 'middlebox' ? true : undefined), [
      'origin',
    ]),
    fair('it came at once after data, without a silence', f =>
      f.silenceMs === undefined ? undefined : f.silenceMs < 1000 && f.payloadSeen,
    ),
    strong('the real host answered as well', f => (f.realAnswer ? true : undefined)),
    fair('it came right after the first data of that side', f => f.firstWords),
    fair(
      'it came at the beginning of a message, a moment after another packet of that connection had passed',
      passedJustBefore,
    ),
    // A volume limit or a content scanner; lost state would have hit other connections, too.
    fair(
      'a transfer was under way ({turnBytes} without an answer)',
      f => f.turnBytes >= TRANSFER_BYTES && f.forgottenCount < 2,
    ),
    weak(
      'what it answers arrived at the other end all the same: the device works on a copy of the traffic',
      f => (f.triggerArrived === true ? true : undefined),
    ),
    fair('the same server answers under another name ({spared})', f =>
      f.spared === undefined ? undefined : true,
    ),
    telling('it came right after {reactedTo}', f => (f.reactedTo === undefined ? undefined : true)),
    weak('both sides were reset in the same moment', f => f.mirrored),
    fair('the connection went on as if nothing had happened', f => f.wentOn),
    // What is said at the same stage comes at the same age, but within moments of the beginning.
    against(
      '{sameAgeCount} other connections of this listener ended at the same age ({ageMs})',
      f => f.sameAgeCount >= 2 && (f.ageMs ?? 0) >= LIFETIME_MS,
    ),
    contrary('it says in its payload that the connection had expired', saysExpired),
    contrary('a long silence came first ({silenceMs})', f => paused(f) && !pausedBriefly(f)),
    against('a silence came first ({silenceMs})', f => paused(f) && pausedBriefly(f)),
    contrary('it refused a SYN and the host did not answer', f => f.trigger === 'syn' && !f.realAnswer),
    contrary('many sequence numbers were tried', f => f.distinctSeqs >= 8),
    ...kernelSigns('middlebox-injection'),
  ],
  summary: (f, n) =>
    `a device on the path forged a reset in the name of ${n.sender} and sent it to ${n.peer}${f.reactedTo === undefined ? '' : `, after ${f.reactedTo}`}`,
})
