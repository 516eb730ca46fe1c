/** The words of a verdict, and the parts of a connection everybody names. */

/** Which end of a connection: the client sent the SYN (or is guessed to have, see `rolesCertain`). */
export type Side = 'client' | 'server'

/** Who really emitted a reset, whatever its source address claims. */
export type Origin = 'endpoint' | 'middlebox' | 'unknown'

/** What a reset cost. */
export type Impact = 'ignored' | 'none' | 'connect-failed' | 'transfer-cut' | 'request-lost' | 'unknown'

/** How much of the three-way handshake the capture shows. `not-captured`: it begins mid-connection. */
export type Handshake = 'complete' | 'partial' | 'none' | 'not-captured'

export const CAUSE_IDS = [
  'port-closed',
  'firewall-reject',
  'accept-queue-overflow',
  'handshake-aborted',
  'port-scan',
  'health-check-probe',
  'port-reuse-collision',
  'idle-timeout',
  'keep-alive-race',
  'max-lifetime',
  'post-restart',
  'process-crash',
  'unread-data-close',
  'abortive-close',
  'data-after-close',
  'application-reject',
  'keepalive-timeout',
  'retransmission-timeout',
  'zero-window-timeout',
  'desynchronized',
  'middlebox-injection',
  'nat-state-loss',
  'blind-reset-attack',
  'reset-aftermath',
  'benign-teardown',
  'unknown',
] as const

export type CauseId = (typeof CAUSE_IDS)[number]
