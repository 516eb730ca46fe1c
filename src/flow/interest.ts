/** Which connections are worth tracing: those with a RST, and a few to compare them with. */
import { addressWord } from '../wire/plain.js'
import type { Segment } from '../wire/segment.js'
import { TupleBits } from '../wire/skim.js'
import { KeyTable } from './key-table.js'
import { ACCEPT_TIMES, type Listeners, MAX_SIBLINGS, type TrackedListener } from './listeners.js'
import { endpointKey, ENDPOINT_WORDS, TUPLE_WORDS } from './tuple.js'

/** Siblings in all where many listeners have resets, and the fewest of one: tracing them must stay cheap beside the resets. */
const ALL_SIBLINGS = 4096
const MIN_SIBLINGS = 4

/** Connections of a reset host's other listeners that are traced, too: they show its distance, its response time and its stack. */
export const NEARBY_CONNECTIONS = 4
const NEARBY_LISTENERS = 256

export class Interest {
  /** 4-tuples with a RST, the first of them; `finish` adds the siblings. */
  readonly tuples = new KeyTable(TUPLE_WORDS)
  /** RSTs of 4-tuples beyond those. */
  rstsBeyond = 0
  /** Both ends of every connection with a RST. */
  private readonly resetEnds = new KeyTable(ENDPOINT_WORDS)
  private readonly end = new Int32Array(ENDPOINT_WORDS)

  /** @param most 4-tuples with a RST that are remembered */
  constructor(
    private readonly listeners: Listeners,
    private readonly most: number,
  ) {}

  /** Memory behind the tables. */
  get bytes(): number {
    return this.tuples.bytes + this.resetEnds.bytes
  }

  noteRst(segment: Segment, tuple: Int32Array): void {
    const { tuples } = this
    if (tuples.size < this.most) tuples.add(tuple)
    else if (tuples.find(tuple) < 0) this.rstsBeyond++
    this.markBothEnds(segment)
  }

  /** Connections compared with the reset ones of each listener: MAX_SIBLINGS, fewer where very many listeners have resets. */
  get siblingsPerListener(): number {
    let listeners = 0
    for (const _ of this.resetListeners()) listeners++
    return Math.max(MIN_SIBLINGS, Math.min(MAX_SIBLINGS, Math.floor(ALL_SIBLINGS / listeners)))
  }

  /** Adds the first connections of every listener with a reset to the interesting ones: call once, after the last segment. */
  finish(): void {
    const count = this.siblingsPerListener
    const add = (tuple: Int32Array): void => void this.tuples.add(tuple)
    for (const listener of this.resetListeners()) listener.eachFirst(count, add)
    for (const listener of this.nearby()) listener.eachFirst(NEARBY_CONNECTIONS, add)
  }

  /** The interesting 4-tuples in the form that picks frames. */
  bits(): TupleBits {
    const { tuples } = this
    const tuple = new Int32Array(TUPLE_WORDS)
    const bits = TupleBits.for(tuples.size)
    for (let id = 0; id < tuples.size; id++) {
      tuples.read(id, tuple)
      const [a, b, c, d, e, f, g, h, ports] = tuple
      bits.add(addressWord(a, b, c, d), addressWord(e, f, g, h), ports >>> 16, ports & 0xffff)
    }
    return bits
  }

  /** Other listeners of hosts that have a listener with resets, in order of appearance, bounded. */
  nearby(): Set<TrackedListener> {
    const reset = new Set(this.resetListeners())
    const hosts = new Set([...reset].map(l => l.address))
    const found = new Set<TrackedListener>()
    for (const listener of this.listeners.list) {
      if (found.size === NEARBY_LISTENERS) break
      const accepts = listener.times[ACCEPT_TIMES].entries.length > 0
      if (accepts && hosts.has(listener.address) && !reset.has(listener)) found.add(listener)
    }
    return found
  }

  /** Listeners that are an end of a connection with a RST. */
  private *resetListeners(): Generator<TrackedListener> {
    for (let id = 0; id < this.resetEnds.size; id++) {
      this.resetEnds.read(id, this.end)
      const listener = this.listeners.find(this.end)
      if (listener) yield listener
    }
  }

  /** Which end is the listener is decided when tracing, from other segments: either may be. */
  private markBothEnds(segment: Segment): void {
    if (this.resetEnds.size >= this.most * 2) return
    endpointKey(segment.source, segment.sourcePort, this.end)
    this.resetEnds.add(this.end)
    endpointKey(segment.destination, segment.destinationPort, this.end)
    this.resetEnds.add(this.end)
  }
}
