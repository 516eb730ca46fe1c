/** Names that DNS answers in the capture gave to addresses: somebody's word, bounded, kept in order of appearance. */
import { dnsAddresses } from '../wire/dns.js'
import type { Segment } from '../wire/segment.js'

/** Addresses that get a name, and names told apart per address (a content network serves thousands from one). */
const ADDRESSES = 65_536
const NAMES = 8
/** Characters of all names together: names of their full length (253) to as many addresses would take a hundred megabytes. */
const CHARACTERS = 1 << 23
/** A character takes a byte, and its name and address some more: names take this share of the memory at most. */
const SHARE = 1 / 64

export class NameBook {
  private readonly names = new Map<string, string[]>()
  private room: number
  private readonly add = (name: string, address: string): void => {
    const known = this.names.get(address)
    if (name.length > this.room) return
    if (known === undefined) {
      if (this.names.size === ADDRESSES) return
      this.names.set(address, [name])
    } else if (known.length < NAMES && !known.includes(name)) known.push(name)
    else return
    this.room -= name.length
  }

  /** @param memoryBytes bound of all that is remembered, where there is one */
  constructor(memoryBytes = Number.POSITIVE_INFINITY) {
    this.room = Math.min(CHARACTERS, memoryBytes * SHARE)
  }

  /** @param segment a datagram found to be FOUND_DNS */
  note({ data, payloadStart, payloadEnd }: Segment): void {
    dnsAddresses(data, payloadStart, payloadEnd, this.add)
  }

  nameOf(address: string): string | undefined {
    const names = this.names.get(address)
    return names && words(names)
  }

  /** Address → the first name it was given; further ones are counted: `a.example and 2 more`. */
  list(): Map<string, string> {
    return new Map([...this.names].map(([address, names]) => [address, words(names)]))
  }
}

function words([first, ...others]: string[]): string {
  if (others.length === 0) return first
  return `${first} and ${others.length + 1 < NAMES ? '' : 'at least '}${others.length} more`
}
