/** Names that DNS answers in the capture gave to addresses: somebody's word, bounded, kept in order of appearance. */
import { dnsAddresses } from '../wire/dns.js'
import type { Segment } from '../wire/segment.js'

/** Addresses that get a name, and names told apart per address (a content network serves thousands from one). */
const ADDRESSES = 65_536
const NAMES = 8

export class NameBook {
  private readonly names = new Map<string, string[]>()
  private readonly add = (name: string, address: string): void => {
    const known = this.names.get(address)
    if (known === undefined) {
      if (this.names.size < ADDRESSES) this.names.set(address, [name])
    } else if (known.length < NAMES && !known.includes(name)) known.push(name)
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
