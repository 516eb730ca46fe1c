/** Names for addresses, from three sources: what the user says goes before the capture's name blocks, and these before its DNS answers. */
import type { Endpoint, Incident, Listener, NamedAddress, Side } from './model.js'

type Source = NamedAddress['from']

/** Address, as reports write it → name and who gave it. */
export type NameTable = ReadonlyMap<string, NamedAddress>

/** @param sources in order of trust */
export function nameTable(sources: [Source, ReadonlyMap<string, string> | undefined][]): NameTable {
  const table = new Map<string, NamedAddress>()
  for (const [from, names] of sources) {
    for (const [address, name] of names ?? []) {
      if (!table.has(address)) table.set(address, { address, name, from })
    }
  }
  return table
}

/** The names of the addresses that resets, listeners and incidents bear, in their order. */
export function namesUsed(
  table: NameTable,
  {
    resets,
    listeners,
    incidents,
  }: { resets: { connection: Record<Side, Endpoint> }[]; listeners: Listener[]; incidents: Incident[] },
): NamedAddress[] {
  if (table.size === 0) return []
  const used = new Set<string>()
  for (const { connection } of resets) used.add(connection.client.address).add(connection.server.address)
  for (const { address } of listeners) used.add(address)
  for (const { source } of incidents) if (source !== null) used.add(source)
  return [...used].flatMap(address => table.get(address) ?? [])
}

/** Address → name, as the reports for people show it. */
export function plainNames(table: NameTable): Map<string, string> {
  return new Map([...table].map(([address, { name }]) => [address, name]))
}
