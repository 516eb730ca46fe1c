/** Analyses with as many resets as wanted, each with packets of its own: for bounds, benchmarks and the browser. */
import type { Analysis, CauseId, Impact, Reset, StoryPacket } from '../../src/model.js'
import { analysis, at, capture, incident, keepAliveStory, report, reset } from './sample.js'

const KINDS: { cause: CauseId; impact: Impact; origin: Reset['origin'] }[] = [
  { cause: 'keep-alive-race', impact: 'request-lost', origin: 'endpoint' },
  { cause: 'idle-timeout', impact: 'unknown', origin: 'middlebox' },
  { cause: 'benign-teardown', impact: 'none', origin: 'endpoint' },
  { cause: 'unknown', impact: 'transfer-cut', origin: 'unknown' },
]
const GROUP = 40

/** n resets over ten minutes, 40 to an incident. */
export function crowd(n: number): Analysis {
  const spacing = 600_000 / n
  const resets = Array.from({ length: n }, (_, index) => one(index, spacing))
  const incidents = Array.from({ length: Math.ceil(n / GROUP) }, (_, index) => {
    const own = resets.slice(index * GROUP, (index + 1) * GROUP)
    const { address, port } = own[0].connection.server
    return incident(`i${index + 1}`, own[0].cause, own, {
      title: `${own[0].cause}: ${address}:${port}`,
      listener: `${address}:${port}`,
    })
  })
  const stories = new Map(resets.map((item, index) => [item.id, story(item, index, spacing)]))
  return analysis(report(resets, incidents, { captures: [capture({ lastTime: at(720_000) })] }), { stories })
}

function one(index: number, spacing: number): Reset {
  const group = Math.floor(index / GROUP)
  const base = reset()
  return reset({
    ...KINDS[group % KINDS.length],
    id: `r${index + 1}`,
    time: at(Math.round(60_000 + index * spacing)),
    frames: [4711 + index * 12],
    incident: `i${group + 1}`,
    connection: {
      ...base.connection,
      client: { address: `10.1.${group % 250}.${index % 250}`, port: 20_000 + (index % 40_000) },
      server: { address: `10.0.${group % 200}.9`, port: 8080 },
      application: `HTTP shop-${group}.example`,
    },
    evidence: base.evidence.map(line => ({ ...line, frames: line.frames.map(frame => frame + index * 12) })),
    wiresharkFilter: `tcp.port == ${20_000 + (index % 40_000)}`,
  })
}

function story({ id, origin }: Reset, index: number, spacing: number): StoryPacket[] {
  return keepAliveStory().map(packet => ({
    ...packet,
    frame: packet.frame + index * 12,
    timeNs: packet.timeNs + Math.round(index * spacing * 1e6),
    reset: packet.reset && id,
    forged: packet.reset !== null && origin === 'middlebox',
  }))
}
