/** Hop limits a host's packets bear, by kind and port: what its reset is compared with when its connection has nothing to compare. */
import type { HostProfile } from '../model.js'
import { addressText } from '../wire/text.js'
import { KeyTable } from './key-table.js'
import { ADDRESS_WORDS } from './tuple.js'

const MAX_HOSTS = 65536
const MAX_VALUES = 8

export type HopKind = HostProfile['hopLimits'][number]['kind']

export class Hosts {
  readonly list: HostProfile[] = []
  private readonly table = new KeyTable(ADDRESS_WORDS)

  /** @param port the host's own port where it is the server; 0 where it is the client, whose ports say nothing */
  note(address: Int32Array, ipVersion: number, kind: HopKind, value: number, port: number): void {
    const full = this.list.length === MAX_HOSTS
    const id = full ? this.table.find(address) : this.table.add(address)
    if (id < 0) return
    if (!full && this.table.added) this.list.push({ address: addressText(address, ipVersion), hopLimits: [] })
    count(this.list[id], kind, value, port)
  }

  find(address: Int32Array): HostProfile | undefined {
    const id = this.table.find(address)
    return id < 0 ? undefined : this.list[id]
  }
}

function count(host: HostProfile, kind: HopKind, value: number, port: number): void {
  const { hopLimits } = host
  for (const entry of hopLimits) {
    if (entry.value === value && entry.kind === kind && entry.port === port) {
      entry.count++
      return
    }
  }
  if (hopLimits.length === MAX_VALUES && !makeRoom(hopLimits, kind, value)) return
  hopLimits.push({ value, kind, port, count: 1 })
}

/**
 * A value or kind not seen yet is worth more than one more port with a known one: the rarest entry whose value and kind another one has
 * gives way. Otherwise the new one is counted to its equal of another port.
 */
function makeRoom(entries: HostProfile['hopLimits'], kind: HopKind, value: number): boolean {
  const equal = entries.find(entry => entry.value === value && entry.kind === kind)
  if (equal) {
    equal.count++
    return false
  }
  let rarest = -1
  for (let i = 0; i < entries.length; i++) {
    const repeated = entries.some((entry, j) => j !== i && entry.value === entries[i].value && entry.kind === entries[i].kind)
    if (repeated && (rarest < 0 || entries[i].count < entries[rarest].count)) rarest = i
  }
  if (rarest < 0) return false
  entries.splice(rarest, 1)
  return true
}
