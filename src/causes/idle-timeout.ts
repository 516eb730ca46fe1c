import type { Facts } from '../evidence/facts.js'
import {
  against,
  and,
  atLeast,
  below,
  contrary,
  decisive,
  defineCause,
  fair,
  must,
  not,
  or,
  strong,
  weak,
} from './define.js'
import { kernelSigns } from './kernel.js'
import {
  BURST,
  fullyAnswered,
  IDLE_MS,
  LONG_IDLE_MS,
  nothingForgotten,
  owedNothing,
  saysExpired,
  stoppedReading,
  VERY_LONG_IDLE_MS,
  wholeSeconds,
} from './thresholds.js'

/** The moment was the sender's: where each reset answers a segment, the peer chose when. */
function ownMoment(f: Facts): boolean {
  return f.silenceEndedByReset === true || f.finWithReset
}

/** As long a silence as all of them had was never survived. Hosts do not forget what is idle: their programs end it, which would have shown. */
function forgottenByTimer(f: Facts): boolean {
  const least = f.forgottenSilenceMs ?? 0
  return (
    f.forgerySuspected &&
    least >= LONG_IDLE_MS &&
    f.survivedSilenceMs !== undefined &&
    f.survivedSilenceMs * 2 < least
  )
}

export default defineCause({
  id: 'idle-timeout',
  title: 'Idle timeout',
  family: 'established',
  means:
    'Nothing crossed the connection for so long that one end, or a device between them, gave it up: it reset it when its timer ran out, or answered the next packet as one of an unknown connection.',
  remedies: [
    'Let whoever sends the requests drop idle connections first, after less than {silenceMs}: client idle limit < proxy idle limit < server idle limit, and all of them below the timers of the firewalls and NATs between.',
    'Or keep the connection alive, more often than every {silenceMs}: against devices TCP keepalive does (SO_KEEPALIVE with TCP_KEEPIDLE; the Linux default of 7200 s is too long), against the timer of a program only traffic of the application itself (pings).',
    'Retry once, on a new connection, what was sent on the dead one, if it is idempotent.',
    'Idle limits of clients: HikariCP idleTimeout and keepaliveTime, Go http.Transport.IdleConnTimeout, Kafka connections.max.idle.ms, Envoy common_http_protocol_options.idle_timeout, nginx keepalive_timeout in the upstream block.',
    'Idle limits of servers and load balancers: nginx keepalive_timeout, haproxy timeout client, server and tunnel, AWS ALB idle_timeout.timeout_seconds, AWS NLB tcp.idle_timeout.seconds, Azure idleTimeoutInMinutes, Google Cloud NAT tcpEstablishedIdleTimeoutSec.',
  ],
  nextChecks: [
    'If it came from an end: the log of {sender} at this second names its timeout. If not: the session tables of the firewalls, NATs and load balancers between.',
    'Which silence is survived? Hold connections open for longer and longer: `(sleep 300; echo) | nc HOST PORT`.',
  ],
  cites: ['RFC 5382 REQ-5', 'RFC 1122 §4.2.3.6', 'RFC 9293 §3.8.4'],
  mistakenFor: {
    'keep-alive-race': 'then a FIN came first',
    'max-lifetime': 'then the age of the connections is the same, not their silence',
    'post-restart': 'then connections die whatever their silence, several at once',
    'nat-state-loss': 'then a device forgot a connection that had been in use moments before',
    'keepalive-timeout': 'then probes were sent first and stayed unanswered',
    'abortive-close': 'then no silence preceded the reset',
    'benign-teardown': 'then the client dropped its own idle, fully answered connection',
    'accept-queue-overflow': 'then the reset comes at once after the handshake',
    'middlebox-injection': 'then a device reacts to what was said, at once',
  },
  maker: 'either',
  prior: 0.5,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('it was silent for {silenceMs}', f =>
      or(atLeast(f.silenceMs, IDLE_MS), and(f.finWithReset, atLeast(f.silenceBeforeFinMs, IDLE_MS))),
    ),
    must('its sender had not closed long before', f => f.senderFinMs === undefined || f.finWithReset),
    must(
      'nothing was being retransmitted in vain',
      f => f.retransmissions < 2 && f.keepaliveUnanswered < 2 && (f.zeroWindowMs ?? 0) < 1000,
    ),
    must('the connection had not been reset before', f => !f.resetBefore || f.mirrored),
  ],
  signs: [
    weak('it was silent for {silenceMs}, longer than most think times', f =>
      atLeast(f.silenceMs, LONG_IDLE_MS),
    ),
    fair('it was silent for {silenceMs}, as long as common device and proxy timers', f =>
      atLeast(f.silenceMs, VERY_LONG_IDLE_MS),
    ),
    strong('the silence ended with the reset itself: a timer fired', f =>
      and(f.silenceEndedByReset, f.active !== false, atLeast(f.silenceMs, LONG_IDLE_MS)),
    ),
    fair('the silence ended with the reset itself', f =>
      and(f.silenceEndedByReset, f.active !== false, below(f.silenceMs, LONG_IDLE_MS)),
    ),
    fair(
      'the silence ended with a segment that was answered at once: its receiver no longer knew the connection',
      f => and(not(f.silenceEndedByReset), f.active === false),
    ),
    // Where the next segment ended the silence, equal silences are the peer's rhythm, not a timer.
    strong(
      '{sameSilenceCount} other connections of this listener ended after the same silence',
      f => f.sameSilenceCount >= 1 && (f.silenceEndedByReset === true || f.finWithReset),
    ),
    fair('connections of this listener survived shorter silences ({survivedSilenceMs} at most)', f =>
      f.survivedSilenceMs !== undefined && f.silenceMs !== undefined && f.survivedSilenceMs >= 500
        ? f.survivedSilenceMs * 2 < f.silenceMs
        : undefined,
    ),
    fair('FIN and reset came together after the silence', f => (f.finWithReset ? true : undefined), [
      'senderFinMs',
    ]),
    fair('everything had been answered: a server that owes nothing acts on its timers only', owedNothing),
    weak('nothing had been said for a whole number of seconds ({dataSilenceMs}), as timers are set', f =>
      and(f.active, f.silenceEndedByReset, wholeSeconds(f)),
    ),
    fair(
      'all {forgottenCount} connections that were forgotten had been silent for {forgottenSilenceMs} and more, none that was used was',
      f => f.forgottenCount >= 2 && forgottenByTimer(f),
    ),
    weak('something speaks for a device on the path, and devices forget what is idle', f =>
      f.origin === 'unknown' && f.forgerySuspected && f.active === false ? true : undefined,
    ),
    decisive('whoever made it says in its payload that the connection had expired', saysExpired),
    fair('a device on the path made it', f => (f.origin === 'middlebox' ? true : undefined)),
    against(
      'the next packet was refused by a device after {silenceMs}: devices remember longer (RFC 5382 REQ-5: hours; in practice 30 s and more)',
      f =>
        f.origin === 'middlebox' && f.silenceEndedByReset === false && f.sameSilenceCount === 0
          ? below(f.silenceMs, 10_000)
          : undefined,
    ),
    // A device that forgot answers for the other end instead of passing on.
    contrary('what ended the silence got through: nothing on the path had been forgotten', f =>
      f.origin === 'middlebox' && nothingForgotten(f) ? true : undefined,
    ),
    against("it bears the connection's IPv6 flow label: its maker still knew the connection", f =>
      and(f.linuxSender, f.active === false, f.flowLabelKept),
    ),
    contrary(
      'its sender had closed: its FIN was acknowledged, though the capture missed it',
      f => f.finUnseen,
    ),
    contrary(
      'its own window was closed: it was not idle, its application had stopped reading',
      f => f.active === true && stoppedReading(f),
    ),
    // The next segment ended it: a timer that had let as long a silence pass before would have let this one pass.
    contrary('connections of this listener survived a silence as long ({survivedSilenceMs})', f =>
      f.silenceEndedByReset === false && f.survivedSilenceMs !== undefined && f.silenceMs !== undefined
        ? f.survivedSilenceMs >= 0.98 * f.silenceMs && f.survivedSilenceMs <= 1.3 * f.silenceMs
        : undefined,
    ),
    contrary('connections of this listener survived longer silences ({survivedSilenceMs})', f =>
      f.survivedSilenceMs !== undefined && f.silenceMs !== undefined
        ? f.survivedSilenceMs > f.silenceMs * 1.3
        : undefined,
    ),
    contrary(
      'the peer had repeated its data {peerRetransmissions} times and closed: it was not idle, it was not heard',
      f => f.peerRetransmissions >= 3 && f.peerFinMs !== undefined,
    ),
    contrary(
      'what ended the silence was a repetition of what had been said before it: it was not idle, it was not heard',
      f => f.silenceEndedByRepeat === true && f.origin !== 'middlebox',
    ),
    contrary(
      'all the while its own words ({senderUnackedBytes}) had waited for an acknowledgement: it was not idle',
      f =>
        f.active === true &&
        f.silenceEndedByReset === true &&
        (f.senderUnackedBytes ?? 0) > 1 &&
        (f.sinceSenderDataMs ?? f.silenceMs ?? 0) >= (f.silenceMs ?? 0),
    ),
    // Idle timers of programs close by FIN or reset at once; whoever forgets in silence stands on the server's side (balancer) or is a device.
    against("it is the client that no longer knew the connection: a client's timer would have shown", f =>
      and(f.sender === 'client', f.active === false, f.origin === 'endpoint'),
    ),
    against(
      'several connections of this host were forgotten at once, whatever their silence ({forgottenSilenceMs} the shortest)',
      f => f.forgottenCount >= 2 && !forgottenByTimer(f),
    ),
    against(
      'many connections of one owner ended in the same moment',
      f =>
        f.burstCount >= BURST &&
        ownMoment(f) &&
        f.sameSilenceCount > 0 &&
        f.sameSilenceCount < f.burstCount - 1,
    ),
    contrary(
      '{burstCount} connections of one owner ended in the same moment, each after another silence',
      f => f.burstCount >= BURST && ownMoment(f) && f.sameSilenceCount === 0,
    ),
    contrary('the client dropped its own idle, fully answered connection', f =>
      and(
        f.sender === 'client',
        f.active !== false,
        f.silenceEndedByReset,
        fullyAnswered(f),
        f.origin !== 'middlebox',
        f.sameSilenceCount === 0,
      ),
    ),
    ...kernelSigns('idle-timeout'),
  ],
  summary: (f, n, say) => {
    const silence = say(
      f.silenceMs === undefined || (f.finWithReset && f.silenceBeforeFinMs !== undefined)
        ? 'silenceBeforeFinMs'
        : 'silenceMs',
    )
    const after = silence === '' ? 'after some silence' : `after ${silence} of silence`
    if (f.origin === 'middlebox')
      return `a device between ${n.client} and ${n.server} forgot the connection ${after}`
    return f.silenceEndedByReset || f.finWithReset
      ? `${n.sender} reset its connection with ${n.peer} ${after}`
      : `${n.sender} no longer knew its connection with ${n.peer} ${after}`
  },
})
