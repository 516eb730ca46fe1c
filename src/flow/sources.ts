/**
 * Source addresses and what they attempted, a bounded number of them: breadth and failure make a scan. Everything lies in columns:
 * objects per source and per accepted connection would be followed by the garbage collector again and again.
 */
import type { SourceTimeline } from '../model.js'
import { addressText } from '../wire/text.js'
import { AcceptLists } from './accept-lists.js'
import { grown } from './columns.js'
import { AddressTable } from './address-table.js'
import { SourcePairs } from './source-pairs.js'

const STRIDE = 4
const SYNS = 0
/** Distinct listeners that accepted it at least once. */
const ACCEPTING = 1
const IP_VERSION = 2

export class Sources {
  /** How often a source was needed that had no room. */
  overflow = 0
  private readonly table = new AddressTable()
  private words = new Int32Array(256 * STRIDE)
  /** Of the first and the last SYN. */
  private times = new Float64Array(256 * 2)
  private readonly pairs: SourcePairs
  private readonly accepts: AcceptLists
  /** Number of the source by its number among the hosts, -1 = none yet: saves a look-up. */
  private byHost = new Int32Array(0)

  /** @param most sources, `pairs` of what they tried, `accepts` noted over all of them */
  constructor(
    private readonly most: number,
    pairs: number,
    accepts: number,
  ) {
    this.pairs = new SourcePairs(pairs)
    this.accepts = new AcceptLists(accepts)
  }

  get bytes(): number {
    const { table, words, times, byHost, pairs, accepts } = this
    return table.bytes + words.byteLength + times.byteLength + byHost.byteLength + pairs.bytes + accepts.bytes
  }

  get size(): number {
    return this.table.size
  }

  /**
   * Number of a source, which is added when it is new; -1 when there is no room.
   * @param host its number among the hosts, -1 when it has none
   * @param address may be longer than an address
   */
  add(host: number, address: Int32Array, ipVersion: number): number {
    if (host >= this.byHost.length) this.byHost = grown(this.byHost, host + 1, -1)
    if (host >= 0 && this.byHost[host] >= 0) return this.byHost[host]
    if (this.size === this.most) {
      const known = this.table.find(address)
      if (known < 0) this.overflow++
      return known
    }
    const id = this.table.add(address)
    if (host >= 0) this.byHost[host] = id
    if (!this.table.added) return id
    if (this.size * STRIDE > this.words.length) {
      this.words = grown(this.words, this.words.length * 2, 0)
      const times = new Float64Array(this.times.length * 2)
      times.set(this.times)
      this.times = times
    }
    this.words[id * STRIDE + IP_VERSION] = ipVersion
    return id
  }

  /** Number of the source that is this host, -1 where it has none or is not known by that. */
  ofHost(host: number): number {
    return host >= 0 && host < this.byHost.length ? this.byHost[host] : -1
  }

  /** Number of a source, -1 when it is not tracked. */
  find(address: Int32Array): number {
    return this.table.find(address)
  }

  /**
   * Counts a SYN to a listener.
   * @param id number of the source
   * @param host number of the destination among the hosts, `listener` among the listeners; -1 = not tracked
   * @param end the destination: address and port
   * @returns number of this (source, listener) pair, -1 when it is not remembered
   */
  attempt(id: number, host: number, listener: number, end: Int32Array, timeNs: number): number {
    const at = id * STRIDE
    if (this.words[at + SYNS]++ === 0) this.times[id * 2] = timeNs
    this.times[id * 2 + 1] = timeNs
    return this.pairs.note(id, host, listener, end)
  }

  /** A SYN-ACK to this source. */
  accepted(id: number, pair: number, timeNs: number, listener: number): void {
    this.accepts.push(id, timeNs, listener)
    if (pair >= 0 && this.pairs.markAccepted(pair)) this.words[id * STRIDE + ACCEPTING]++
  }

  /** @param endpointOf address and port of a listener by its number */
  timeline(
    address: Int32Array,
    endpointOf: (listener: number) => { address: string; port: number },
  ): SourceTimeline | undefined {
    const id = this.table.find(address)
    if (id < 0) return undefined
    const at = id * STRIDE
    const { hosts, ports, listeners, unknown } = this.pairs.countsOf(id)
    return {
      address: addressText(address, this.words[at + IP_VERSION]),
      syns: this.words[at + SYNS],
      hosts,
      ports,
      listeners,
      refused: listeners - this.words[at + ACCEPTING] - unknown,
      firstTimeNs: this.times[id * 2],
      lastTimeNs: this.times[id * 2 + 1],
      accepts: this.accepts.of(id).map(({ timeNs, listener }) => {
        const { address, port } = endpointOf(listener)
        return { timeNs, address, port }
      }),
      thinned: this.accepts.isThinned(id),
    }
  }
}
