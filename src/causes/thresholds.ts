/** Limits that several causes share, each with what makes it true. */
import type { Facts } from '../evidence/facts.js'
import { and, below, not, type Truth } from './define.js'

/**
 * A gap that an idle timer may have measured. The shortest default timers in use are 2 s (gunicorn `keepalive`) and 5 s (Node, Apache); below
 * 1.5 s think time and retransmission timers (RFC 6298: 1 s) cannot be told from idling.
 */
export const IDLE_MS = 1500

/** Longer than any think time between two halves of an automatic exchange; the usual application timeouts begin here (5 s). */
export const LONG_IDLE_MS = 4500

/** The commonest device and proxy timers begin at 30 s to 60 s. */
export const VERY_LONG_IDLE_MS = 28_000

/** Reset "at once": within the longest delayed ACK (RFC 9293 §3.8.6.3: below 0.5 s). */
export const AT_ONCE_MS = 500

/** One source touching so many ports or hosts, mostly in vain, is looking, not using. */
export const SCAN_PORTS = 5
export const SCAN_HOSTS = 5

/** A scanner asks each port once or twice; a client whose servers are down asks the same few again and again. */
const SCAN_REPEATS = 3

/**
 * A kernel gives each connection a port of its own (RFC 6056); programs that make their probes by hand send them all from one (nmap, scapy).
 * Two may be a coincidence.
 */
const SCAN_FROM_ONE_PORT = 3

export function probesFromOnePort(f: Facts): boolean {
  return f.samePortListeners >= SCAN_FROM_ONE_PORT
}

/** Breadth of a scan, nearly all of it in vain. */
export function scans(f: Facts): boolean {
  if (probesFromOnePort(f)) return true
  const broad = f.sourcePorts >= SCAN_PORTS || f.sourceHosts >= SCAN_HOSTS
  return (
    broad &&
    f.sourceSyns !== undefined &&
    f.sourceSyns <= SCAN_REPEATS * f.sourceListeners &&
    (f.sourceRefused * 2 >= f.sourceListeners || f.sourceSilent * 2 >= f.sourceListeners)
  )
}

/** Data that lies unread is met by a close soon; an application that waited longer had most likely read it (delayed ACKs end by 200 ms). */
export const PROMPT_MS = 250

/** Time since the peer's last payload reached the reset's sender: what the capture saw, less the way there and back. */
export function sinceArrival(f: Facts): number | undefined {
  return f.sincePeerDataMs === undefined
    ? undefined
    : Math.max(f.sincePeerDataMs - (f.senderResponseMs ?? 0), 0)
}

/** A kernel that closes a dead process's sockets needs microseconds for each (measured: 10 in 0.11 ms); a program that hangs up one by one takes longer. */
const KERNEL_CLOSE_MS = 0.3

/**
 * Many connections of one owner ended together. A client that pauses, quits or drops its pool does the same: it died only where something was
 * left undone, or where its connections ended faster than a program closes them.
 */
export function diedTogether(f: Facts): boolean {
  if (f.burstCount < BURST) return false
  if (f.sender === 'server') return true
  if ((f.retryMs ?? 1e9) < WENT_ON_MS || hungUpOnAnswer(f) === true) return false
  if (f.requestOutstanding || f.responseInProgress || f.requestInProgress) return true
  return f.exchangeComplete !== true && (f.burstSpanMs ?? 0) <= KERNEL_CLOSE_MS * f.burstCount
}

/** A process or container that is replaced needs longer than this before its address answers again; a packet of it newer than that proves it was alive. */
export const FASTEST_RESTART_MS = 150

/**
 * The answer was complete, and its sender denied the connection to the ACK of it within moments, without FIN: small stacks hang up like this.
 * Linux does not.
 */
export function hungUpAfterAnswer(f: Facts): boolean {
  return (
    f.trigger === 'ack' &&
    f.active === false &&
    f.exchangeComplete === true &&
    !f.linuxSender &&
    f.senderFinMs === undefined &&
    f.peerSpokeLast === false &&
    (f.sinceSenderDataMs ?? 1e9) - (f.triggerDelayMs ?? 0) < FASTEST_RESTART_MS
  )
}

/** shutdown(SHUT_WR), and close() later: a FIN of its own long before, that nothing of the peer's has met. */
export function shutDownBefore(f: Facts): boolean {
  return f.active === true && f.senderFinMs !== undefined && !f.finWithReset && f.dataAfterFinBytes === 0
}

/** Its sender's own window stood at 0 when it reset: what the peer had sent filled its buffer, and its application read no more (RFC 9293 §3.8.6). */
export function stoppedReading(f: Facts): boolean {
  return f.windowShrunk === 1
}

/** Everything asked was answered: by its messages, or where they cannot be read by whose turn it was and that its last piece was pushed and taken. */
export function fullyAnswered(f: Facts): Truth {
  return f.requestOutstanding === undefined
    ? f.turnSide === 'server' && f.peerPaused === true
    : !f.requestOutstanding
}

/** Three equal gaps make a period. */
export const PROBE_COUNT = 3

/** Connections of one owner that end within half a second, too many for coincidence. */
export const BURST = 3

/** A program that hangs up when it has its answer does so within a scheduling quantum or two; the path may add as much. */
const HANGS_UP_MS = 10

/** A client that read its answer and hung up at once: its reset belongs to that answer, whatever else ended in that moment. */
export function hungUpOnAnswer(f: Facts): Truth {
  return and(f.sender === 'client', f.active, f.peerPaused, below(sinceArrival(f), HANGS_UP_MS))
}

/** The client closed because the answer did not come; what came after that was too late, it was not the end of the exchange. */
export function closedUnanswered(f: Facts): boolean {
  return f.sender === 'client' && f.gaveUpWaiting && f.dataAfterFinBytes > 0
}

/** Senders of a stream do not pause for so long in its middle (RFC 6298 §2.4: even a lost segment is repeated after a second). */
const AFRESH_MS = 900

/** What met the server's FIN came so long after it that it was no rest of what had been under way. */
export function beganAfresh(f: Facts): boolean {
  return (
    f.sender === 'server' && (f.dataAfterFinMs ?? 0) >= AFRESH_MS && f.dataAfterFinStartsMessage !== false
  )
}

/** Buffers that programs read requests into begin here (nginx takes 1 KB pieces, but goes on until the header ends). */
const ONE_READ_BYTES = 4096

/**
 * All that the client had to say is one short message, and it had arrived whole. A server waits for nothing else: its program wakes up for it and
 * takes it in one read, so what it does right after is its answer. A close that leaves it unread is decided without it, at another moment.
 */
export function askedInOneRead(f: Facts): Truth {
  if (f.sender !== 'server' || f.turnSide !== 'client' || f.turnBytes > ONE_READ_BYTES) return false
  // Pieces that come in a rhythm are no message.
  if (f.turnStreamed) return false
  // Of a turn that the capture joined late nobody knows how long it is.
  if (f.midCapture && f.exchanges === 0) return false
  return and(f.peerUnackedBytes === 0, not(f.requestInProgress === true), not(f.refusedMidRequest === true))
}

/**
 * ACKs had advanced while the window's right edge stood still: that much lay in the receive queue. Where its buffer had room for far more, the
 * reset's own window tells whether the queue was emptied by the close.
 */
export function lyingUnread(f: Facts): boolean {
  const unread = f.unreadBytes ?? 0
  const shrunk = f.windowShrunk ?? 0
  return (
    (unread >= 2000 && shrunk >= 0.1) ||
    (unread >= 4000 && shrunk >= 0.05 && (f.resetWindowRatio ?? 0) >= 1.04)
  )
}

/**
 * An exchange was complete; where its messages cannot be read the server had spoken last, to its end as far as TCP shows, and was heard: it is the
 * client's turn.
 */
function saidItsPart(f: Facts): boolean {
  if (f.exchangeComplete !== undefined) return f.exchangeComplete && f.exchanges >= 1
  return (
    f.turnSide === 'server' &&
    f.senderPaused === true &&
    f.peerPayloadBytes > 0 &&
    f.turnBytes <= ONE_READ_BYTES &&
    f.responseInProgress !== true &&
    f.requestOutstanding !== true
  )
}

/** Timers of programs are set in whole seconds; they fire a little late, never early. */
const LATE_MS = 120

/** Nothing had been said for a whole number of seconds: one in eight pauses is as long by chance, most timers are. */
export function wholeSeconds(f: Facts): Truth {
  const ms = f.dataSilenceMs
  return ms === undefined ? undefined : ms >= 2000 && ms % 1000 <= LATE_MS
}

/**
 * A server that owed nothing reset the connection after a silence out of the ordinary for it: without data and without a debt a program acts on its
 * timers only.
 */
export function owedNothing(f: Facts): boolean {
  return (
    f.sender === 'server' &&
    f.active === true &&
    f.silenceEndedByReset === true &&
    saidItsPart(f) &&
    // One moment that ends several connections, however long each had been silent, is no timer of theirs.
    (f.burstCount < BURST || f.sameSilenceCount >= f.burstCount - 1) &&
    f.origin !== 'middlebox' &&
    (f.silenceMs ?? 0) >= Math.max(IDLE_MS, 1.6 * (f.survivedSilenceMs ?? 0))
  )
}

/** One close() sends its FIN and its reset within a scheduling quantum. */
const ONE_CLOSE_MS = 2

/**
 * The server had answered and closed, but more had been asked than it answered: pipelined requests, the rest of a body. Where the messages cannot be
 * read: it shut down and reset in one go, which close() does only over unread data (Linux __tcp_close), after more than one read had arrived; or it
 * answered and reset while more of an upload was on its way, so that some of it always lies in the queue.
 */
export function requestsLeft(f: Facts): boolean {
  if (f.sender !== 'server' || f.peerSpokeLast !== false) return false
  if (f.requestOutstanding !== undefined)
    return f.requestOutstanding && f.responseInProgress === false && f.exchanges >= 1
  const goingOn = (f.peerUnderwayBytes ?? 0) >= ONE_READ_BYTES && f.peerFinMs === undefined
  return (
    f.active === true &&
    (goingOn || (f.senderFinMs ?? 1e9) <= ONE_CLOSE_MS) &&
    f.peerPayloadBytes > ONE_READ_BYTES
  )
}

/** Supervisors bring a process back after 100 ms and more (systemd RestartSec). */
const WENT_ON_MS = 100

/** The segment that ended the silence, and that a device answered by reset, reached the other end, which went on: the device still passed the connection on. */
export function nothingForgotten(f: Facts): boolean {
  return f.silenceEndedByReset === false && (f.triggerArrived === true || f.senderWentOn)
}

/** The port had accepted and refused from then on: whoever listened there was gone. */
export function portWentWith(f: Facts): boolean {
  return f.sender === 'server' && f.acceptedBefore === true && (f.refusalsAfter ?? 0) > 0
}

/** No window reaches so far (RFC 7323 §2.3 allows 1 GiB; hosts offer some megabytes). */
const FOREIGN_BYTES = 2 ** 26

/** A socket resets itself at SND.NXT (RFC 9293 §3.10.5); this number is none of its connection's. */
export function foreignNumber(f: Facts): boolean {
  return f.active === true && Math.abs(f.seqOffsetBytes ?? 0) > FOREIGN_BYTES
}

/** Nothing is forgotten within a moment that was not being forgotten all the time: a packet of the same side had just passed, and what was then refused began a message. */
export function passedJustBefore(f: Facts): boolean {
  const sinceMs = (f.sincePeerPacketMs ?? 1e9) - (f.triggerDelayMs ?? 0)
  return f.trigger === 'data' && f.triggerStartsMessage === true && !f.turnStreamed && sinceMs < HANGS_UP_MS
}

/** F5 BIG-IP with tm.rstcause.pkt on: "Flow expired (sweeper)", "Flow expired (sweeper) (idle timeout)" (K13223). */
export function saysExpired(f: Facts): Truth {
  return f.resetText === undefined ? undefined : /flow expired|idle timeout/i.test(f.resetText)
}
