/** `--list`: the interfaces there are, with addresses and state. */
import { readdirSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

export interface Interface {
  name: string
  /** up, down, unknown … as the kernel says; null where it cannot be asked. */
  state: string | null
  addresses: string[]
}

/** Interfaces in the kernel's order; `any` last, where the system has it. */
export function listInterfaces(sys = '/sys/class/net'): Interface[] {
  const addresses = networkInterfaces()
  const names = new Set([...byIndex(sys), ...Object.keys(addresses)])
  const list = [...names].map(name => ({
    name,
    state: stateOf(sys, name),
    addresses: (addresses[name] ?? []).map(a => a.cidr ?? a.address),
  }))
  if (process.platform === 'linux') list.push({ name: 'any', state: null, addresses: [] })
  return list
}

function byIndex(sys: string): string[] {
  const names = quietly(() => readdirSync(sys)) ?? []
  const index = (name: string) =>
    Number(quietly(() => readFileSync(`${sys}/${name}/ifindex`, 'utf8')) ?? Infinity)
  // Not every entry is an interface: bonding_masters is a file.
  return names.filter(name => Number.isFinite(index(name))).sort((a, b) => index(a) - index(b))
}

/** The kernel's operstate; interfaces without a carrier of their own (lo, tunnels) say "unknown" and are judged by their flags. */
function stateOf(sys: string, name: string): string | null {
  const state = quietly(() => readFileSync(`${sys}/${name}/operstate`, 'utf8').trim())
  if (state === undefined) return null
  if (state !== 'unknown') return state
  const flags = Number(quietly(() => readFileSync(`${sys}/${name}/flags`, 'utf8')) ?? 0)
  return flags & IFF_UP ? 'up' : 'down'
}

const IFF_UP = 1

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** A line each: name, state, addresses. */
export function interfaceLines(list: Interface[]): string[] {
  const wide = Math.max(...list.map(i => i.name.length))
  return list.map(({ name, state, addresses }) => {
    const about = name === 'any' ? 'all of them at once' : addresses.join('  ')
    return `${name.padEnd(wide)}  ${(state ?? '').padEnd(14)}  ${about}`.trimEnd()
  })
}
