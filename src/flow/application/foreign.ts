/** The first bytes of a side that does not speak its peer's protocol: which is it, and does it say why? */
import { display } from './bytes.js'
import { detect } from './detect.js'
import { isText, lineLength } from './lines.js'
import { type ApplicationState, type ProtocolId, reject, type SideIndex, UNIT_LIMIT } from './state.js'
import { ALERTS } from './tls-alerts.js'

/** How protocols are called in sentences; the rest go by their id in capitals. */
const NAMES: Partial<Record<ProtocolId, string>> = {
  http1: 'HTTP',
  http2: 'HTTP/2',
  websocket: 'WebSocket',
  mysql: 'MySQL',
  postgresql: 'PostgreSQL',
  redis: 'Redis',
  memcached: 'memcached',
  mongodb: 'MongoDB',
  cassandra: 'Cassandra',
  kafka: 'Kafka',
  'dns-tcp': 'DNS',
  tds: 'SQL Server (TDS)',
}

export function protocolName(id: ProtocolId): string {
  return NAMES[id] ?? id.toUpperCase()
}

/** Waits for a whole line or a recognisable beginning, notes mismatch and refusal, and reads no further. */
export function foreignUnit(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
): number {
  const line = lineLength(data, from, to)
  const text = isText(data, from, from + Math.min(to - from, 16)) && to - from >= 4
  const found = detect(data, from, to, side, state.serverPort)
  const alert = found === 'tls' && data[from] === 21
  if (alert && to - from < 7) return 0
  // Words are waited for until their line ends, other bytes until somebody knows them.
  if (to - from < UNIT_LIMIT && (found === undefined || (text && line === 0))) return 0
  if (found) {
    const peer: SideIndex = side === 0 ? 1 : 0
    const theirs = protocolName(state.protocol!)
    state.mismatch =
      side === 1
        ? `${theirs} sent to a server that speaks ${protocolName(found)}`
        : `${protocolName(found)} sent to a server that speaks ${theirs}`
    if (state.sides[peer].inProgress === true) state.sides[peer].inProgress = null
  }
  if (alert) reject(state, side, `TLS alert: ${ALERTS[data[from + 6]] ?? data[from + 6]}`)
  else if (line > 0 && text) reject(state, side, display(data, from, from + line).trimEnd())
  const me = state.sides[side]
  me.framing = 'opaque'
  me.inProgress = null
  me.carry = ''
  return -1
}
