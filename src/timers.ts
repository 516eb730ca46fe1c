/**
 * Known idle timeouts, as data. Only numbers that were read in a source; `onExpiry` only where the source states it.
 * A match is a candidate, never a verdict: many products share a value, and every value can be configured.
 */

export interface KnownTimer {
  product: string
  setting: string
  seconds: number
  /** What the product does when the timer fires; undefined where its source does not say. */
  onExpiry: 'closes' | 'resets on the next packet' | 'resets both sides' | 'drops silently' | undefined
  source: string
}

const timer = (
  product: string,
  setting: string,
  seconds: number,
  source: string,
  onExpiry?: KnownTimer['onExpiry'],
): KnownTimer => ({ product, setting, seconds, onExpiry, source })

export const KNOWN_TIMERS: readonly KnownTimer[] = [
  timer('gunicorn', 'keepalive', 2, 'gunicorn settings', 'closes'),
  timer('Node.js http', 'server.keepAliveTimeout', 5, 'Node.js API, http.Server', 'closes'),
  timer('uvicorn', 'timeout_keep_alive', 5, 'uvicorn settings'),
  timer('Apache httpd 2.4', 'KeepAliveTimeout', 5, 'Apache httpd documentation, core'),
  timer('Linux netfilter flowtable', 'nf_flowtable_tcp_timeout', 30, 'Linux nf_conntrack-sysctl.rst'),
  timer('AWS Application Load Balancer', 'idle_timeout.timeout_seconds', 60, 'AWS ELB documentation, load balancer attributes'),
  timer('Linux netfilter', 'nf_conntrack_tcp_timeout_close_wait', 60, 'Linux nf_conntrack-sysctl.rst'),
  timer('IPVS', 'CLOSE_WAIT entry', 60, 'moby issue 29655', 'resets on the next packet'),
  timer('nginx', 'keepalive_timeout in packaged configurations', 65, 'nginx documentation'),
  timer('nginx', 'keepalive_timeout', 75, 'nginx documentation'),
  timer('Go net/http', 'Transport.IdleConnTimeout', 90, 'Go net/http DefaultTransport'),
  timer('IIS', 'connectionTimeout', 120, 'IIS configuration reference'),
  timer('Linux netfilter', 'nf_conntrack_tcp_timeout_fin_wait', 120, 'Linux nf_conntrack-sysctl.rst'),
  timer('IPVS', 'tcpfin', 120, 'docker/docs issue 5519'),
  timer('ASP.NET Kestrel', 'Limits.KeepAliveTimeout', 130, 'ASP.NET Core API, KestrelServerLimits'),
  timer('Azure Load Balancer', 'idleTimeoutInMinutes', 240, 'Azure documentation, load-balancer-tcp-reset', 'drops silently'),
  timer('Azure NAT Gateway', 'TCP idle timeout', 240, 'Azure NAT Gateway documentation'),
  timer('Linux netfilter', 'nf_conntrack_tcp_timeout_unacknowledged', 300, 'Linux nf_conntrack-sysctl.rst'),
  timer('FortiGate (policy mode)', 'tcp-match-timeout', 300, 'FortiOS CLI reference'),
  timer('F5 BIG-IP', 'fastL4/tcp idle-timeout', 300, 'BIG-IP profile sample'),
  timer('AWS Network Load Balancer', 'TCP idle timeout', 350, 'AWS NLB documentation, troubleshooting', 'resets on the next packet'),
  timer('AWS NAT gateway', 'fixed', 350, 'AWS NAT gateway documentation', 'resets on the next packet'),
  timer('AWS Network Firewall', 'TcpIdleTimeoutSeconds', 350, 'AWS SDK documentation', 'drops silently'),
  timer('AWS EC2 security group tracking (Nitro v6)', 'TcpEstablishedTimeout', 350, 'AWS CloudFormation documentation'),
  timer('Cloudflare edge', 'client keep-alive', 400, 'Cloudflare connection limits', 'closes'),
  timer('Kafka client', 'connections.max.idle.ms', 540, 'Kafka client configuration'),
  timer('Kafka broker', 'connections.max.idle.ms', 600, 'Kafka broker configuration'),
  timer('PgBouncer', 'server_idle_timeout', 600, 'PgBouncer configuration', 'closes'),
  timer('Cisco ASA', 'timeout half-closed', 600, 'Cisco ASA configurations'),
  timer('IPVS (Docker Swarm, kube-proxy ipvs)', 'tcp', 900, 'moby issues 31208, 37466'),
  timer('Cloudflare to origin', 'proxy idle timeout', 900, 'Cloudflare connection limits', 'closes'),
  timer('Google Cloud NAT', 'TCP established idle timeout', 1200, 'Google Cloud NAT documentation', 'drops silently'),
  timer('Juniper SRX', 'TCP default', 1800, 'Junos documentation', 'drops silently'),
  timer('Cisco RV120W', 'TCP session timeout', 1800, 'Cisco RV120W administration page'),
  timer('Juniper SSR', 'TCP', 1900, 'SSR documentation'),
  timer('Cisco ASA', 'timeout conn', 3600, 'Cisco ASA configurations'),
  timer('Palo Alto PAN-OS', 'TCP default timeout', 3600, 'PAN-OS session info output', 'drops silently'),
  timer('FortiGate', 'tcp-idle', 3600, 'Fortinet NPU documentation', 'drops silently'),
  timer('Envoy, Istio', 'upstream idle_timeout', 3600, 'Istio API reference, Envoy'),
  timer('kube-proxy', '--conntrack-tcp-timeout-close-wait', 3600, 'kube-proxy reference'),
  timer('Linux socket', 'tcp_keepalive_time + 9 × 75 s', 7875, 'Linux ip-sysctl.rst'),
  timer('MySQL', 'wait_timeout', 28_800, 'MySQL server variables', 'closes'),
  timer('kube-proxy', '--conntrack-tcp-timeout-established', 86_400, 'kube-proxy reference'),
  timer('pf (OpenBSD, FreeBSD, pfSense)', 'tcp.established', 86_400, 'pf.conf(5)'),
  timer('MikroTik RouterOS', 'tcp-established-timeout', 86_400, 'RouterOS exports'),
  timer('Linux netfilter', 'nf_conntrack_tcp_timeout_established', 432_000, 'Linux nf_conntrack-sysctl.rst'),
]

/** Timer ticks and scheduling make a timer fire late, not early: Node closes 1 s after its value, Linux keepalive and wheel timers within 13 %. */
const LATE_SHARE = 0.015
const LATE_MS = 1100
const EARLY_MS = 60

/**
 * Timers that may have ended a silence.
 * @param silenceMs measured silence
 * @param firedByItself true: the silence ended with the timer, so it equals its value; false: it ended with the next packet, so it is an upper bound
 * @param survivedMs longest silence that connections of the same listener survived: a lower bound
 */
export function candidateTimers(silenceMs: number, firedByItself: boolean, survivedMs = 0): KnownTimer[] {
  return KNOWN_TIMERS.filter(({ seconds }) => {
    const ms = seconds * 1000
    if (survivedMs > ms * 1.02) return false
    if (firedByItself) return silenceMs >= ms - EARLY_MS && silenceMs <= ms * (1 + LATE_SHARE) + LATE_MS
    // Answering the next packet says only "shorter than this"; without a close lower bound that is no match worth printing.
    return ms <= silenceMs && survivedMs >= ms * 0.5
  })
}
