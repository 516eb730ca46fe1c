/** What a reset cost, by the first of contract §2's rules that fits. */
import type { Facts } from './evidence/index.js'
import type { CauseId, Impact } from './model.js'

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
  if (connecting)
    return f.retrySucceeded || f.synRepeated || (cause === 'handshake-aborted' && f.raceWon)
      ? 'none'
      : 'connect-failed'
  // Of one direction alone nobody knows what was answered.
  if (f.orphan || (!f.bothSidesSeen && !f.peerPayloadBytes && f.senderPayloadBytes > 0)) return 'unknown'
  return establishedImpact(f, cause)
}

/** Less stands unread between two reads of any program. */
const UNREAD_BYTES = 1000

/** More than this in one turn is a transfer, whatever the protocol (a request or short answer fits below). */
const TRANSFER_BYTES = 16_000

function establishedImpact(f: Facts, cause: CauseId): Impact {
  if (cause === 'keep-alive-race') return 'request-lost'
  if (cause === 'zero-window-timeout') return 'transfer-cut'
  if (!f.payloadSeen && !f.midCapture)
    return f.sender === 'server' && (f.ageMs ?? 0) < 1000 ? 'connect-failed' : 'none'
  if (
    cause === 'unread-data-close' &&
    ((f.unreadBytes ?? 0) >= UNREAD_BYTES || (f.peerUnackedBytes ?? 0) > 1)
  )
    return 'transfer-cut'
  if (f.sessionRefused || turnedAway(f, cause)) return 'request-lost'
  if (cause === 'data-after-close') return afterClose(f)
  if (cause === 'retransmission-timeout' && (f.senderUnackedBytes ?? 0) > 1)
    return f.turnBytes >= TRANSFER_BYTES ? 'transfer-cut' : 'request-lost'
  if (f.exchangeComplete) return 'none'
  if (transferCut(f)) return 'transfer-cut'
  if (f.requestOutstanding) return f.dataAfterFinIsGoodbye ? 'none' : 'request-lost'
  return byTurns(f)
}

/** The server's first words were a refusal, before the client had said any: what it came for is lost, but no transfer had begun. */
function turnedAway(f: Facts, cause: CauseId): boolean {
  const unasked = f.bothSidesSeen && !f.midCapture && f.peerPayloadBytes === 0 && f.exchanges === 0
  return cause === 'application-reject' && f.sender === 'server' && f.senderRejection !== undefined && unasked
}

/** What met the FIN went on with what had begun before it, or was all that its sender had to say. */
function afterClose(f: Facts): Impact {
  if (f.dataAfterFinIsGoodbye) return 'none'
  if (f.turnSide !== f.sender && f.turnBytes > f.dataAfterFinBytes) return 'transfer-cut'
  return f.sender === 'client' ? lateForClient(f) : 'request-lost'
}

/** A client that closes often has all it wants (a browser's spare connection gets its session ticket late): only where its words can be read had it asked for what came too late. */
function lateForClient(f: Facts): Impact {
  if (f.senderPayloadBytes === 0 && f.bothSidesSeen && !f.midCapture) return 'none'
  return f.encrypted || f.application === undefined ? 'unknown' : 'request-lost'
}

function transferCut(f: Facts): boolean {
  if (f.responseInProgress || f.requestInProgress) return true
  const running = (f.senderUnackedBytes ?? 0) > 1 || (f.peerUnackedBytes ?? 0) > 1
  if (f.dataAfterFinBytes > 0 && !f.dataAfterFinIsGoodbye && f.turnBytes >= TRANSFER_BYTES) return true
  return running && f.turnBytes >= TRANSFER_BYTES
}

/** Where messages cannot be read, it counts whose turn it was and whether it had been heard. */
function byTurns(f: Facts): Impact {
  if (f.turnSide === undefined) return 'unknown'
  const heard = f.turnSide === f.sender ? f.senderPaused : f.peerPaused
  if (f.turnSide === 'server')
    return heard ? 'none' : f.turnBytes >= TRANSFER_BYTES ? 'transfer-cut' : 'unknown'
  // The client spoke last: unless its words were only a goodbye, they went unanswered.
  if (f.encrypted && f.turnBytes <= 85) return 'none'
  return f.requestOutstanding === undefined && f.encrypted ? 'unknown' : 'request-lost'
}
