import { against, atLeast, below, contrary, defineCause, fair, must, strong, weak } from './define.js'
import { kernelSigns } from './kernel.js'

export default defineCause({
  id: 'max-lifetime',
  title: 'Maximum lifetime',
  family: 'established',
  means:
    'Connections are reset at a constant age, although they are in use: a proxy, pool or server limits how long a connection may live.',
  remedies: [
    'Find the limit of {ageMs} on {sender} and let it end connections between two requests (drain, Connection: close, HTTP/2 GOAWAY) instead of by reset.',
    'On {peer}: retire pooled connections at an age below {ageMs}: HikariCP maxLifetime, Go sql.DB.SetConnMaxLifetime, PgBouncer server_lifetime.',
    'Retry idempotent requests once on a new connection.',
    'Where it is set: Envoy max_connection_duration (with drain_timeout), gRPC MaxConnectionAge (with MaxConnectionAgeGrace), nginx keepalive_time.',
  ],
  nextChecks: [
    'Look for lifetime, max age and duration in the configuration of {sender} and of the proxy in front of it: which one has the value {ageMs}?',
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
  summary: (_f, n, say) =>
    `${n.sender} ends connections at an age of ${say('ageMs')}; this one with ${n.peer} was in use`,
})
