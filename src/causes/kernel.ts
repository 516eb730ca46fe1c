/**
 * What the kernel of the sender's host gave as its reason (live, Linux 6.10 and later): names of include/net/rstreason.h. For each, the causes
 * it speaks for and those that it leaves open; every other cause it rules out. A reason is a mechanism: why a program set SO_LINGER 0 or closed
 * with data unread it does not say, so it excludes more than it proves. Names that say nothing (NOT_SPECIFIED, ERROR, MPTCP's) are absent.
 */
import type { CauseId } from '../model.js'
import { contrary, decisive, type Sign, strong } from './define.js'

interface Meaning {
  decides?: CauseId[]
  speaksFor?: CauseId[]
  leaves: CauseId[]
}

/** A closed or replaced socket is gone: what answers knows nothing, and each of these is a way to be gone. */
const GONE: CauseId[] = [
  'post-restart',
  'data-after-close',
  'keep-alive-race',
  'idle-timeout',
  'retransmission-timeout',
  'zero-window-timeout',
  'reset-aftermath',
  'benign-teardown',
  'application-reject',
  'desynchronized',
  'port-scan',
]

/** A socket had closed in good order and is still remembered. */
const CLOSED: Meaning = {
  leaves: ['data-after-close', 'keep-alive-race', 'benign-teardown', 'application-reject', 'reset-aftermath'],
}

/** A socket that resets itself by the will of its program: the reason is the program's. */
const OWN_WILL: CauseId[] = [
  'abortive-close',
  'benign-teardown',
  'application-reject',
  'idle-timeout',
  'max-lifetime',
  'process-crash',
  'health-check-probe',
]

const BY_WILL: Meaning = {
  speaksFor: OWN_WILL,
  leaves: ['handshake-aborted', 'port-scan', 'retransmission-timeout', 'zero-window-timeout'],
}

/** Numbers that do not fit: only a listener, a half-open socket or TIME-WAIT compares them and resets. */
const NUMBERS: Meaning = { leaves: ['desynchronized', 'port-reuse-collision'] }

const REASONS: Readonly<Record<string, Meaning>> = {
  NO_SOCKET: { leaves: [...GONE, 'port-closed', 'handshake-aborted', 'health-check-probe'] },
  // A listener gets a segment that is no SYN: its connection is not, or no longer, known.
  TCP_FLAGS: { leaves: [...GONE, 'accept-queue-overflow'] },
  TCP_INVALID_ACK_SEQUENCE: NUMBERS,
  TCP_RFC7323_PAWS: NUMBERS,
  TCP_TOO_OLD_ACK: NUMBERS,
  TCP_ACK_UNSENT_DATA: NUMBERS,
  TCP_OLD_ACK: NUMBERS,
  TCP_ABORT_ON_DATA: CLOSED,
  TCP_TIMEWAIT_SOCKET: CLOSED,
  // Measured on 6.18: tcp_check_req() gives this reason when tcp_abort_on_overflow resets (net/ipv4/tcp_minisocks.c).
  INVALID_SYN: { speaksFor: ['accept-queue-overflow'], leaves: ['port-reuse-collision'] },
  TCP_ABORT_ON_CLOSE: {
    speaksFor: ['unread-data-close', 'application-reject', 'process-crash', 'max-lifetime'],
    leaves: ['idle-timeout'],
  },
  TCP_ABORT_ON_LINGER: BY_WILL,
  TCP_DISCONNECT_WITH_DATA: BY_WILL,
  // SO_LINGER 0, ss -K, and what was never accepted when its listener closes.
  TCP_STATE: BY_WILL,
  TCP_KEEPALIVE_TIMEOUT: { decides: ['keepalive-timeout'], leaves: [] },
  // Too many orphans or too little memory (tcp_mem): none of the listed causes.
  TCP_ABORT_ON_MEMORY: { decides: ['unknown'], leaves: [] },
}

const SAID = 'its kernel gave {kernelReason} as the reason'

/** For the list of a cause's signs: only those that some reason can make true. */
export function kernelSigns(id: CauseId): Sign[] {
  const meanings = Object.values(REASONS)
  const of = (reason: string | undefined): Meaning | undefined =>
    reason === undefined ? undefined : REASONS[reason]
  const signs: Sign[] = []
  if (meanings.some(m => m.decides?.includes(id)))
    signs.push(decisive(SAID, f => of(f.kernelReason)?.decides?.includes(id)))
  if (meanings.some(m => m.speaksFor?.includes(id)))
    signs.push(strong(SAID, f => of(f.kernelReason)?.speaksFor?.includes(id)))
  if (id !== 'unknown')
    signs.push(
      contrary('its kernel gave {kernelReason} as the reason, which is that of another cause', f => {
        const m = of(f.kernelReason)
        return m && ![...(m.decides ?? []), ...(m.speaksFor ?? []), ...m.leaves].includes(id)
      }),
    )
  return signs
}
