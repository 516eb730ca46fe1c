/** All causes, in the contract's order. A new cause is its file, a line here, a true case and its nearest look-alike. */
import { CAUSE_IDS, type CauseId } from '../model.js'
import abortiveClose from './abortive-close.js'
import acceptQueueOverflow from './accept-queue-overflow.js'
import applicationReject from './application-reject.js'
import benignTeardown from './benign-teardown.js'
import blindResetAttack from './blind-reset-attack.js'
import dataAfterClose from './data-after-close.js'
import type { Cause } from './define.js'
import desynchronized from './desynchronized.js'
import firewallReject from './firewall-reject.js'
import handshakeAborted from './handshake-aborted.js'
import healthCheckProbe from './health-check-probe.js'
import idleTimeout from './idle-timeout.js'
import keepAliveRace from './keep-alive-race.js'
import keepaliveTimeout from './keepalive-timeout.js'
import maxLifetime from './max-lifetime.js'
import middleboxInjection from './middlebox-injection.js'
import natStateLoss from './nat-state-loss.js'
import portClosed from './port-closed.js'
import portReuseCollision from './port-reuse-collision.js'
import portScan from './port-scan.js'
import postRestart from './post-restart.js'
import processCrash from './process-crash.js'
import resetAftermath from './reset-aftermath.js'
import retransmissionTimeout from './retransmission-timeout.js'
import unknown from './unknown.js'
import unreadDataClose from './unread-data-close.js'
import zeroWindowTimeout from './zero-window-timeout.js'

export type { Cause, Requirement, Sign } from './define.js'

const ALL: Cause[] = [
  portClosed,
  firewallReject,
  acceptQueueOverflow,
  handshakeAborted,
  portScan,
  healthCheckProbe,
  portReuseCollision,
  idleTimeout,
  keepAliveRace,
  maxLifetime,
  postRestart,
  processCrash,
  unreadDataClose,
  abortiveClose,
  dataAfterClose,
  applicationReject,
  keepaliveTimeout,
  retransmissionTimeout,
  zeroWindowTimeout,
  desynchronized,
  middleboxInjection,
  natStateLoss,
  blindResetAttack,
  resetAftermath,
  benignTeardown,
  unknown,
]

const byId = new Map(ALL.map(c => [c.id, c]))

/** Every cause by id, in the contract's order. */
export const CAUSES: ReadonlyMap<CauseId, Cause> = new Map(CAUSE_IDS.map(id => [id, byId.get(id)!]))
