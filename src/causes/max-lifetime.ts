import { against, atLeast, below, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'max-lifetime',
  title: 'Maximum lifetime',
  family: 'established',
  means:
    'Connections are reset at a constant age, although they are in use: a proxy, pool or server limits how long a connection may live.',
  remedies: [
    'On {peer}: retire pooled connections at an age below {ageMs}: HikariCP maxLifetime, Go sql.DB.SetConnMaxLifetime, PgBouncer server_lifetime.',
    'If an end reset: find the limit of {ageMs} on {sender} and let it end connections between two requests (drain, Connection: close, HTTP/2 GOAWAY) instead of by reset.',
    'If a device reset: a firewall, NAT or load balancer between {client} and {server} has the limit of {ageMs} (session lifetime, hard timeout): raise it there, or let it exempt this traffic; neither end will show it.',
    'Retry idempotent requests once on a new connection.',
    'Where it is set: Envoy max_connection_duration (with drain_timeout), gRPC MaxConnectionAge (with MaxConnectionAgeGrace), nginx keepalive_time.',
  ],
  nextChecks: [
    'If an end reset: look for lifetime, max age and duration in the configuration of {sender} and of the proxy in front of it: which one has the value {ageMs}?',
    'If a device reset: on the firewalls, NATs and load balancers between {client} and {server}: session lifetime, age limit, hard timeout. Which one has the value {ageMs}? A capture on both sides of it shows that the reset begins there.',
  ],
  cites: [
    'Envoy documentation, max_connection_duration',
    'gRFC A9: server-side connection management',
    'nginx documentation, keepalive_time',
  ],
  mistakenFor: {
    'idle-timeout': 'then the silence is constant, not the age',
    'process-crash': 'then connections of all ages end in the same moment',
    'abortive-close': 'then the ages differ',
  },
  maker: 'either',
  prior: -1,
  requires: [
    must('the connection had been established', f => f.handshakeDone),
    must('the age is known', f => (f.ageMs === undefined ? undefined : f.ageMs >= 900)),
    must('{sameAgeCount} other connections of this listener ended at the same age', f => f.sameAgeCount >= 1),
    must('the reset came by itself', f => f.active !== false),
    must('traffic had flowed shortly before', f => below(f.silenceMs, (f.ageMs ?? 0) * 0.8)),
  ],
  signs: [
    strong(
      'at {ageMs} of age like {sameAgeCount} others, though their silences differ',
      f => f.sameAgeCount >= 2 && f.sameSilenceCount < f.sameAgeCount,
    ),
    fair('at {ageMs} of age like {sameAgeCount} other', f => f.sameAgeCount >= 1),
    fair(
      'they ended one after the other, not in one moment',
      f => f.sameAgeCount >= 2 && f.burstCount < f.sameAgeCount + 1,
    ),
    weak(
      'the two ended one after the other, not in one moment',
      f => f.sameAgeCount === 1 && f.burstCount < 2,
    ),
    weak('it had lived for {ageMs}', f => atLeast(f.ageMs, 3000)),
    contrary('they all ended in the same moment', f => f.burstCount >= f.sameAgeCount + 1),
    against('nothing was exchanged', f => !f.payloadSeen),
    ...kernelSigns('max-lifetime'),
  ],
  summary: (f, n, say) =>
    f.origin === 'middlebox'
      ? `a device between ${n.client} and ${n.server} ends connections at an age of ${say('ageMs')}; this one was in use`
      : `${n.sender} ends connections at an age of ${say('ageMs')}; this one with ${n.peer} was in use`,
})
