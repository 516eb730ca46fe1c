/**
 * How a cause is written. A cause is one file: what it means, what to do, and predicates over the facts. The sentence that is evaluated is
 * the sentence that is printed is the sentence in `explain` and in the README table.
 */
import type { Facts } from '../evidence/facts.js'
import type { CauseId } from '../model.js'

/** Predicates have three values: undefined = this capture cannot tell, which lowers confidence and is listed, but never counts as no. */
export type Truth = boolean | undefined

export type FactName = keyof Facts

/** What must hold for a cause to be considered. */
export interface Requirement {
  /** May contain {factName} placeholders, printed with their unit. */
  statement: string
  test: (f: Facts) => Truth
  /** Facts whose frames prove it, besides the placeholders. */
  about: FactName[]
}

/** `decisive` outweighs everything that is merely likely; `telling` is worth saying and weighs nothing; `against` and `contrary` lower the score. */
export type Weight = 'decisive' | 'strong' | 'fair' | 'weak' | 'telling' | 'against' | 'contrary'

/** Log-odds (natural): a strong sign makes a cause 20 times likelier, a fair one 4.5 times, a weak one twice. */
export const WEIGHTS: Record<Weight, number> = {
  decisive: 5,
  strong: 3,
  fair: 1.5,
  weak: 0.7,
  telling: 0,
  against: -1.5,
  contrary: -4,
}

export interface Sign extends Requirement {
  weight: Weight
}

/** Names to build sentences from. */
export interface Names {
  client: string
  server: string
  /** In whose name the reset was sent, and the other end: "10.0.1.9:443" or a host name with port. */
  sender: string
  peer: string
  /** "the server" or "the client". */
  senderRole: string
  peerRole: string
}

export interface Cause {
  id: CauseId
  title: string
  family: 'never established' | 'established'
  /** One or two sentences for somebody who knows TCP by name only. */
  means: string
  /**
   * Concrete and directional: which side, which setting, which inequality. The first one must stand alone (README shows it). `{client}`,
   * `{server}`, `{sender}` and `{peer}` become role and address; advice whose {factName} was not measured is left out. What begins with
   * `If the server reset: ` or `If the client reset: ` is for that side only, what begins with `If an end reset: ` or `If a device reset: ` for that
   * maker only; said without these words where that is known.
   */
  remedies: string[]
  /** Where to look next, on which host: commands that can be pasted. Placeholders as in `remedies`. */
  nextChecks: string[]
  cites: string[]
  /** Near cause → what tells them apart. */
  mistakenFor: Partial<Record<CauseId, string>>
  /** Who makes such a reset: the host itself, a device on the path, or either. */
  maker: 'endpoint' | 'device' | 'either'
  /** Log-odds before any sign: how often this is the reason when the requirements hold (harmless causes are common). */
  prior: number
  requires: Requirement[]
  signs: Sign[]
  /** One sentence a human would write, without a full stop at the end. */
  summary: (f: Facts, names: Names, say: Say) => string
}

/** Formats a fact with its unit: say('silenceMs') → "61.0 s". */
export type Say = (name: FactName) => string

/** `1 port`, `7 ports`. */
export function some(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Words from packets, cut to what a sentence bears. */
export function shorten(text: string, most = 60): string {
  const characters = [...text]
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`
}

export function defineCause(cause: Cause): Cause {
  return cause
}

export function must(statement: string, test: (f: Facts) => Truth, about: FactName[] = []): Requirement {
  return { statement, test, about }
}

const sign =
  (weight: Weight) =>
  (statement: string, test: (f: Facts) => Truth, about: FactName[] = []): Sign => ({
    weight,
    statement,
    test,
    about,
  })

export const decisive = sign('decisive')
export const strong = sign('strong')
export const fair = sign('fair')
export const weak = sign('weak')
export const telling = sign('telling')
export const against = sign('against')
export const contrary = sign('contrary')

// ── three-valued logic ──────────────────────────────────────────────────────────────────────────────────

export function not(a: Truth): Truth {
  return a === undefined ? undefined : !a
}

export function and(...values: Truth[]): Truth {
  if (values.includes(false)) return false
  return values.includes(undefined) ? undefined : true
}

export function or(...values: Truth[]): Truth {
  if (values.includes(true)) return true
  return values.includes(undefined) ? undefined : false
}

/** Value at or above a limit; undefined stays undefined. */
export function atLeast(value: number | undefined, limit: number): Truth {
  return value === undefined ? undefined : value >= limit
}

export function below(value: number | undefined, limit: number): Truth {
  return value === undefined ? undefined : value < limit
}
