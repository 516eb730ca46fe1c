/** What a reset cost, by the first of contract §2's rules that fits. */
import type { Facts } from '../evidence/index.js'
import { IDLE_MS, stoppedReading } from '../causes/thresholds.js'
import type { CauseId, Impact } from '../model.js'

const HARMLESS: ReadonlySet<CauseId> = new Set([
  'port-scan',
  'health-check-probe',
  'reset-aftermath',
  'benign-teardown',
])

export function judgeImpact(f: Facts, cause: CauseId): Impact {
  if (f.wentOn) return 'ignored'
  if (HARMLESS.has(cause)) return 'none'
  const connecting = f.trigger === 'syn' || f.handshakeDone === false || cause === 'accept-queue-overflow'
  if (connecting) {
    if (f.retrySucceeded || f.synRepeated || (cause === 'handshake-aborted' && f.raceWon)) return 'none'
    // Too many were accepted to remember whether this client was.
    return f.retrySucceeded === undefined ? 'unknown' : 'connect-failed'
  }
  // Of one direction alone nobody knows what was answered.
  if (f.orphan || (!f.bothSidesSeen && !f.peerPayloadBytes && f.senderPayloadBytes > 0)) return 'unknown'
  return establishedImpact(f, cause)
}

/** Less stands unread between two reads of any program. */
const UNREAD_BYTES = 1000

/** Requests without a body are shorter, but for uncommon ones. */
const UPLOAD_BYTES = 8000

/** More than this in one turn is a transfer, whatever the protocol (a request or short answer fits below). */
const TRANSFER_BYTES = 16_000

function establishedImpact(f: Facts, cause: CauseId): Impact {
  if (cause === 'keep-alive-race') return 'request-lost'
  if (cause === 'zero-window-timeout') return 'transfer-cut'
  if (!f.payloadSeen && !f.midCapture)
    return f.sender === 'server' && (f.ageMs ?? 0) < 1000 ? 'connect-failed' : 'none'
  if (
    cause === 'unread-data-close' &&
    ((f.unreadBytes ?? 0) >= UNREAD_BYTES ||
      (f.active === true && (f.peerUnackedBytes ?? 0) > 1) ||
      stoppedReading(f))
  )
    return 'transfer-cut'
  if (f.sessionRefused || turnedAway(f, cause) || (f.requestHeadOnly && f.sender === 'server'))
    return 'request-lost'
  if (cause === 'data-after-close') return afterClose(f)
  if (cause === 'retransmission-timeout' && (f.senderUnackedBytes ?? 0) > 1)
    return f.turnBytes >= UPLOAD_BYTES ? 'transfer-cut' : 'request-lost'
  if (f.exchangeComplete) return 'none'
  if (transferCut(f)) return 'transfer-cut'
  if (f.requestOutstanding) return f.dataAfterFinIsGoodbye ? 'none' : 'request-lost'
  return byTurns(f, cause)
}

/** The server's first words were a refusal, before the client had said any: what it came for is lost, but no transfer had begun. */
function turnedAway(f: Facts, cause: CauseId): boolean {
  const unasked = f.bothSidesSeen && !f.midCapture && f.peerPayloadBytes === 0 && f.exchanges === 0
  return cause === 'application-reject' && f.sender === 'server' && f.senderRejection !== undefined && unasked
}

/** What met the FIN went on with what had begun before it, or was all that its sender had to say. */
function afterClose(f: Facts): Impact {
  if (f.dataAfterFinIsGoodbye) return 'none'
  if (f.turnSide !== f.sender && f.turnBytes > f.dataAfterFinBytes && !newWords(f)) return 'transfer-cut'
  return f.sender === 'client' ? lateForClient(f) : 'request-lost'
}

/** What met the client's FIN was no rest of anything: it came after a pause, or in a TLS handshake, whose records are no stream of the application's. */
function newWords(f: Facts): boolean {
  if (f.sender !== 'client') return false
  return (
    (f.silenceBeforeFinMs ?? 0) >= IDLE_MS ||
    (f.encrypted && f.exchanges <= 1 && f.turnBytes < TRANSFER_BYTES)
  )
}

/** A client that closes often has all it wants (a browser's spare connection gets its session ticket late): only where its words can be read had it asked for what came too late. */
function lateForClient(f: Facts): Impact {
  if (f.senderPayloadBytes === 0 && f.bothSidesSeen && !f.midCapture) return 'none'
  return f.encrypted || f.application === undefined ? 'unknown' : 'request-lost'
}

function transferCut(f: Facts): boolean {
  // Packets of SSH cut nothing in two: what is typed and shown has no beginning and no end.
  if (!isShell(f) && (f.responseInProgress || f.requestInProgress)) return true
  // Where nobody knows the protocol, pieces in a rhythm are a stream; one message may have been each, but the next one was due.
  if (f.turnStreamed && f.application === undefined) return true
  const running = (f.senderUnackedBytes ?? 0) > 1 || (f.peerUnackedBytes ?? 0) > 1
  if (f.dataAfterFinBytes > 0 && !f.dataAfterFinIsGoodbye && f.turnBytes >= TRANSFER_BYTES) return true
  return running && f.turnBytes >= TRANSFER_BYTES
}

function isShell(f: Facts): boolean {
  return f.encrypted && f.application?.startsWith('SSH') === true
}

/** Where messages cannot be read, it counts whose turn it was and whether it had been heard. */
function byTurns(f: Facts, cause: CauseId): Impact {
  if (f.turnSide === undefined) return 'unknown'
  if (f.turnStreamed) return 'transfer-cut'
  const heard = f.turnSide === f.sender ? f.senderPaused : f.peerPaused
  if (f.turnSide === 'server') return heard ? 'none' : serverUnheard(f, cause)
  // The client spoke last: unless its words were only a goodbye, they went unanswered.
  if (f.encrypted && f.turnBytes <= 85 && !isShell(f)) return 'none'
  return f.requestOutstanding === undefined && f.encrypted && !isShell(f) ? 'unknown' : 'request-lost'
}

/** More than one segment of an answer had come, and no pause had ended it: it was running. */
const RUNNING_BYTES = 1460

/** The server was speaking, or had not been heard. */
function serverUnheard(f: Facts, cause: CauseId): Impact {
  if (cause === 'application-reject') return 'request-lost'
  if (f.turnBytes >= TRANSFER_BYTES) return 'transfer-cut'
  if (f.encrypted) return 'unknown'
  // Pushed to a client that no longer knew the connection: part of a stream, or all of an answer.
  if (f.sender === 'client' && f.active === false && f.trigger === 'data')
    return f.turnBytes > (f.peerUnackedBytes ?? 0) ? 'transfer-cut' : 'request-lost'
  if (cause === 'unread-data-close' && f.sender === 'server') return 'request-lost'
  const missing = f.sender === 'client' ? (f.peerUnackedBytes ?? 0) : 0
  if (f.active && Math.max(f.turnBytes, missing) > RUNNING_BYTES) return 'transfer-cut'
  return cause === 'process-crash' && f.sender === 'client' ? 'request-lost' : 'unknown'
}
