/**
 * All resets of a capture, measured one by one: what stays of each is its facts, packed. Its packets and everything made of them are let go
 * and made again for the few that are told in full, so that a million resets need a few hundred bytes each.
 */
import type { World } from '../model.js'
import { crossingOf } from './cross.js'
import { FactStore } from './fact-store.js'
import { FACT_NAMES, type FactName, Facts } from './facts.js'
import { CROSS_FACTS, localFacts } from './local.js'
import { type Mark, markOf } from './mark.js'
import { Ends } from './neighbours.js'
import { outlinesOf } from './outlines.js'
import { type Proof, proofOf, type ProofStore } from './proof.js'
import { groupResets, type ResetGroup } from './resets.js'

const LOCAL_FACTS = FACT_NAMES.filter(name => !(CROSS_FACTS as readonly FactName[]).includes(name))

/** What the report needs of a reset besides its facts. */
export interface Outline {
  capture: number
  originConfidence: number
  /** RST frames of it stand in other captures, too. */
  scattered: boolean
}

export class Docket {
  /** Resets are numbered from 0, by time of their first frame. */
  readonly size: number
  private readonly local = new FactStore(LOCAL_FACTS)
  private readonly cross = new FactStore(CROSS_FACTS)
  // By order of appearance: those of one connection are neighbours.
  private readonly connections: number[] = []
  private readonly outlines: Outline[] = []
  private readonly timesNs: number[] = []
  /** Number → order of appearance, and back. */
  private readonly order: Uint32Array
  private readonly numbers: Uint32Array
  private marks: Mark[]

  /**
   * @param proofs keeps what a report tells of each, for reports that tell all of them: measured again that would be half of what a JSON
   * report costs
   */
  constructor(
    private readonly world: World,
    private readonly proofs?: ProofStore,
  ) {
    const { marks, ends } = this.measure()
    this.size = marks.length
    this.order = Uint32Array.from(marks.keys()).sort(
      (a, b) => marks[a].timeNs - marks[b].timeNs || marks[a].frame - marks[b].frame || a - b,
    )
    this.numbers = new Uint32Array(this.size)
    for (const [number, place] of this.order.entries()) this.numbers[place] = number
    this.marks = Array.from(this.order, (place, number) => {
      marks[place].id = idOf(number)
      return marks[place]
    })
    const crossing = crossingOf(world, this.marks, ends)
    for (const mark of this.marks) this.cross.add(crossing(mark))
  }

  /** Only until `close`. */
  mark(number: number): Mark {
    return this.marks[number]
  }

  outline(number: number): Outline {
    return this.outlines[this.order[number]]
  }

  /** Integer nanoseconds on the capture's timebase: its first RST frame. */
  timeNs(number: number): number {
    return this.timesNs[this.order[number]]
  }

  /** Number of its connection in the world. */
  connection(number: number): number {
    return this.connections[this.order[number]]
  }

  facts(number: number): Facts {
    return this.cross.read(number, this.local.read(this.order[number], new Facts()))
  }

  /** One of its facts. */
  fact(number: number, name: FactName): Facts[FactName] {
    return this.local.value(this.order[number], name) ?? this.cross.value(number, name)
  }

  /** What a report tells of it: measured again where that was not kept. */
  proof(number: number): Proof {
    const place = this.order[number]
    if (this.proofs) return this.proofs.read(place)
    const group = this.groups(number)[place - this.first(number)]
    return proofOf(group, localFacts(group).frames())
  }

  /** All resets of its connection: their RSTs, and which numbers they bear. */
  relatives(number: number): { number: number; group: ResetGroup }[] {
    const first = this.first(number)
    return this.groups(number).map((group, i) => ({ number: this.numbers[first + i], group }))
  }

  /** Lets go of what only the judging of all resets needs. */
  close(): void {
    this.marks = []
    this.local.close()
    this.cross.close()
  }

  private measure(): { marks: Mark[]; ends: Ends } {
    const marks: Mark[] = []
    const ends = new Ends()
    for (const { id, reset } of outlinesOf(this.world)) {
      if (!reset) continue
      const connection = this.world.connections.get(id)!
      ends.add(connection)
      for (const group of groupResets(this.world, connection)) {
        const { facts, frames } = localFacts(group)
        this.local.add(facts)
        this.proofs?.add(proofOf(group, frames()))
        marks.push(markOf('', group, facts))
        this.connections.push(connection.id)
        this.timesNs.push(group.view.first.timeNs)
        this.outlines.push(outlineOf(group))
      }
    }
    return { marks, ends }
  }

  private groups(number: number): ResetGroup[] {
    return groupResets(this.world, this.world.connections.get(this.connection(number))!)
  }

  /** The first reset of its connection, by order of appearance. */
  private first(number: number): number {
    let place = this.order[number]
    while (place > 0 && this.connections[place - 1] === this.connections[place]) place--
    return place
  }
}

/** As in the report: r1, r2 … */
export function idOf(number: number): string {
  return `r${number + 1}`
}

const usual = new Map<number, Outline>()

/** Most resets have equal outlines: they are shared. */
function outlineOf({ view: { first, rsts, further }, origin }: ResetGroup): Outline {
  const { capture } = first
  const elsewhere = (r: { capture: number }) => r.capture !== capture
  const scattered = further.some(elsewhere) || rsts.some(r => elsewhere(r) || r.copies.some(elsewhere))
  const { confidence } = origin
  if (scattered || capture > 0) return { capture, originConfidence: confidence, scattered }
  let known = usual.get(confidence)
  if (known === undefined) {
    known = { capture, originConfidence: confidence, scattered }
    if (usual.size < 4096) usual.set(confidence, known)
  }
  return known
}
