/**
 * Who is called what in a redacted report: one alias per host, card and name, handed out in order of appearance. Addresses become valid
 * ones of ranges set aside for tests and documents, so that filters and programs go on working:
 *
 * IPv4   clients 198.18.0.N, servers 198.19.0.N, all others 198.18.128.N (RFC 2544); 240.0.0.0/4 when those are used up
 * IPv6   clients 2001:db8:c::N, servers 2001:db8:5::N, all others 2001:db8:0::N (RFC 3849)
 * MAC    02:a1:1a:50:00:00 + N, groups 03:… (locally administered)
 * names  host-N.example (RFC 2606)
 *
 * No alias depends on what it stands for: neighbours, networks and makers do not show.
 */
import ipaddr from 'ipaddr.js'
import type { Analysis } from '../model.js'
import { addressText } from '../wire/text.js'

type Role = 'client' | 'server' | 'other'

/** First address of each range less one, and how many it holds. */
const IPV4: Record<Role, { base: number; room: number }> = {
  client: { base: 0xc6120000, room: 0x7ffe },
  server: { base: 0xc6130000, room: 0xfffe },
  other: { base: 0xc6128000, room: 0x7ffe },
}
const IPV4_OVERFLOW = 0xf0000000
const IPV6_SECOND_WORD: Record<Role, number> = { client: 0x000c0000, server: 0x00050000, other: 0 }
const IPV6_FIRST_WORD = 0x20010db8

const GROUP_BIT = 0x010000000000
const MAC_BASE = 0x02a11a500000
const BROADCAST = 0xffffffffffff

export class Aliases {
  /** IPv4 address → alias, unsigned. */
  private readonly v4 = new Map<number, number>()
  /** The four words of an IPv6 address, joined → alias. */
  private readonly v6 = new Map<string, Int32Array>()
  private readonly macs = new Map<number, number>()
  private readonly names = new Map<string, string>()
  private macsBefore = 0
  private namesBefore = 0
  private readonly used = { client: 0, server: 0, other: 0, overflow: 0 }
  private readonly used6 = { client: 0, server: 0, other: 0 }
  /** IPv6 aliases in use, and all originals: none of them is handed out. */
  private readonly taken6 = new Set<string>()
  private readonly avoid = new Set<number>()
  /** Aliases that were asked for as text → role of their hosts. */
  private readonly seen = new Map<string, Role>()

  /** Addresses that must never serve as an alias, because the report itself names them. */
  avoidAddresses(addresses: Iterable<string>): void {
    for (const text of addresses) {
      const words = wordsOf(text)
      if (words?.length === 1) this.avoid.add(words[0] >>> 0)
      else if (words) this.taken6.add(words.join())
    }
  }

  /** @returns the alias of an IPv4 address, both as 32 bits (the sign does not matter); 0.0.0.0 and 255.255.255.255 stand for nobody */
  ipv4(address: number, role: Role = 'other'): number {
    const original = address >>> 0
    if (original === 0 || original === 0xffffffff) return original
    let alias = this.v4.get(original)
    if (alias === undefined) {
      do alias = this.next4(role)
      while (this.avoid.has(alias) || this.v4.has(alias) || alias === original)
      this.v4.set(original, alias)
    }
    return alias
  }

  /** @returns four words, not to be changed */
  ipv6(a: number, b: number, c: number, d: number, role: Role = 'other'): Int32Array {
    const key = `${a | 0},${b | 0},${c | 0},${d | 0}`
    const known = this.v6.get(key)
    if (known) return known
    let alias = new Int32Array(4)
    if ((a | b | c | d) !== 0) {
      do alias = Int32Array.of(IPV6_FIRST_WORD, IPV6_SECOND_WORD[role], 0, ++this.used6[role])
      while (this.taken6.has(alias.join()) || this.v6.has(alias.join()))
    }
    this.v6.set(key, alias)
    return alias
  }

  /** @param mac 48-bit integer; negative (no address), zero and broadcast stay */
  mac(mac: number): number {
    if (mac <= 0 || mac === BROADCAST) return mac
    let alias = this.macs.get(mac)
    if (alias === undefined) {
      const group = Math.floor(mac / GROUP_BIT) % 2 === 1 ? GROUP_BIT : 0
      alias = MAC_BASE + group + this.macsBefore + this.macs.size + 1
      this.macs.set(mac, alias)
    }
    return alias
  }

  /** Address text → its alias, in the usual notation; undefined for what is no address. */
  address(text: string, role: Role = 'other'): string | undefined {
    const words = wordsOf(text)
    if (!words) return undefined
    const alias =
      words.length === 1
        ? addressText(Int32Array.of(0, 0, 0xffff, this.ipv4(words[0], role)), 4)
        : addressText(this.ipv6(words[0], words[1], words[2], words[3], role), 6)
    if (!this.seen.has(alias)) this.seen.set(alias, role)
    return alias
  }

  /** A host name, in any case → its alias. */
  name(name: string): string {
    const key = name.toLowerCase()
    let alias = this.names.get(key)
    if (alias === undefined) {
      alias = `host-${this.namesBefore + this.names.size + 1}.example`
      this.names.set(key, alias)
    }
    return alias
  }

  /** Originals that have an alias. */
  get size(): number {
    return this.v4.size + this.v6.size + this.macs.size + this.names.size
  }

  /** Forgets who is called what; no alias is handed out a second time. */
  forget(): void {
    this.macsBefore += this.macs.size
    this.namesBefore += this.names.size
    for (const map of [this.v4, this.v6, this.macs, this.names, this.seen]) map.clear()
  }

  /** Alias → what a person would call it: client-1, server-2, host-3. In order of appearance. */
  roles(): Map<string, string> {
    const counts = { client: 0, server: 0, other: 0 }
    const name = ([alias, role]: [string, Role]): [string, string] => [
      alias,
      `${role === 'other' ? 'host' : role}-${++counts[role]}`,
    ]
    return new Map([...this.seen].map(name))
  }

  private next4(role: Role): number {
    if (this.used[role] < IPV4[role].room) return (IPV4[role].base + ++this.used[role]) >>> 0
    return (IPV4_OVERFLOW + ++this.used.overflow) >>> 0
  }
}

/** Aliases for a report: its clients and servers are numbered in the order in which they were reset. */
export function aliasesFor({ report }: Analysis): Aliases {
  const aliases = new Aliases()
  aliases.avoidAddresses(addressesIn(report))
  for (const { connection } of report.resets) {
    aliases.address(connection.server.address, 'server')
    aliases.address(connection.client.address, 'client')
  }
  for (const listener of report.listeners) aliases.address(listener.address, 'server')
  return aliases
}

/** One after the other: a list of two for each of a million resets is held for nothing. */
function* addressesIn({ resets, listeners }: Analysis['report']): Generator<string> {
  for (const { connection } of resets) {
    yield connection.client.address
    yield connection.server.address
  }
  for (const { address } of listeners) yield address
}

/** One word for IPv4, four for IPv6, whose zone (`%eth0`) is ignored. */
function wordsOf(text: string): number[] | undefined {
  const address = text.replace(/%.*$/s, '')
  if (ipaddr.IPv4.isValidFourPartDecimal(address))
    return [wordAt(ipaddr.IPv4.parse(address).toByteArray(), 0)]
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return undefined
  const bytes = ipaddr.IPv6.parse(address).toByteArray()
  return [0, 4, 8, 12].map(at => wordAt(bytes, at))
}

function wordAt(bytes: number[], at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]
}
