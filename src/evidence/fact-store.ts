/**
 * Facts of very many resets, packed: a tag per fact and eight bytes for what is no flag, word or small count. A reset takes about 300 bytes
 * where its object takes 1,600, and the garbage collector has nothing to follow: a million resets wait for what others tell of them.
 */
import { FACT_NAMES, type FactName, Facts } from './facts.js'

const UNDEFINED = 0
const FALSE = 1
const TRUE = 2
/** The value is the next number of the row; for WORD a place among the words. */
const NUMBER = 3
const WORD = 4
/** Whole numbers from 0 on stand in the tag itself. */
const SMALL = 8
const SMALLEST_BEYOND = 256 - SMALL

export class FactStore {
  /** Rows held. */
  size = 0
  private tags: Uint8Array
  private numbers = new Float64Array(1024)
  private used = 0
  /** Where each row's numbers begin. */
  private starts = new Uint32Array(256)
  private readonly words: string[] = []
  private readonly places = new Map<string, number>()

  /** Column of each fact in order of declaration, -1 where it is not kept. */
  private readonly columns: number[]

  /** @param names the facts that are kept, in order of declaration */
  constructor(private readonly names: readonly FactName[]) {
    this.columns = FACT_NAMES.map(name => names.indexOf(name))
    this.tags = new Uint8Array(256 * names.length)
  }

  /** @returns the number of the new row */
  add(facts: Partial<Facts>): number {
    const { names, columns } = this
    this.makeRoom()
    this.starts[this.size] = this.used
    const at = this.size * names.length
    if (facts instanceof Facts) {
      // Values looked up by 150 computed names took five times as long as walking through the object.
      let place = 0
      for (const name in facts) {
        const column = columns[place++]
        if (column >= 0) this.tags[at + column] = this.put(facts[name as FactName])
      }
    } else for (let i = 0; i < names.length; i++) this.tags[at + i] = this.put(facts[names[i]])
    return this.size++
  }

  /** Writes what the row knows into `facts` and leaves all others alone: what it does not know must not be known there. */
  read(row: number, facts: Facts): Facts {
    const { names, tags } = this
    const into = facts as unknown as Record<FactName, Value>
    const at = row * names.length
    let next = this.starts[row]
    for (let i = 0; i < names.length; i++) {
      const tag = tags[at + i]
      if (tag === UNDEFINED) continue
      if (tag === NUMBER || tag === WORD) into[names[i]] = this.get(tag, next++)
      else into[names[i]] = plain(tag)
    }
    return facts
  }

  /** One fact of a row; undefined also when this store does not keep it. */
  value(row: number, name: FactName): Value {
    const { names, tags } = this
    const index = names.indexOf(name)
    if (index < 0) return undefined
    const at = row * names.length
    const tag = tags[at + index]
    if (tag !== NUMBER && tag !== WORD) return plain(tag)
    let next = this.starts[row]
    for (let i = at; i < at + index; i++) if (tags[i] === NUMBER || tags[i] === WORD) next++
    return this.get(tag, next)
  }

  /** Memory of the rows held. */
  get bytes(): number {
    return this.size * (this.names.length + 4) + this.used * 8
  }

  /** No row will be added: gives back the room kept for more. */
  close(): void {
    this.tags = this.tags.slice(0, this.size * this.names.length)
    this.numbers = this.numbers.slice(0, this.used)
    this.starts = this.starts.slice(0, this.size)
    this.places.clear()
  }

  private put(value: Value): number {
    if (value === undefined) return UNDEFINED
    if (typeof value === 'boolean') return value ? TRUE : FALSE
    if (typeof value === 'string') {
      let place = this.places.get(value)
      if (place === undefined) {
        place = this.words.push(value) - 1
        this.places.set(value, place)
      }
      this.numbers[this.used++] = place
      return WORD
    }
    if (value >= 0 && value < SMALLEST_BEYOND && Number.isInteger(value) && !Object.is(value, -0))
      return SMALL + value
    this.numbers[this.used++] = value
    return NUMBER
  }

  private get(tag: number, at: number): number | string {
    return tag === WORD ? this.words[this.numbers[at]] : this.numbers[at]
  }

  private makeRoom(): void {
    const { names } = this
    if (this.size === this.starts.length) {
      this.starts = grown(this.starts, new Uint32Array(this.size * 2))
      this.tags = grown(this.tags, new Uint8Array(this.size * 2 * names.length))
    }
    if (this.used + names.length > this.numbers.length)
      this.numbers = grown(this.numbers, new Float64Array(this.numbers.length * 2))
  }
}

type Value = Facts[FactName]

function plain(tag: number): Value {
  if (tag === UNDEFINED) return undefined
  return tag >= SMALL ? tag - SMALL : tag === TRUE
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}
