/**
 * Hop limits a host's packets bear, by kind and port: what its reset is compared with when its connection has nothing to compare.
 * Eight counted values per host in one cache line each.
 */
import type { HostProfile } from '../model.js'
import { addressText } from '../wire/text.js'
import { AddressTable } from './address-table.js'
import { ADDRESS_WORDS } from './tuple.js'

const MAX_VALUES = 8
const STRIDE = MAX_VALUES * 2

export const HOP_KINDS = [
  'syn',
  'syn-ack',
  'fin',
  'rst-to-syn',
  'rst',
] as const satisfies readonly HostProfile['hopLimits'][number]['kind'][]
export const HOP_SYN = 0
export const HOP_SYN_ACK = 1
export const HOP_FIN = 2
export const HOP_RST_TO_SYN = 3
export const HOP_RST = 4

export class Hosts {
  /** How often a host was needed that had no room. */
  overflow = 0
  private readonly table = new AddressTable()
  private readonly versions: number[] = []
  /** Per host eight pairs: value, kind and port in one word; count, 0 = free. */
  private words = new Int32Array(256 * STRIDE)

  constructor(private readonly most: number) {}

  get bytes(): number {
    return this.table.bytes + this.words.byteLength + this.size * 8
  }

  get size(): number {
    return this.versions.length
  }

  /** Number of a host, which is added when it is new; -1 when there is no room. */
  add(address: Int32Array, ipVersion: number): number {
    if (this.size === this.most) {
      const known = this.table.find(address)
      if (known < 0) this.overflow++
      return known
    }
    const id = this.table.add(address)
    if (!this.table.added) return id
    this.versions.push(ipVersion)
    if (this.size * STRIDE > this.words.length) {
      const grown = new Int32Array(this.words.length * 2)
      grown.set(this.words)
      this.words = grown
    }
    return id
  }

  /** -1 when it is not tracked. */
  find(address: Int32Array): number {
    return this.table.find(address)
  }

  /**
   * @param host number of the host, -1 = not tracked
   * @param kind HOP_*
   * @param port the host's own port where it is the server; 0 where it is the client, whose ports say nothing
   */
  note(host: number, kind: number, value: number, port: number): void {
    if (host < 0) return
    const { words } = this
    const key = (value << 24) | (kind << 16) | port
    const from = host * STRIDE
    const end = from + STRIDE
    let at = from
    while (at < end && words[at + 1] > 0 && words[at] !== key) at += 2
    if (at === end) {
      at = this.makeRoom(from, key)
      if (at < 0) return
    }
    words[at] = key
    words[at + 1]++
  }

  profile(host: number): HostProfile {
    const hopLimits: HostProfile['hopLimits'] = []
    for (let at = host * STRIDE; at < (host + 1) * STRIDE && this.words[at + 1] > 0; at += 2) {
      const key = this.words[at]
      hopLimits.push({
        value: key >>> 24,
        kind: HOP_KINDS[(key >> 16) & 255],
        port: key & 0xffff,
        count: this.words[at + 1],
      })
    }
    return { address: this.address(host), hopLimits }
  }

  address(host: number): string {
    const words = new Int32Array(ADDRESS_WORDS)
    this.table.read(host, words)
    return addressText(words, this.versions[host])
  }

  /**
   * All eight are taken. A value or kind not seen yet is worth more than one more port with a known one: the rarest entry whose value and
   * kind another one has gives way. Otherwise the new one is counted to its equal of another port.
   * @returns the place freed, -1 when it was counted elsewhere or there is none
   */
  private makeRoom(from: number, key: number): number {
    const { words } = this
    let rarest = -1
    for (let at = from; at < from + STRIDE; at += 2) {
      if ((words[at] ^ key) >>> 16 === 0) {
        words[at + 1]++
        return -1
      }
      if (this.hasTwin(from, at) && (rarest < 0 || words[at + 1] < words[rarest + 1])) rarest = at
    }
    if (rarest >= 0) words[rarest + 1] = 0
    return rarest
  }

  /** Another entry has the same value and kind. */
  private hasTwin(from: number, at: number): boolean {
    for (let other = from; other < from + STRIDE; other += 2) {
      if (other !== at && (this.words[other] ^ this.words[at]) >>> 16 === 0) return true
    }
    return false
  }
}
