/** Limits that several causes share, each with what makes it true. */
import type { Facts } from '../evidence/facts.js'

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

/** One source touching so many ports or hosts without sending anything is looking, not using: browsers and pools stay below for one port and speak. */
export const SCAN_PORTS = 5
export const SCAN_HOSTS = 8

/** Breadth of a scan, nearly all of it in vain. */
export function scans(f: Facts): boolean {
  const broad = f.sourcePorts >= SCAN_PORTS || f.sourceHosts >= SCAN_HOSTS
  return broad && (f.sourceRefused * 2 >= f.sourceListeners || f.sourceSilent * 2 >= f.sourceListeners)
}

/** Three equal gaps make a period. */
export const PROBE_COUNT = 3

/** Connections of one owner that end within half a second, too many for coincidence. */
export const BURST = 3
