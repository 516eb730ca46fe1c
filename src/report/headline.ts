/** The one line for a ticket's title: who, what, how many, since when. */
import type { CauseId, Report } from '../model.js'
import { visible } from './escape.js'
import { clip, clipMiddle } from './layout.js'
import { harmWords, type RankedIncident, rank } from './rank.js'
import { clock, count, plural } from '../units.js'

export const HEADLINE_WIDTH = 120

/** L = the listener, S = who called; `device` = the resets were made on the path. */
interface Who {
  L: string
  S: string
  device: boolean
}

const PHRASES: Record<CauseId, (who: Who) => string> = {
  'port-closed': ({ L }) => `${L} refuses connections, nothing listens`,
  'firewall-reject': ({ L }) => `a firewall rejects connections to ${L}`,
  'accept-queue-overflow': ({ L }) => `${L} resets new connections, accept queue full`,
  'handshake-aborted': ({ L, S }) => `${S} abandons connects to ${L}`,
  'port-scan': ({ S }) => `${S} scans ports`,
  'health-check-probe': ({ L, S }) => `${S} probes ${L}`,
  'port-reuse-collision': ({ L, S }) => `${S} reuses ports too early towards ${L}`,
  'idle-timeout': ({ L, device }) =>
    device ? `a device drops idle connections to ${L}` : `idle connections to ${L} are reset`,
  'keep-alive-race': ({ L }) => `${L} resets reused keep-alive connections`,
  'max-lifetime': ({ L }) => `connections to ${L} are reset at a fixed age`,
  'post-restart': ({ L }) => `connections to ${L} lost in a restart`,
  'process-crash': ({ L }) => `a process crashed on connections to ${L}`,
  'unread-data-close': ({ L }) => `connections to ${L} closed with data unread`,
  'abortive-close': ({ L }) => `connections to ${L} aborted by the application`,
  'data-after-close': ({ L }) => `data sent into closed connections to ${L}`,
  'application-reject': ({ L }) => `${L} turns clients away`,
  'keepalive-timeout': ({ L }) => `keep-alive probes unanswered on connections to ${L}`,
  'retransmission-timeout': ({ L }) => `data unacknowledged on connections to ${L}`,
  'zero-window-timeout': ({ L }) => `a receiver stalled on connections to ${L}`,
  desynchronized: ({ L }) => `half-open connections to ${L}`,
  'middlebox-injection': ({ L }) => `a device forges resets on connections to ${L}`,
  'nat-state-loss': ({ L }) => `a device lost the state of connections to ${L}`,
  'blind-reset-attack': ({ L }) => `spoofed resets against connections to ${L}`,
  'reset-aftermath': ({ L }) => `after-effects of resets on connections to ${L}`,
  'benign-teardown': ({ L }) => `connections to ${L} end by reset`,
  unknown: ({ L }) => `connections to ${L} are reset, cause unknown`,
}

/** At most 120 characters, safe to print. Times are the report's own; `zone` says which clock they are of. */
export function headline(report: Report, zone = 'UTC'): string {
  const { totals, captures, resets } = report
  if (totals.resets === 0) return silent(report)
  if (resets.length === 0) return `${plural(totals.resets, 'reset')} found, all hidden by the options given.`
  const ranked = rank(report)
  const [first, ...others] = ranked
  const days = captures.flatMap(capture => (capture.firstTime ? [capture.firstTime.slice(0, 10)] : []))
  const dated = days.some(day => day !== first.incident.firstTime.slice(0, 10))
  const problems = others.filter(other => other.severity > 0).length
  const tails = first.severity > 0 && problems > 0 ? [`; ${plural(problems, 'more problem')}`, ''] : ['']
  for (const who of [true, false]) {
    for (const tail of tails) {
      for (const span of [true, false]) {
        const line = visible(
          `${capital(phrase(first, who))}: ${cost(first, totals.resets)}${when(first, { span, dated, zone })}${tail}.`,
        )
        if (line.length <= HEADLINE_WIDTH) return line
      }
    }
  }
  return cut(visible(`${capital(phrase(first, false))}: ${cost(first, totals.resets)}.`))
}

/** By UTF-16 length: ticket systems count that, not columns. */
function cut(line: string): string {
  const kept = [...clip(line, HEADLINE_WIDTH)]
  while (kept.join('').length > HEADLINE_WIDTH) kept.splice(-2, 1)
  return kept.join('')
}

function silent({ captures, totals }: Report): string {
  const segments = captures.reduce((sum, capture) => sum + capture.tcpSegments, 0)
  const frames = captures.reduce((sum, capture) => sum + capture.frames, 0)
  if (segments > 0)
    return `No TCP reset: ${plural(totals.connections, 'connection')}, ${plural(segments, 'TCP segment')}.`
  return frames > 0
    ? `No TCP here: ${plural(frames, 'frame')}, not one TCP segment.`
    : 'No frames: the capture is empty.'
}

function phrase({ incident, resets }: RankedIncident, named: boolean): string {
  const L = incident.listener ? clipMiddle(incident.listener, 50) : 'several servers'
  const S = incident.source && named ? clipMiddle(incident.source, 45) : 'a client'
  return PHRASES[incident.cause]({ L, S, device: resets[0].origin === 'middlebox' })
}

function cost({ resets, impacts, severity }: RankedIncident, total: number): string {
  if (severity === 2) return harmWords(impacts, 2)
  if (severity === 1) return `${plural(resets.length, 'reset')}, effect unknown`
  const rest = total - resets.length
  const harm = impacts.get('ignored') === resets.length ? 'ignored by the target' : 'no harm'
  return `${plural(resets.length, 'reset')}${rest > 0 ? ` of ${count(total)}` : ''}, ${harm}`
}

interface Clock {
  /** From and to, or only since when. */
  span: boolean
  dated: boolean
  zone: string
}

function when({ incident }: RankedIncident, { span, dated, zone }: Clock): string {
  const { firstTime, lastTime } = incident
  const from = `${dated ? `${firstTime.slice(0, 10)} ` : ''}${clock(firstTime, 0)}`
  const to = clock(lastTime, 0)
  if (firstTime.slice(0, 19) === lastTime.slice(0, 19)) return ` at ${from} ${zone}`
  return span && firstTime.slice(0, 10) === lastTime.slice(0, 10)
    ? `, ${from}–${to} ${zone}`
    : ` since ${from} ${zone}`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
