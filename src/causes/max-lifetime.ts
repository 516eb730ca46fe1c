import { against, atLeast, below, contrary, defineCause, fair, must, strong, weak } from './define.js'

export default defineCause({
  id: 'max-lifetime',
  title: 'Maximum lifetime',
  family: 'established',
  means: 'Connections are reset at a constant age, in the middle of use: a proxy, pool or server limits how long a connection may live.',
  remedies: [
    'Find the limit of that age (proxy max connection duration, pool maxLifetime, load balancer drain) and let it end connections gracefully (drain, Connection: close, GOAWAY) instead of by reset.',
    'Set the lifetime limit of the client pool below that of the other side, so that the client retires connections between two requests.',
    'Retry idempotent requests on a fresh connection.',
  ],
  nextChecks: ['Which setting on the resetting side has the value of the age? All resets of this listener at the same age prove it.'],
  cites: ['Envoy http_connection_manager max_connection_duration'],
  mistakenFor: {
    'idle-timeout': 'then the silence is constant, not the age',
    'process-crash': 'then connections of all ages end in the same moment',
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
    strong('at {ageMs} of age like {sameAgeCount} others, though their silences differ', f => f.sameAgeCount >= 2),
    fair('at {ageMs} of age like {sameAgeCount} other', f => f.sameAgeCount >= 1),
    fair('they ended one after the other, not in one moment', f => f.burstCount < f.sameAgeCount + 1),
    weak('it had lived for {ageMs}', f => atLeast(f.ageMs, 3000)),
    contrary('they all ended in the same moment', f => f.burstCount >= f.sameAgeCount + 1),
    against('nothing was exchanged', f => !f.payloadSeen),
  ],
  summary: (_f, n, say) => `${n.sender} ends connections at an age of ${say('ageMs')}; this one with ${n.peer} was in use`,
})
