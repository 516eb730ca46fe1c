/** Source addresses and what they attempted, at most MAX_SOURCES of them: breadth and failure make a scan. */
import { addressText } from '../wire/text.js'
import { KeyTable } from './key-table.js'
import { TimeList } from './time-list.js'
import { ADDRESS_WORDS, ENDPOINT_WORDS } from './tuple.js'

const MAX_SOURCES = 65536
/** Distinct hosts, ports and listeners counted per source: beyond it nothing new is learned. */
const MAX_DISTINCT = 4096
/** Distinct (source, host), (source, port) and (source, listener) remembered over all sources. */
const MAX_PAIRS = 1 << 20

export class TrackedSource {
  syns = 0
  hosts = 0
  ports = 0
  listeners = 0
  /** Those of `listeners` that accepted it at least once. */
  accepting = 0
  firstTimeNs = 0
  lastTimeNs = 0
  readonly accepts = new TimeList<{ timeNs: number; address: string; port: number }>()

  constructor(readonly address: string) {}
}

export class Sources {
  readonly list: TrackedSource[] = []
  private readonly table = new KeyTable(ADDRESS_WORDS)
  private readonly hosts = new KeyTable(ADDRESS_WORDS + 1)
  private readonly ports = new KeyTable(2)
  private readonly pairs = new KeyTable(ENDPOINT_WORDS + 1)
  private readonly pairAccepted: boolean[] = []
  private readonly key = new Int32Array(ENDPOINT_WORDS + 1)

  /** Number of a source, which is added when it is new; -1 when there is no room. `address` may be longer than an address. */
  add(address: Int32Array, ipVersion: number): number {
    if (this.list.length === MAX_SOURCES) return this.table.find(address)
    const id = this.table.add(address)
    if (this.table.added)
      this.list.push(new TrackedSource(addressText(address.slice(0, ADDRESS_WORDS), ipVersion)))
    return id
  }

  /**
   * Counts a SYN to a listener.
   * @param id number of the source
   * @returns number of this (source, listener) pair, -1 when it is not remembered
   */
  attempt(id: number, host: Int32Array, port: number, timeNs: number): number {
    const source = this.list[id]
    if (source.syns++ === 0) source.firstTimeNs = timeNs
    source.lastTimeNs = timeNs
    const { key } = this
    key[0] = id
    key[1] = port
    if (isNew(this.ports, key, source.ports)) source.ports++
    for (let i = 0; i < 4; i++) key[i + 1] = host[i]
    if (isNew(this.hosts, key, source.hosts)) source.hosts++
    key[5] = port
    if (isNew(this.pairs, key, source.listeners)) source.listeners++
    return this.pairs.find(key)
  }

  /** A SYN-ACK to this source. */
  accepted(id: number, pair: number, timeNs: number, address: string, port: number): void {
    const source = this.list[id]
    source.accepts.push({ timeNs, address, port })
    if (pair < 0 || this.pairAccepted[pair]) return
    this.pairAccepted[pair] = true
    source.accepting++
  }
}

function isNew(table: KeyTable, key: Int32Array, counted: number): boolean {
  if (counted >= MAX_DISTINCT || table.size >= MAX_PAIRS) return false
  table.add(key)
  return table.added
}
