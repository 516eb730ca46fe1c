/** What this capture cannot show, and what to capture next as commands that can be pasted. */
import type { Facts } from '../evidence/index.js'
import type { CauseId, ConnectionFace, Side } from '../model.js'
import type { Telling } from './telling.js'
import { lifetimeAdvice } from './lifetimes.js'
import { type Silence, timerAdvice } from './timers.js'
import { other } from '../evidence/view.js'

/** Headers, TCP options and the first application bytes; no more of what users sent. */
const SNAP_LENGTH = 256

/** 10 files of 100 MB: days of headers on a busy host, and never a full disk. */
const ROTATION = '-C 100 -W 10'

/** Only where the capture leaves the cause or the sender open. */
export function captureAdvice({ facts, proof, connection }: Telling, cause: CauseId): string[] {
  if (cause !== 'unknown' && facts.origin !== 'unknown') return []
  return [
    ...(cause === 'unknown'
      ? [`Missing in this capture: ${missing({ facts, proof, connection }).join('; ')}`]
      : []),
    `${whereToCapture(connection, 'server')}, running while it happens: ${command(connection, 'server')}`,
    `${whereToCapture(connection, 'client')}, at the same time: ${command(connection, 'client')}`,
    'Then: `rst-analyze compare client.pcap server.pcap`',
  ]
}

function whereToCapture({ client, server }: ConnectionFace, side: Side): string {
  return side === 'server' ? `On the server ${server.address}` : `On the client ${client.address}`
}

/** At either end the filter names the other one; the client's port changes from connection to connection, the server's stays. */
function command({ client, server }: ConnectionFace, side: Side): string {
  const far = side === 'server' ? client.address : server.address
  return `\`tcpdump -i any -n -s ${SNAP_LENGTH} ${ROTATION} -w ${side}.pcap 'host ${far} and tcp port ${server.port}'\``
}

/** What would have been needed to tell, most important first; never empty. */
function missing({ facts, proof, connection }: Pick<Telling, 'facts' | 'proof' | 'connection'>): string[] {
  const gaps: string[] = []
  if (facts.orphan) gaps.push('everything of this connection but the reset itself')
  else {
    if (!facts.bothSidesSeen) gaps.push(oneDirection(proof.heard.peer ? facts.sender : other(facts.sender)))
    if (facts.midCapture) gaps.push('its beginning: the handshake was over when the capture began')
    if (facts.active === undefined && facts.bothSidesSeen)
      gaps.push('the segment that the reset answers, if it answers one')
    if (connection.unseenBytes > 0)
      gaps.push('packets that the capture itself lost (acknowledged, but never recorded)')
    if (facts.encrypted) gaps.push('what was said: the payload is encrypted')
    else if (facts.payloadSeen && facts.application === undefined)
      gaps.push('what was said: payload cut off or of an unknown protocol')
  }
  if (facts.origin === 'unknown' && !facts.orphan) {
    const both = proof.signs.some(s => s.forDevice) && proof.signs.some(s => !s.forDevice)
    gaps.push(
      both
        ? 'agreement on who sent it: some signs speak for the host, others for a device'
        : 'enough to tell whether the host or a device sent it',
    )
  }
  return gaps.length > 0
    ? gaps
    : ['what made the application end the connection: that stands in its log, not on the wire']
}

function oneDirection(side: Side): string {
  return `the packets of the ${side}: only the other direction was captured`
}

/** For causes that a timer explains: which known ones fit, and what brackets the value. */
export function timerChecks({ facts, connection }: Telling, cause: CauseId): string[] {
  const { address } = connection[facts.sender]
  if (cause === 'max-lifetime' && facts.ageMs !== undefined)
    return [lifetimeAdvice(facts.ageMs, `${address} and in front of it`)]
  const silence = measuredSilence(facts, cause)
  if (!silence) return []
  const where =
    facts.origin === 'middlebox'
      ? 'the firewalls, NATs and load balancers between the two'
      : `${address} and in front of it`
  return [timerAdvice(silence, where)]
}

function measuredSilence(f: Facts, cause: CauseId): Silence | undefined {
  const survivedMs = f.survivedSilenceMs ?? 0
  if (cause === 'keep-alive-race' && f.silenceBeforeFinMs !== undefined) {
    return {
      ms: f.silenceBeforeFinMs,
      firedByItself: true,
      survivedMs: below(survivedMs, f.silenceBeforeFinMs),
      side: f.sender,
      byDevice: false,
    }
  }
  if (cause !== 'idle-timeout') return undefined
  const ms = f.finWithReset ? (f.silenceBeforeFinMs ?? f.silenceMs) : f.silenceMs
  if (ms === undefined) return undefined
  const firedByItself = f.silenceEndedByReset === true || f.finWithReset
  // An end that answers the next packet as unknown may have a device before it that forgot where the connection led.
  const byDevice =
    f.origin === 'middlebox' ? true : f.origin === 'endpoint' && firedByItself ? false : undefined
  return { ms, firedByItself, survivedMs: below(survivedMs, ms), side: f.sender, byDevice }
}

/** A longer silence that was survived on another connection says that the timer is not the listener's own: no bound. */
function below(survivedMs: number, ms: number): number {
  return survivedMs < ms ? survivedMs : 0
}
