/** All endpoint scenarios. The order gives each its addresses. */
import { abortScenarios } from './endpoint-abort.ts'
import { alikeActiveScenarios } from './endpoint-alike-active.ts'
import { alikePassiveScenarios } from './endpoint-alike-passive.ts'
import { benignScenarios } from './endpoint-benign.ts'
import { blindScenarios } from './endpoint-blind.ts'
import { blindMoreScenarios } from './endpoint-blind-more.ts'
import { blindRestScenarios } from './endpoint-blind-rest.ts'
import { connectScenarios } from './endpoint-connect.ts'
import { crashScenarios } from './endpoint-crash.ts'
import { examClients } from './exam-clients.ts'
import { examCrashes } from './exam-crashes.ts'
import { examServers } from './exam-servers.ts'
import { examSockets } from './exam-sockets.ts'
import { examTimers } from './exam-timers.ts'
import { fourthAborts } from './fourth-aborts.ts'
import { fourthEnds } from './fourth-ends.ts'
import { fourthServers } from './fourth-servers.ts'
import { fourthSockets } from './fourth-sockets.ts'
import { idleScenarios } from './endpoint-idle.ts'
import { lateScenarios } from './endpoint-late.ts'
import { lifetimeScenarios } from './endpoint-lifetime.ts'
import { probeScenarios } from './endpoint-probe.ts'
import { raceScenarios } from './endpoint-race.ts'
import { rejectScenarios } from './endpoint-reject.ts'
import { reuseScenarios } from './endpoint-reuse.ts'
import { secondScenarios } from './endpoint-second.ts'
import { secondFloodScenarios } from './endpoint-second-flood.ts'
import { secondMoreScenarios } from './endpoint-second-more.ts'
import { thirdServers } from './third-servers.ts'
import { thirdSockets } from './third-sockets.ts'
import { timeoutScenarios } from './endpoint-timeout.ts'
import { unknownScenarios } from './endpoint-unknown.ts'
import { unreadScenarios } from './endpoint-unread.ts'
import { variantScenarios } from './endpoint-variants.ts'
import { RST, SYN } from './capture.ts'
import type { Cut, Scenario } from './scenario.ts'

const all: Scenario[] = [
  ...connectScenarios,
  ...probeScenarios,
  ...reuseScenarios,
  ...unreadScenarios,
  ...abortScenarios,
  ...lateScenarios,
  ...idleScenarios,
  ...lifetimeScenarios,
  ...raceScenarios,
  ...crashScenarios,
  ...timeoutScenarios,
  ...rejectScenarios,
  ...benignScenarios,
  ...unknownScenarios,
  ...alikeActiveScenarios,
  ...alikePassiveScenarios,
  ...variantScenarios,
  ...secondScenarios,
  ...secondMoreScenarios,
  ...secondFloodScenarios,
  ...blindScenarios,
  ...blindMoreScenarios,
  ...blindRestScenarios,
  ...examServers,
  ...examClients,
  ...examSockets,
  ...examTimers,
  ...examCrashes,
  ...thirdServers,
  ...thirdSockets,
  ...fourthServers,
  ...fourthAborts,
  ...fourthSockets,
  ...fourthEnds,
]

/** What a capture would hold that began after the handshakes (those before the first reset). */
const midConnection = (of: string): Cut => ({
  of,
  keep: (frame, frames) => {
    const reset = frames.find(f => f.flags & RST)?.number ?? Infinity
    const synAcks = frames.filter(f => f.flags & SYN && f.number < reset)
    return frame.number > (synAcks.at(-1)?.number ?? 0) + 1
  },
})

/** Scenarios that also get a `mid.pcap`: the client's capture, begun late. */
const begunLate = new Set(
  `idle-server-7s idle-server-61s idle-nginx-body lifetime-pool lifetime-mid-request ka-node ka-nginx-cross ka-redis
  ka-https unread-download unread-download-v6-443 abort-mid-response abort-after-stalled-read after-close-upload
  after-close-download-v6 crash-kill9-unread crash-client restart-host restart-container-far-v6 rto-mid-upload
  rto-user-timeout zero-window-app zero-window-upload-v6 reject-haproxy-deny reject-413-haproxy benign-close-notify-13
  benign-late-fin-v6 benign-idle-client-20s alike-sessions-killed clean-http`.split(/\s+/),
)

/** Without the beginning nobody knows how old a connection was, and of one that spoke only before it nothing but its reset is left. */
const lostWithTheBeginning: Record<string, string[]> = {
  'lifetime-mid-request': ['unread-data-close', 'abortive-close', 'unknown'],
  'lifetime-pool': ['benign-teardown', 'abortive-close', 'unknown'],
  'idle-nginx-body': ['unknown'],
}

function begunLater(s: Scenario): Cut {
  const cut = midConnection('client')
  const acceptable = lostWithTheBeginning[s.name]
  if (!acceptable || typeof s.truth !== 'object') return cut
  return { ...cut, truth: { ...s.truth, acceptable } }
}

export const scenarios: Scenario[] = all.map(s =>
  begunLate.has(s.name) ? { ...s, cuts: { ...s.cuts, 'mid.pcap': begunLater(s) } } : s,
)
