/**
 * Which listeners, hosts and ports each source has tried. Nearly all sources try a few: their pairs are a chain that is walked, one
 * cache line each instead of a look-up in each of three tables. A source of more goes on in tables.
 */
import { grown } from './columns.js'
import { KeyTable } from './key-table.js'
import { ENDPOINT_WORDS } from './tuple.js'

/** Distinct hosts, ports and listeners counted per source: beyond it nothing new is learned. */
const MAX_DISTINCT = 4096
/** Longest chain. */
const MAX_CHAIN = 8

/**
 * Of each source: distinct hosts, ports and listeners, the first pair of its chain (0 = none, else its number + 1, -1 = in tables), and how
 * many of the listeners have no number: nobody notes whether they accepted.
 */
const SOURCE = 5
const HOSTS = 0
const PORTS = 1
const LISTENERS = 2
const CHAIN = 3
const FAR = 4
const IN_TABLES = -1

/** Of each pair: listener and host by number, port and ACCEPTED, the next pair as in CHAIN. */
const PAIR = 4
const HOST = 1
const PORT = 2
const NEXT = 3
const ACCEPTED = 1 << 16

export interface Counts {
  hosts: number
  ports: number
  listeners: number
  /** Those of the listeners of which it is not known whether they accepted. */
  unknown: number
}

export class SourcePairs {
  private sources = new Int32Array(256 * SOURCE)
  private pairs = new Int32Array(1024 * PAIR)
  private used = 0
  /** Entries of all tables and pairs. */
  private entries = 0
  // By number of the source and: port; number of the host; number of the listener; address; address and port.
  private readonly ports = new KeyTable(2)
  private readonly hosts = new KeyTable(2)
  private readonly listeners = new KeyTable(2)
  private readonly farHosts = new KeyTable(ENDPOINT_WORDS)
  private readonly farListeners = new KeyTable(ENDPOINT_WORDS + 1)
  /** Pair by id in `listeners`. */
  private readonly pairOf: number[] = []
  private readonly key = new Int32Array(2)
  private readonly farKey = new Int32Array(ENDPOINT_WORDS + 1)

  /** @param most distinct (source, host), (source, port) and (source, listener) remembered over all sources */
  constructor(private readonly most: number) {}

  get bytes(): number {
    const { ports, hosts, listeners, farHosts, farListeners } = this
    const tables = [ports, hosts, listeners, farHosts, farListeners].reduce((sum, t) => sum + t.bytes, 0)
    return this.sources.byteLength + this.pairs.byteLength + this.pairOf.length * 8 + tables
  }

  /**
   * A source tries a listener.
   * @param host number of the host, `listener` of the listener, -1 where there are too many to be numbered
   * @param end address and port
   * @returns number of the pair, -1 when it is not remembered
   */
  note(source: number, host: number, listener: number, end: Int32Array): number {
    const at = source * SOURCE
    if (at + SOURCE > this.sources.length) this.sources = grown(this.sources, at + SOURCE, 0)
    const { sources, pairs } = this
    if (sources[at + CHAIN] === IN_TABLES) return this.noteInTables(source, host, listener, end)
    const port = end[4]
    let newHost = 1
    let newPort = 1
    let length = 0
    for (let next = sources[at + CHAIN]; next > 0; length++) {
      const pair = (next - 1) * PAIR
      if (pairs[pair] === listener && listener >= 0) return next - 1
      if (pairs[pair + HOST] === host) newHost = 0
      if ((pairs[pair + PORT] & 0xffff) === port) newPort = 0
      next = pairs[pair + NEXT]
    }
    if (length === MAX_CHAIN || listener < 0 || host < 0) {
      this.moveToTables(source)
      return this.noteInTables(source, host, listener, end)
    }
    const pair = this.take(listener, host, port, sources[at + CHAIN])
    if (pair < 0) return -1
    sources[at + CHAIN] = pair + 1
    sources[at + HOSTS] += newHost
    sources[at + PORTS] += newPort
    sources[at + LISTENERS]++
    return pair
  }

  /** @returns whether it is the pair's first time */
  markAccepted(pair: number): boolean {
    const at = pair * PAIR + PORT
    if (this.pairs[at] & ACCEPTED) return false
    this.pairs[at] |= ACCEPTED
    return true
  }

  countsOf(source: number): Counts {
    const at = source * SOURCE
    const { sources } = this
    if (at >= sources.length) return { hosts: 0, ports: 0, listeners: 0, unknown: 0 }
    return {
      hosts: sources[at + HOSTS],
      ports: sources[at + PORTS],
      listeners: sources[at + LISTENERS],
      unknown: sources[at + FAR],
    }
  }

  private take(listener: number, host: number, port: number, next: number): number {
    if (this.entries >= this.most) return -1
    this.entries++
    const at = this.used * PAIR
    if (at + PAIR > this.pairs.length) this.pairs = grown(this.pairs, at + PAIR, 0)
    const { pairs } = this
    pairs[at] = listener
    pairs[at + HOST] = host
    pairs[at + PORT] = port
    pairs[at + NEXT] = next
    return this.used++
  }

  private moveToTables(source: number): void {
    const { sources, pairs, key } = this
    const at = source * SOURCE + CHAIN
    key[0] = source
    for (let next = sources[at]; next > 0; next = pairs[(next - 1) * PAIR + NEXT]) {
      const pair = (next - 1) * PAIR
      key[1] = pairs[pair + PORT] & 0xffff
      this.ports.add(key)
      key[1] = pairs[pair + HOST]
      this.hosts.add(key)
      this.entries += 2
      key[1] = pairs[pair]
      this.pairOf[this.listeners.add(key)] = next - 1
    }
    sources[at] = IN_TABLES
  }

  private noteInTables(source: number, host: number, listener: number, end: Int32Array): number {
    const { sources, key, farKey } = this
    const at = source * SOURCE
    key[0] = source
    farKey[0] = source
    for (let i = 0; i < ENDPOINT_WORDS; i++) farKey[i + 1] = end[i]
    key[1] = end[4]
    if (this.isNew(this.ports, key, sources[at + PORTS])) sources[at + PORTS]++
    key[1] = host
    if (
      host < 0
        ? this.isNew(this.farHosts, farKey, sources[at + HOSTS])
        : this.isNew(this.hosts, key, sources[at + HOSTS])
    )
      sources[at + HOSTS]++
    if (listener < 0) {
      if (this.isNew(this.farListeners, farKey, sources[at + LISTENERS])) {
        sources[at + LISTENERS]++
        sources[at + FAR]++
      }
      return -1
    }
    key[1] = listener
    const known = this.listeners.find(key)
    if (known >= 0) return this.pairOf[known]
    if (sources[at + LISTENERS] >= MAX_DISTINCT) return -1
    const pair = this.take(listener, host, end[4], 0)
    if (pair < 0) return -1
    this.pairOf[this.listeners.add(key)] = pair
    sources[at + LISTENERS]++
    return pair
  }

  private isNew(table: KeyTable, key: Int32Array, counted: number): boolean {
    if (counted >= MAX_DISTINCT) return false
    if (this.entries >= this.most) return false
    table.add(key)
    if (table.added) this.entries++
    return table.added
  }
}
