/** One case → one Reset of the report: names, sentences, symptom, filter. The last step before reports; nothing is measured here. */
import type { Names } from './causes/define.js'
import type { Case, Facts } from './evidence/index.js'
import { droppedDuring } from './evidence/innocence.js'
import { applicationName } from './flow/application/index.js'
import { judgeImpact } from './impact.js'
import { judge, round, type Weighed } from './judge.js'
import type {
  CaptureInfo,
  CauseId,
  Connection,
  ConnectionSummary,
  Endpoint,
  EvidenceLine,
  Reset,
  Side,
  Timebase,
  World,
} from './model.js'
import { endpoint } from './units.js'
import { symptoms } from './symptom.js'
import { formatTime } from './time.js'
import { captureAdvice, timerChecks } from './advice.js'
import { remarks } from './remarks.js'

/** @param weighed its causes, where they were weighed already */
export function verdictOf(item: Case, timebase: Timebase, captures: CaptureInfo[], weighed?: Weighed): Reset {
  const { facts, group } = item
  const { view, origin } = group
  const { connection, first } = view
  const names = namesOf(connection, view.sender.side)
  const verdict = judge(item, names, weighed)
  const evidence = argued(item, verdict.evidence)
  const impact = judgeImpact(facts, verdict.cause.id)
  const own: { frame: number; capture: number }[] = [
    ...view.rsts.flatMap(r => [r, ...r.copies]),
    ...view.further,
  ]
  const more = otherCaptures(own, first.capture)
  return {
    id: item.id,
    capture: first.capture,
    time: formatTime(timebase, first.timeNs, precision(captures[first.capture])),
    frames: own
      .filter(r => r.capture === first.capture)
      .map(r => r.frame)
      .sort((a, b) => a - b),
    ...(more.length > 0 ? { moreFrames: more } : {}),
    connection: summarise(connection, first.timeNs),
    sender: facts.sender,
    origin: origin.origin,
    originConfidence: round(origin.confidence),
    impact,
    cause: verdict.cause.id,
    confidence: confidenceIn(view.world, verdict.confidence),
    alternatives: verdict.alternatives,
    evidence,
    cannotTell: [
      ...(view.world.clockStepped ? [STEPPED] : []),
      ...(droppedDuring(view) ? [DROPPED] : []),
      ...verdict.cannotTell,
      ...originLimits(item, evidence),
    ],
    symptom: symptoms(facts, verdict.cause.id, impact),
    summary: verdict.summary,
    remedies: verdict.remedies,
    nextChecks: [
      ...timerChecks(item, verdict.cause.id),
      // The general advice of `unknown` is said in particulars by the commands.
      ...(verdict.cause.id === 'unknown' ? [] : verdict.nextChecks),
      ...captureAdvice(item, verdict.cause.id),
    ],
    wiresharkFilter: filterOf(connection),
    consequenceOf: consequenceOf(facts, verdict.cause.id),
    incident: null,
  }
}

/** Silences, ages, rhythms and bursts are all that tells many causes apart; measured across a step of the clock they mislead. */
const STEPPED_CONFIDENCE = 0.6
export function confidenceIn({ clockStepped }: World, confidence: number): number {
  return clockStepped ? Math.min(confidence, STEPPED_CONFIDENCE) : confidence
}

const STEPPED = 'durations and what came first: the clock was set back while the capture ran'

const DROPPED = 'what the capturing program lost while the connection lasted'

/** Id of the reset that this one follows from. */
export function consequenceOf(facts: Facts, cause: CauseId): string | null {
  return cause === 'reset-aftermath' ? (facts.resetBeforeId ?? null) : null
}

/** Digits of the fraction that the capture itself bears. */
export function precision(info: CaptureInfo | undefined): number {
  const fraction = /\.(\d+)Z$/.exec(info?.firstTime ?? '')?.[1]
  return fraction?.length ?? (info?.firstTime ? 0 : 6)
}

function otherCaptures(frames: { frame: number; capture: number }[], own: number) {
  const others = new Map<number, number[]>()
  for (const { frame, capture } of frames) {
    if (capture === own) continue
    const list = others.get(capture)
    if (list) list.push(frame)
    else others.set(capture, [frame])
  }
  return [...others].map(([capture, list]) => ({ capture, frames: list.sort((a, b) => a - b) }))
}

/** @param sender the side in whose name the reset was sent */
export function namesOf({ client, server }: Record<Side, Endpoint>, sender: Side): Names {
  const peer = sender === 'client' ? 'server' : 'client'
  const names = { client: client.address, server: endpoint(server) }
  return {
    ...names,
    sender: names[sender],
    peer: names[peer],
    senderRole: `the ${sender}`,
    peerRole: `the ${peer}`,
  }
}

export function summarise(c: Connection, resetNs: number): ConnectionSummary {
  return {
    client: c.client,
    server: c.server,
    rolesCertain: c.rolesCertain,
    encapsulation: c.encapsulation,
    history: c.history,
    handshake: c.handshake,
    // Clocks step back; no connection lasted less than no time.
    durationMs: Math.max(0, Math.round((resetNs - c.firstTimeNs) / 1e3) / 1e3),
    bytesFromClient: c.sides.client.payloadBytes,
    bytesFromServer: c.sides.server.payloadBytes,
    application: applicationOf(c),
  }
}

function applicationOf(c: Connection): string | null {
  return applicationName(c.application)
}

/** Where a device is accused, what proves it comes first. */
function argued(item: Case, why: EvidenceLine[]): EvidenceLine[] {
  const who = originEvidence(item)
  return item.facts.origin === 'middlebox'
    ? [...who, ...remarks(item), ...why]
    : [...why, ...remarks(item), ...who]
}

/** What spoke for and against another sender than the one named; the strongest first. */
function originEvidence({ group, facts }: Case): EvidenceLine[] {
  const forged = facts.origin === 'middlebox'
  return group.origin.signs
    .filter(s => Math.abs(s.weight) >= 1)
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, 5)
    .map(s => ({
      statement: s.statement,
      value: null,
      unit: null,
      frames: s.frames,
      supports: s.weight > 0 === forged,
    }))
}

/** Tests of the origin that could not be made; what the evidence tells all the same is none. */
function originLimits({ group, facts }: Case, evidence: EvidenceLine[]): string[] {
  const limits: string[] = []
  const { view } = group
  const told = (about: RegExp) => evidence.some(({ statement }) => about.test(statement))
  if (facts.senderResponseMs === undefined && !told(/round trip/))
    limits.push('round-trip test: no answer of the sender could be timed')
  if (view.sender.records.length === 0 && !told(/hop limit/))
    limits.push('hop limit test: no other packet of the sender in this connection')
  if (facts.senderResponseMs !== undefined && facts.senderResponseMs < 3)
    limits.push('round-trip test: captured too close to the sender')
  return limits
}

function filterOf({ client, server, ipVersion }: Connection): string {
  const ip = ipVersion === 4 ? 'ip' : 'ipv6'
  const [addresses, ports] = [
    [client.address, server.address],
    [client.port, server.port],
  ]
  // Loopback: both ends have one address.
  return [
    ...new Set([...addresses.map(a => `${ip}.addr == ${a}`), ...ports.map(p => `tcp.port == ${p}`)]),
  ].join(' && ')
}
