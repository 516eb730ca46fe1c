/** What a reset cost, by the first of contract §2's rules that fits. */
import type { Facts } from './evidence/index.js'
import type { CauseId, Impact } from './model.js'

const HARMLESS: ReadonlySet<CauseId> = new Set(['port-scan', 'health-check-probe', 'reset-aftermath', 'benign-teardown'])

export function judgeImpact(f: Facts, cause: CauseId): Impact {
  if (f.wentOn) return 'ignored'
  if (HARMLESS.has(cause)) return 'none'
  const connecting = f.trigger === 'syn' || f.handshakeDone === false || cause === 'accept-queue-overflow'
  if (connecting) return f.retrySucceeded || f.synRepeated ? 'none' : 'connect-failed'
  if (f.orphan) return 'unknown'
  return establishedImpact(f, cause)
}

function establishedImpact(f: Facts, cause: CauseId): Impact {
  if (cause === 'keep-alive-race') return 'request-lost'
  if (f.responseInProgress || f.requestInProgress) return 'transfer-cut'
  if (f.requestOutstanding) return f.dataAfterFinIsGoodbye ? 'none' : 'request-lost'
  if (f.exchangeComplete) return 'none'
  if (!f.payloadSeen && !f.midCapture) return 'none'
  return byTurns(f)
}

/** Where messages cannot be read, unacknowledged bytes and whose turn it was still tell something. */
function byTurns(f: Facts): Impact {
  const inFlight = (f.senderUnackedBytes ?? 0) > 1 || (f.peerUnackedBytes ?? 0) > 1
  const quiet = f.silenceMs !== undefined && f.silenceMs >= 1500 && f.silenceEndedByReset === true
  if (!inFlight && quiet && f.requestOutstanding === undefined && !f.peerSpokeLast) return 'none'
  if (f.requestOutstanding === false && !inFlight) return 'none'
  return 'unknown'
}
