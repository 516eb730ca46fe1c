/**
 * From facts to a verdict: which cause, how sure, on what evidence, what else it could be. Causes are tried against the facts of one reset;
 * each keeps a score in log-odds, and the scores become probabilities that sum to one.
 */
import { CAUSES, type Cause, type Requirement, type Sign } from '../causes/index.js'
import type { FactName, Names, Say } from '../causes/define.js'
import { WEIGHTS } from '../causes/define.js'
import { calibrate } from './calibration.js'
import type { Facts, FactSheet } from '../evidence/index.js'
import type { Alternative, EvidenceLine, Side } from '../model.js'
import { plain, singular, type Template, template } from './template.js'
import { bytes, count, duration } from '../units.js'

export interface Verdict {
  cause: Cause
  confidence: number
  alternatives: Alternative[]
  evidence: EvidenceLine[]
  cannotTell: string[]
  summary: string
  remedies: string[]
  nextChecks: string[]
}

/** A requirement that this capture cannot answer makes a cause half as likely as one whose requirements are met. */
const UNANSWERED = -0.8

/** Alternatives below this share are noise. */
const WORTH_NAMING = 0.03

/** When it cannot be told who made the reset, the causes that need an endpoint for it lose what the signs for a device take from them. */
const DOUBTED: Record<Cause['maker'], number> = { endpoint: -1.5, device: 0, either: 0 }

interface Score {
  cause: Cause
  score: number
}

const ALL: readonly Cause[] = [...CAUSES.values()]

/** The cause that fits best, how sure it is, and what else it could be. */
export interface Weighed {
  best: Cause
  confidence: number
  alternatives: Alternative[]
}

export function weigh(facts: Facts): Weighed {
  const { ranked, shares, confidence } = rank(facts)
  return { best: ranked[0].cause, confidence, alternatives: alternativesOf(ranked, shares, confidence) }
}

/** The same without what else it could be, which most reports tell of few resets. */
export function decide(facts: Facts): Omit<Weighed, 'alternatives'> {
  const { ranked, confidence } = rank(facts)
  return { best: ranked[0].cause, confidence }
}

/** @returns the causes that are possible, the likeliest first, and the share of each */
function rank(facts: Facts): { ranked: Score[]; shares: number[]; confidence: number } {
  const ranked: Score[] = []
  for (const cause of ALL) {
    const score = scoreOf(cause, facts)
    if (score !== undefined) ranked.push({ cause, score })
  }
  ranked.sort((a, b) => b.score - a.score)
  const shares = softmax(ranked)
  return { ranked, shares, confidence: calibrate(ranked[0].cause.id, shares[0], facts) }
}

/** The one sentence about a reset whose cause is known. */
export function summaryOf(cause: Cause, facts: Facts, names: Names): string {
  return cause.summary(facts, names, speaker(facts))
}

/** @param weighed where that is known already */
export function judge(sheet: FactSheet, names: Names, weighed: Weighed = weigh(sheet.facts)): Verdict {
  const { facts } = sheet
  const { best, confidence, alternatives } = weighed
  const say = speaker(facts)
  return {
    cause: best,
    confidence,
    alternatives,
    ...argue(best, sheet, say),
    summary: best.summary(facts, names, say),
    remedies: advise(best.remedies, facts, names, say),
    nextChecks: advise(best.nextChecks, facts, names, say),
  }
}

/** Undefined when a requirement is not met. */
function scoreOf(cause: Cause, facts: Facts): number | undefined {
  let score = cause.prior + (facts.origin === 'unknown' && !facts.orphan ? DOUBTED[cause.maker] : 0)
  for (const requirement of cause.requires) {
    const met = requirement.test(facts)
    if (met === false) return undefined
    if (met === undefined) score += UNANSWERED
  }
  for (const sign of cause.signs) if (sign.test(facts) === true) score += WEIGHTS[sign.weight]
  return score
}

function softmax(ranked: Score[]): number[] {
  const top = ranked[0].score
  const powers = ranked.map(r => Math.exp(r.score - top))
  const sum = powers.reduce((a, b) => a + b, 0)
  for (let i = 0; i < powers.length; i++) powers[i] /= sum
  return powers
}

function alternativesOf(ranked: Score[], shares: number[], confidence: number): Alternative[] {
  const rest = 1 - shares[0]
  // The others share what calibration left over, in proportion.
  const scale = rest > 0 ? (1 - confidence) / rest : 0
  return (
    ranked
      .slice(1)
      // Rounded down: with the confidence they never exceed 1.
      .map((r, i) => ({
        cause: r.cause.id,
        confidence: Math.floor(shares[i + 1] * Math.min(scale, 1) * 1000) / 1000,
      }))
      .filter(a => a.confidence >= WORTH_NAMING)
      .slice(0, 4)
  )
}

export function round(p: number): number {
  return Math.round(p * 1000) / 1000
}

// ── sentences ───────────────────────────────────────────────────────────────────────────────────────────

const LOWERING: ReadonlySet<Sign['weight']> = new Set(['against', 'contrary'])

function argue(
  cause: Cause,
  { facts, frames }: FactSheet,
  say: Say,
): Pick<Verdict, 'evidence' | 'cannotTell'> {
  const evidence: { line: EvidenceLine; about: FactName | undefined }[] = []
  const cannotTell: string[] = []
  const consider = (r: Requirement, supports: boolean) => {
    const truth = r.test(facts)
    const rests = restsOn(r)
    // What was concluded is no observation; what nobody asked the kernel is no gap in the capture.
    if (rests === 'origin' || (rests === 'kernelReason' && truth === undefined)) return
    if (truth === true) evidence.push({ line: line(r, facts, frames, say, supports), about: mainFact(r) })
    else if (truth === undefined && supports && lacksFact(r, facts))
      // Behind the colon stands what would follow from it.
      cannotTell.push(`whether ${plain(r.statement).replace(/: .*$/s, '')}`)
  }
  for (const sign of strongestFirst(cause)) consider(sign, !LOWERING.has(sign.weight))
  const argued = evidence.length
  if (cause.id !== 'unknown') for (const requirement of cause.requires) consider(requirement, true)
  // Conditions that merely hold go without saying; those that point at frames or figures are evidence.
  const telling = evidence.filter(({ line: l }, i) => i < argued || l.frames.length > 0 || l.value !== null)
  return { evidence: distinct(telling), cannotTell: [...new Set(cannotTell)].slice(0, 6) }
}

const STRONGEST_FIRST = new Map<Cause, Sign[]>()

function strongestFirst(cause: Cause): Sign[] {
  let signs = STRONGEST_FIRST.get(cause)
  if (signs === undefined) {
    signs = cause.signs.toSorted((a, b) => Math.abs(WEIGHTS[b.weight]) - Math.abs(WEIGHTS[a.weight]))
    STRONGEST_FIRST.set(cause, signs)
  }
  return signs
}

const RESTS_ON = new WeakMap<Requirement, string>()

/** The one fact that a predicate looks at first, whatever is known. */
function restsOn(r: Requirement): string {
  const known = RESTS_ON.get(r)
  if (known !== undefined) return known
  const read: string[] = []
  r.test(new Proxy({} as Facts, { get: (_, name) => void read.push(String(name)) }))
  const [first = ''] = read
  RESTS_ON.set(r, first)
  return first
}

/** A predicate may also abstain on facts that are all known; only a fact that was not measured is something the capture cannot tell. */
function lacksFact(r: Requirement, facts: Facts): boolean {
  let missing = false
  r.test(
    new Proxy(facts, {
      get(known, name) {
        const value: unknown = Reflect.get(known, name)
        missing ||= value === undefined
        return value
      },
    }),
  )
  return missing
}

/** One observation, one line: of several sentences about the same fact the first, strongest one stays. */
function distinct(lines: { line: EvidenceLine; about: FactName | undefined }[]): EvidenceLine[] {
  const seen = new Set<string>()
  const first = (key: string) => !seen.has(key) && seen.add(key)
  return lines
    .filter(
      ({ line: l, about }) => first(l.statement) && (about === undefined || first(`${about} ${l.supports}`)),
    )
    .map(l => l.line)
}

/** The fact that a sentence is about: its first placeholder, or the first it points at. */
function mainFact(r: Requirement): FactName | undefined {
  return template(r.statement).names[0] ?? r.about[0]
}

function line(
  r: Requirement,
  facts: Facts,
  frames: FactSheet['frames'],
  say: Say,
  supports: boolean,
): EvidenceLine {
  const { names, fill } = template(r.statement)
  const shown = new Set<number>()
  for (const name of names) for (const frame of frames[name] ?? []) shown.add(frame)
  for (const name of r.about) for (const frame of frames[name] ?? []) shown.add(frame)
  const main = mainFact(r)
  const value = main === undefined ? undefined : facts[main]
  return {
    statement: singular(fill(say)),
    value:
      typeof value === 'number' ? Math.round(value * 1000) / 1000 : typeof value === 'string' ? value : null,
    unit: typeof value === 'number' ? unitOf(main!) : null,
    frames: [...shown].sort((a, b) => a - b).slice(0, 8),
    supports,
  }
}

function unitOf(name: FactName): string | null {
  if (name.endsWith('Ms')) return 'ms'
  return name.endsWith('Bytes') ? 'bytes' : null
}

/** Advice names the parties of this very connection; what would need a value that was not measured is left out. */
function advise(advice: string[], facts: Facts, names: Names, say: Say): string[] {
  const party: Partial<Record<string, string>> = {
    client: `the client ${names.client}`,
    server: `the server ${names.server}`,
    sender: `${names.senderRole} ${names.sender}`,
    peer: `${names.peerRole} ${names.peer}`,
  }
  const sayOrName: Say = name => party[name] ?? say(name)
  const said: string[] = []
  for (const text of advice) {
    const { side, maker, words } = counsel(text)
    if (side !== undefined && side !== facts.sender) continue
    if (maker !== undefined && maker !== (facts.origin === 'middlebox' ? 'a device' : 'an end')) continue
    if (words.names.every(name => name in party || facts[name] !== undefined))
      said.push(words.fill(sayOrName))
  }
  return said
}

interface Counsel {
  /** Whom it is for, where it is not for both. */
  side: Side | undefined
  maker: 'an end' | 'a device' | undefined
  words: Template
}

const COUNSELS = new Map<string, Counsel>()

/** Advice for the other side is none; for this one it is said without the condition. */
function counsel(text: string): Counsel {
  let made = COUNSELS.get(text)
  if (made === undefined) {
    const [condition = '', side, maker] =
      /^If (?:the (server|client)|(an end|a device)) reset: /.exec(text) ?? []
    const rest = text.slice(condition.length)
    const words = template(condition === '' ? text : rest[0].toUpperCase() + rest.slice(1))
    made = { side: side as Counsel['side'], maker: maker as Counsel['maker'], words }
    COUNSELS.set(text, made)
  }
  return made
}

function speaker(facts: Facts): Say {
  return name => {
    const value = facts[name]
    if (value === undefined) return ''
    if (typeof value !== 'number') return String(value)
    if (name.endsWith('Ms')) return duration(value)
    if (name.endsWith('Bytes')) return value < 0 ? `-${bytes(-value)}` : bytes(value)
    return Number.isInteger(value) ? count(value) : value.toFixed(1)
  }
}
