/** One case → one Reset of the report: names, sentences, symptom, filter. The last step before reports; nothing is measured here. */
import type { Names } from '../causes/define.js'
import type { Case, Facts, Proof } from '../evidence/index.js'
import { applicationName } from '../flow/application/index.js'
import { judgeImpact } from './impact.js'
import { judge, round, type Weighed } from './judge.js'
import type {
  CaptureInfo,
  CauseId,
  ConnectionFace,
  ConnectionSummary,
  Endpoint,
  EvidenceLine,
  Reset,
  Side,
  Timebase,
} from '../model.js'
import { endpoint } from '../units.js'
import { symptoms } from './symptom.js'
import { formatTime } from '../time.js'
import { captureAdvice, timerChecks } from './advice.js'
import { remarks } from './remarks.js'
import { type Telling, tellingOf } from './telling.js'

export function verdictOf(item: Case, timebase: Timebase, captures: CaptureInfo[]): Reset {
  return tell(tellingOf(item), timebase, captures)
}

/** @param weighed its causes, where they were weighed already */
export function tell(item: Telling, timebase: Timebase, captures: CaptureInfo[], weighed?: Weighed): Reset {
  const { facts, proof, connection, capture, timeNs } = item
  const names = namesOf(connection, facts.sender)
  const verdict = judge({ facts, frames: proof.frames }, names, weighed)
  const evidence = argued(item, verdict.evidence)
  const impact = judgeImpact(facts, verdict.cause.id)
  const { here, more } = framesOf(proof, capture)
  return {
    id: item.id,
    capture,
    time: formatTime(timebase, timeNs, precision(captures[capture])),
    frames: here,
    ...(more.length > 0 ? { moreFrames: more } : {}),
    connection: summarise(connection, timeNs),
    sender: facts.sender,
    origin: item.origin,
    originConfidence: round(item.originConfidence),
    impact,
    cause: verdict.cause.id,
    confidence: confidenceIn(item, verdict.confidence),
    alternatives: verdict.alternatives,
    evidence,
    cannotTell: [
      ...(item.clockStepped ? [STEPPED] : []),
      ...(item.dropped ? [DROPPED] : []),
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
export function confidenceIn(
  { clockStepped }: { clockStepped?: boolean | undefined },
  confidence: number,
): number {
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

/** All RST frames of a reset: those of its own capture, and those of each other one. */
function framesOf({ own, further }: Proof, home: number) {
  const here: number[] = []
  const others = new Map<number, number[]>()
  for (const list of [own, further]) {
    for (const { frame, capture } of list) {
      if (capture === home) here.push(frame)
      else if (others.has(capture)) others.get(capture)!.push(frame)
      else others.set(capture, [frame])
    }
  }
  const more = [...others].map(([capture, list]) => ({ capture, frames: ascending(list) }))
  return { here: ascending(here), more }
}

/** In place. Frames come in order as a rule: a flood's millions are only looked at. */
function ascending(frames: number[]): number[] {
  return frames.every((frame, i) => i === 0 || frames[i - 1] <= frame) ? frames : frames.sort((a, b) => a - b)
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

export function summarise(c: ConnectionFace, resetNs: number): ConnectionSummary {
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

function applicationOf(c: ConnectionFace): string | null {
  return applicationName(c.application)
}

/** Where a device is accused, what proves it comes first. */
function argued(item: Telling, why: EvidenceLine[]): EvidenceLine[] {
  const who = originEvidence(item)
  return item.facts.origin === 'middlebox'
    ? [...who, ...remarks(item), ...why]
    : [...why, ...remarks(item), ...who]
}

/** What spoke for and against another sender than the one named; the strongest first. */
function originEvidence({ proof, facts }: Telling): EvidenceLine[] {
  const forged = facts.origin === 'middlebox'
  return proof.signs.slice(0, 5).map(({ statement, frames, forDevice }) => ({
    statement,
    value: null,
    unit: null,
    frames,
    supports: forDevice === forged,
  }))
}

/** Tests of the origin that could not be made; what the evidence tells all the same is none. */
function originLimits({ proof, facts }: Telling, evidence: EvidenceLine[]): string[] {
  const limits: string[] = []
  const told = (about: RegExp) => evidence.some(({ statement }) => about.test(statement))
  if (facts.senderResponseMs === undefined && !told(/round trip/))
    limits.push('round-trip test: no answer of the sender could be timed')
  if (!proof.heard.sender && !told(/hop limit/))
    limits.push('hop limit test: no other packet of the sender in this connection')
  if (facts.senderResponseMs !== undefined && facts.senderResponseMs < 3)
    limits.push('round-trip test: captured too close to the sender')
  return limits
}

function filterOf({ client, server, ipVersion }: ConnectionFace): string {
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
