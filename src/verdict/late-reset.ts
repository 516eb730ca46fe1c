/**
 * A reset whose words are made when they are read. Of a million resets a report tells a few; what all of them are counted and sorted by is
 * at hand, everything else (5 kB of sentences a reset) costs a moment each time it is asked for. To whoever reads it, spreads it or turns
 * it into JSON it is a plain `Reset`: all properties are its own, in the order of the contract.
 */
import type { CauseId, Impact, Origin, Reset, Side } from '../model.js'

/** Makes a reset whole; may be asked for the same one several times in a row. */
export interface Whole {
  whole(row: number): Reset
  time(row: number): string
  connection(row: number): Reset['connection']
}

/** What is at hand. */
export interface Brief {
  id: string
  capture: number
  sender: Side
  origin: Origin
  originConfidence: number
  impact: Impact
  cause: CauseId
  confidence: number
  consequenceOf: string | null
  incident: string | null
}

export class LateReset implements Reset {
  readonly #from: Whole
  readonly #row: number
  // Declared only: the constructor decides their order.
  declare id: string
  declare capture: number
  declare time: string
  declare frames: number[]
  declare moreFrames?: { capture: number; frames: number[] }[]
  declare connection: Reset['connection']
  declare sender: Side
  declare origin: Origin
  declare originConfidence: number
  declare impact: Impact
  declare cause: CauseId
  declare confidence: number
  declare alternatives: Reset['alternatives']
  declare evidence: Reset['evidence']
  declare cannotTell: string[]
  declare symptom: Reset['symptom']
  declare summary: string
  declare remedies: string[]
  declare nextChecks: string[]
  declare wiresharkFilter: string
  declare consequenceOf: string | null
  declare incident: string | null

  /** @param scattered it has `moreFrames` */
  constructor(from: Whole, row: number, brief: Brief, scattered: boolean) {
    this.#from = from
    this.#row = row
    this.id = brief.id
    this.capture = brief.capture
    Object.defineProperty(this, 'time', LATE.time)
    Object.defineProperty(this, 'frames', LATE.frames)
    if (scattered) Object.defineProperty(this, 'moreFrames', LATE.moreFrames)
    Object.defineProperty(this, 'connection', LATE.connection)
    this.sender = brief.sender
    this.origin = brief.origin
    this.originConfidence = brief.originConfidence
    this.impact = brief.impact
    this.cause = brief.cause
    this.confidence = brief.confidence
    for (const name of SENTENCES) Object.defineProperty(this, name, LATE[name])
    this.consequenceOf = brief.consequenceOf
    this.incident = brief.incident
  }

  static read<K extends LateName>(reset: LateReset, name: K): Reset[K] {
    const row = reset.#row
    if (name === 'time') return reset.#from.time(row) as Reset[K]
    if (name === 'connection') return reset.#from.connection(row) as Reset[K]
    return reset.#from.whole(row)[name]
  }

  /** Its number among the resets of where it comes from. */
  static row(reset: LateReset): number {
    return reset.#row
  }

  static through(reset: LateReset, way: (from: Whole) => Whole): LateReset {
    return new LateReset(way(reset.#from), reset.#row, reset, 'moreFrames' in reset)
  }
}

const SENTENCES = [
  'alternatives',
  'evidence',
  'cannotTell',
  'symptom',
  'summary',
  'remedies',
  'nextChecks',
  'wiresharkFilter',
] as const

type LateName = (typeof SENTENCES)[number] | 'time' | 'frames' | 'moreFrames' | 'connection'

/** The same descriptors for all: V8 then gives all late resets one hidden class, and their accessors take no memory. */
const LATE = Object.fromEntries(
  [...SENTENCES, 'time', 'frames', 'moreFrames', 'connection'].map(name => [name, late(name as LateName)]),
) as Record<LateName, PropertyDescriptor & ThisType<LateReset>>

function late(name: LateName): PropertyDescriptor & ThisType<LateReset> {
  return {
    enumerable: true,
    configurable: true,
    get() {
      return LateReset.read(this, name)
    },
    // Whoever writes to it has a property like any other.
    set(value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
    },
  }
}

/** A change of words, given for what is cheaper to read alone as well. What is at hand must not change. */
export interface Change {
  whole: (reset: Reset) => Reset
  time: (time: string) => string
  connection: (connection: Reset['connection']) => Reset['connection']
}

/** @returns applies a change: to a late reset's words when they are read, to any other reset at once */
export function changing(change: Change): (reset: Reset) => Reset {
  const ways = new WeakMap<Whole, Whole>()
  const way = (from: Whole): Whole => {
    let changed = ways.get(from)
    if (changed === undefined) ways.set(from, (changed = new Changed(from, change)))
    return changed
  }
  return reset => (reset instanceof LateReset ? LateReset.through(reset, way) : change.whole(reset))
}

class Changed implements Whole {
  private last: { row: number; whole: Reset } | undefined

  constructor(
    private readonly from: Whole,
    private readonly change: Change,
  ) {}

  whole(row: number): Reset {
    if (this.last?.row !== row) this.last = { row, whole: this.change.whole(this.from.whole(row)) }
    return this.last.whole
  }

  time(row: number): string {
    return this.change.time(this.from.time(row))
  }

  connection(row: number): Reset['connection'] {
    return this.change.connection(this.from.connection(row))
  }
}
