/** What a report tells of a reset besides its facts and its connection: enough to put it into words without its packets. */
import type { OriginSign } from '../origin.js'
import { FrameList, type FrameRef } from './frame-list.js'
import { FACT_NAMES, type FactName, type FactSheet } from './facts.js'
import type { ResetGroup } from './resets.js'

/** One observation for or against a device on the path. */
export interface Told {
  statement: string
  forDevice: boolean
  frames: number[]
}

export interface Proof {
  /** Which frames show which fact. */
  frames: FactSheet['frames']
  /** Its RST frames, copies included; the one that its time is that of first. */
  own: FrameRef[]
  /** Those beyond the connection's memory. */
  further: FrameList
  /** What spoke for and against a device, the strongest first; what is too weak to be worth a word is left out. */
  signs: Told[]
  /** Packets of its sender and of its peer came before it, RSTs not counted. */
  heard: { sender: boolean; peer: boolean }
}

/** Log-odds below which a sign is not told. */
const WORTH_TELLING = 1

export function proofOf({ view, origin }: ResetGroup, frames: FactSheet['frames']): Proof {
  const own: FrameRef[] = []
  for (const rst of view.rsts) own.push(rst, ...rst.copies)
  return {
    frames,
    own,
    further: view.further,
    signs: origin.signs.filter(worthTelling).sort(strongestFirst).map(told),
    heard: { sender: view.sender.records.length > 0, peer: view.peer.records.length > 0 },
  }
}

function worthTelling({ weight }: OriginSign): boolean {
  return Math.abs(weight) >= WORTH_TELLING
}

function strongestFirst(a: OriginSign, b: OriginSign): number {
  return Math.abs(b.weight) - Math.abs(a.weight)
}

function told({ statement, weight, frames }: OriginSign): Told {
  return { statement, forDevice: weight > 0, frames }
}

const PLACES = new Map(FACT_NAMES.map((name, place) => [name, place]))

/** Sentences that are kept once for all resets that share them; most others name a time of their own. */
const SHARED = 4096

/** Proofs of very many resets, packed into one list of numbers: about 300 bytes each, and nothing for the garbage collector to follow. */
export class ProofStore {
  /** Proofs held. */
  size = 0
  private words = new Uint32Array(4096)
  private used = 0
  /** Where each proof begins. */
  private starts = new Float64Array(256)
  private readonly statements: string[] = []
  private readonly places = new Map<string, number>()
  private at = 0

  add({ frames, own, further, signs, heard }: Proof): void {
    if (this.size === this.starts.length) this.starts = doubled(this.starts, new Float64Array(this.size * 2))
    this.starts[this.size++] = this.used
    this.put((heard.sender ? 1 : 0) | (heard.peer ? 2 : 0))
    this.put(own.length)
    this.put(further.length)
    for (const list of [own, further]) {
      for (const { frame, capture } of list) {
        this.put(frame)
        this.put(capture)
      }
    }
    this.put(signs.length)
    for (const { statement, forDevice, frames: shown } of signs) {
      this.put(this.place(statement) * 2 + (forDevice ? 1 : 0))
      this.putList(shown)
    }
    // By what there is: asking for each of 150 names took six times as long.
    for (const [name, shown] of Object.entries(frames)) {
      if (shown === undefined || shown.length === 0) continue
      this.put(PLACES.get(name as FactName)! + 1)
      this.putList(shown)
    }
    this.put(0)
  }

  /** @param row in the order in which they were added, from 0 */
  read(row: number): Proof {
    this.at = this.starts[row]
    const flags = this.get()
    const ownLength = this.get()
    const furtherLength = this.get()
    const own = Array.from({ length: ownLength }, () => ({ frame: this.get(), capture: this.get() }))
    const further = new FrameList()
    while (further.length < furtherLength) further.push({ frame: this.get(), capture: this.get() })
    const signs = Array.from({ length: this.get() }, () => {
      const word = this.get()
      return { statement: this.statements[word >>> 1], forDevice: (word & 1) === 1, frames: this.getList() }
    })
    const frames: Proof['frames'] = {}
    for (let i = this.get(); i > 0; i = this.get()) frames[FACT_NAMES[i - 1]] = this.getList()
    return { frames, own, further, signs, heard: { sender: (flags & 1) === 1, peer: (flags & 2) === 2 } }
  }

  /** Memory of the proofs held, sentences not counted. */
  get bytes(): number {
    return this.used * 4 + this.size * 8
  }

  private place(statement: string): number {
    let place = this.places.get(statement)
    if (place === undefined) {
      place = this.statements.push(statement) - 1
      if (this.places.size < SHARED) this.places.set(statement, place)
    }
    return place
  }

  private put(word: number): void {
    if (this.used === this.words.length) this.words = doubled(this.words, new Uint32Array(this.used * 2))
    this.words[this.used++] = word
  }

  private putList(list: readonly number[]): void {
    this.put(list.length)
    for (const item of list) this.put(item)
  }

  private get(): number {
    return this.words[this.at++]
  }

  private getList(): number[] {
    const list: number[] = []
    for (let left = this.get(); left > 0; left--) list.push(this.get())
    return list
  }
}

function doubled<T extends Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}
