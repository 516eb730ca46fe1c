/**
 * Known idle timeouts, as data. Only numbers that were read in a source; `onExpiry` only where the source states it.
 * A match is a candidate, never a verdict: many products share a value, and every value can be configured.
 */
import type { Side } from '../model.js'
import { duration } from '../units.js'

export interface KnownTimer {
  product: string
  setting: string
  seconds: number
  /** Which end of a connection runs it (a proxy is a server to its clients), or a device that only watches it pass. */
  where: Side | 'either end' | 'device'
  /** What the product does when the timer fires; undefined where its source does not say. */
  onExpiry: 'closes' | 'resets on the next packet' | 'resets both sides' | 'drops silently' | undefined
  source: string
  /** How much later than its value it may fire, beyond the general tolerance. */
  lateMs: number
}

const timer =
  (where: KnownTimer['where']) =>
  (
    product: string,
    setting: string,
    seconds: number,
    source: string,
    onExpiry?: KnownTimer['onExpiry'],
    lateMs = 0,
  ): KnownTimer => ({
    product,
    setting,
    seconds,
    where,
    onExpiry,
    source,
    lateMs,
  })

const server = timer('server')
const client = timer('client')
const either = timer('either end')
const device = timer('device')

export const KNOWN_TIMERS: readonly KnownTimer[] = [
  server('gunicorn', 'keepalive', 2, 'gunicorn settings', 'closes'),
  server('Node.js http', 'server.keepAliveTimeout', 5, 'Node.js API, http.Server', 'closes', 1000),
  server('uvicorn', 'timeout_keep_alive', 5, 'uvicorn settings'),
  server('Apache httpd 2.4', 'KeepAliveTimeout', 5, 'Apache httpd documentation, core'),
  device('Linux netfilter flowtable', 'nf_flowtable_tcp_timeout', 30, 'Linux nf_conntrack-sysctl.rst'),
  server(
    'AWS Application Load Balancer',
    'idle_timeout.timeout_seconds',
    60,
    'AWS ELB documentation, load balancer attributes',
  ),
  device('IPVS', 'CLOSE_WAIT entry', 60, 'moby issue 29655', 'resets on the next packet'),
  server('nginx', 'keepalive_timeout in packaged configurations', 65, 'nginx documentation'),
  server('nginx', 'keepalive_timeout', 75, 'nginx documentation'),
  client('Go net/http', 'Transport.IdleConnTimeout', 90, 'Go net/http DefaultTransport'),
  server('IIS', 'connectionTimeout', 120, 'IIS configuration reference'),
  device('IPVS', 'tcpfin', 120, 'docker/docs issue 5519'),
  server('ASP.NET Kestrel', 'Limits.KeepAliveTimeout', 130, 'ASP.NET Core API, KestrelServerLimits'),
  device(
    'Azure Load Balancer without TCP Reset',
    'idleTimeoutInMinutes',
    240,
    'Azure documentation, load-balancer-tcp-reset',
    'drops silently',
  ),
  device(
    'Azure Load Balancer with TCP Reset',
    'idleTimeoutInMinutes',
    240,
    'Azure documentation, load-balancer-tcp-reset',
    'resets both sides',
  ),
  device(
    'Azure NAT Gateway',
    'idleTimeoutInMinutes',
    240,
    'Azure documentation, nat-gateway-resource, TCP reset',
    'resets on the next packet',
  ),
  either('F5 BIG-IP', 'fastL4/tcp idle-timeout', 300, 'BIG-IP profile sample'),
  device(
    'AWS Network Load Balancer',
    'tcp.idle_timeout.seconds',
    350,
    'AWS NLB documentation, troubleshooting',
    'resets on the next packet',
  ),
  device(
    'AWS NAT gateway',
    'fixed idle timeout',
    350,
    'AWS NAT gateway documentation',
    'resets on the next packet',
  ),
  device('AWS Network Firewall', 'TcpIdleTimeoutSeconds', 350, 'AWS SDK documentation', 'drops silently'),
  device(
    'AWS EC2 security group tracking (Nitro v6)',
    'TcpEstablishedTimeout',
    350,
    'AWS CloudFormation documentation',
    'drops silently',
  ),
  server('Cloudflare edge', 'client keep-alive', 400, 'Cloudflare connection limits', 'closes'),
  client('Kafka client', 'connections.max.idle.ms', 540, 'Kafka client configuration'),
  server('Kafka broker', 'connections.max.idle.ms', 600, 'Kafka broker configuration'),
  client('PgBouncer', 'server_idle_timeout', 600, 'PgBouncer configuration', 'closes'),
  device(
    'IPVS (Docker Swarm, kube-proxy ipvs)',
    'tcp',
    900,
    'moby issues 31208, 37466',
    'resets on the next packet',
  ),
  client('Cloudflare to origin', 'proxy idle timeout', 900, 'Cloudflare connection limits', 'closes'),
  device(
    'Google Cloud NAT',
    'tcpEstablishedIdleTimeoutSec',
    1200,
    'Google Cloud NAT documentation',
    'drops silently',
  ),
  device('Juniper SRX', 'TCP default', 1800, 'Junos documentation', 'drops silently'),
  device('Cisco RV120W', 'TCP session timeout', 1800, 'Cisco RV120W administration page'),
  device('Juniper SSR', 'TCP', 1900, 'SSR documentation'),
  device('Cisco ASA', 'timeout conn', 3600, 'Cisco ASA configurations'),
  device('Palo Alto PAN-OS', 'TCP default timeout', 3600, 'PAN-OS session info output', 'drops silently'),
  device(
    'FortiGate',
    'session-ttl default',
    3600,
    'Fortinet NPU documentation (3600 s); Fortinet FD30775 (the setting)',
    'drops silently',
  ),
  either(
    'Envoy, Istio',
    'common_http_protocol_options.idle_timeout',
    3600,
    'Envoy documentation, How do I configure timeouts; Istio API reference',
  ),
  server('MySQL', 'wait_timeout', 28_800, 'MySQL server variables', 'closes'),
  device('kube-proxy', '--conntrack-tcp-timeout-established', 86_400, 'kube-proxy reference'),
  device('pf (OpenBSD, FreeBSD, pfSense)', 'tcp.established', 86_400, 'pf.conf(5)'),
  device('MikroTik RouterOS', 'tcp-established-timeout', 86_400, 'RouterOS exports'),
  device('Linux netfilter', 'nf_conntrack_tcp_timeout_established', 432_000, 'Linux nf_conntrack-sysctl.rst'),
]

/** How a silence ended, and what is known around it. */
export interface Silence {
  /** Measured silence. */
  ms: number
  /** True: it ended with the timer, so it equals its value. False: it ended with the next packet, so it is an upper bound. */
  firedByItself: boolean
  /** Longest silence that connections of the same listener survived: a lower bound; 0 when none is known. */
  survivedMs?: number
  /** Side whose timer it was: in whose name the connection was closed or reset. */
  side?: Side
  /** True: a device made the reset; false: an end did; undefined: it cannot be told. */
  byDevice?: boolean | undefined
}

/** Scheduling makes a timer fire late, not early; those of a minute and more are often checked once a second only. */
const LATE_SHARE = 0.015
const LATE_MS = 300
const TICK_MS = 1000
const TICK_FROM_SECONDS = 30
const EARLY_MS = 60

/** Timers that may have ended a silence, as far as their default values and their kind tell. */
export function candidateTimers({
  ms,
  firedByItself,
  survivedMs = 0,
  side,
  byDevice,
}: Silence): KnownTimer[] {
  return KNOWN_TIMERS.filter(known => {
    if (!fitsPlace(known, side, byDevice) || !fitsEnd(known, firedByItself)) return false
    const value = known.seconds * 1000
    if (survivedMs > value * 1.02) return false
    if (firedByItself) return ms >= value - EARLY_MS && ms <= latest(known)
    // Answering the next packet says only "shorter than this"; without a close lower bound that is no match worth printing.
    return value <= ms && survivedMs >= value * 0.5
  })
}

function latest({ seconds, lateMs }: KnownTimer): number {
  return seconds * 1000 * (1 + LATE_SHARE) + LATE_MS + (seconds >= TICK_FROM_SECONDS ? TICK_MS : 0) + lateMs
}

/** A device's reset is not explained by a server's timer, nor the server's own by a device's. */
function fitsPlace({ where }: KnownTimer, side: Side | undefined, byDevice: boolean | undefined): boolean {
  if (where === 'device') return byDevice !== false
  if (byDevice) return where === 'either end'
  return where === 'either end' || side === undefined || where === side
}

/** Who forgets in silence sends nothing when its timer fires; who answers the next packet waits for one. */
function fitsEnd({ onExpiry }: KnownTimer, firedByItself: boolean): boolean {
  if (onExpiry === 'drops silently') return false
  return firedByItself
    ? onExpiry !== 'resets on the next packet'
    : onExpiry !== 'closes' && onExpiry !== 'resets both sides'
}

/** More are not read. */
const NAMED = 6

/** As it stands in a configuration: `75 s`, and for long ones what that means. */
function settingOf(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${seconds} s = ${duration(seconds * 1000)}`
}

/**
 * What to compare a silence with, as one sentence for the checks: the bracket, then every default that fits; none is claimed.
 * @param where whose configuration to look through
 */
export function timerAdvice(silence: Silence, where: string): string {
  const { ms, firedByItself, survivedMs = 0 } = silence
  const candidates = candidateTimers(silence)
  const value = firedByItself
    ? `it fired after ${duration(ms)}`
    : survivedMs > 0 && survivedMs < ms
      ? `a silence of ${duration(survivedMs)} was survived, one of ${duration(ms)} was not, so its value lies between`
      : `it is at most ${duration(ms)}`
  if (candidates.length === 0) {
    return firedByItself || survivedMs > 0
      ? `Which timer: ${value}. No default known here fits: look for a configured value on ${where}`
      : `Which timer: ${value}. Find the longest silence that other connections survive: the value lies between`
  }
  const named = candidates.slice(0, NAMED).map(c => `${c.product} ${c.setting} (${settingOf(c.seconds)})`)
  const more = candidates.length > NAMED ? ` and ${candidates.length - NAMED} more` : ''
  return `Which timer: ${value}. Defaults that fit: ${named.join(', ')}${more}; none is proven, any value can be configured`
}
