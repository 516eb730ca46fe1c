/** --host, --port, --net as a predicate on decoded segments: they look inside tunnels because segments are the innermost. */
import ipaddr from 'ipaddr.js'
import type { Segment } from './wire/segment.js'

export interface FilterOptions {
  hosts?: string[]
  ports?: number[]
  nets?: string[]
}

interface Net {
  words: Int32Array
  bits: number
}

/** @returns undefined when nothing is to be filtered; a segment passes when each kind of condition holds for one of its ends */
export function segmentFilter({
  hosts = [],
  ports = [],
  nets = [],
}: FilterOptions): ((s: Segment) => boolean) | undefined {
  if (hosts.length + ports.length + nets.length === 0) return undefined
  const networks = [...hosts.map(h => netOf(h)), ...nets.map(n => netOf(n))]
  const wanted = new Set(ports)
  return s =>
    (networks.length === 0 || networks.some(n => inside(s.source, n) || inside(s.destination, n))) &&
    (wanted.size === 0 || wanted.has(s.sourcePort) || wanted.has(s.destinationPort))
}

/** Address or CIDR as words and prefix length; IPv4 as ::ffff:a.b.c.d, the form segments hold. */
function netOf(text: string): Net {
  const [address, prefix] = text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), undefined]
  const v6 =
    address.kind() === 'ipv4' ? (address as ipaddr.IPv4).toIPv4MappedAddress() : (address as ipaddr.IPv6)
  const bits = prefix === undefined ? 128 : address.kind() === 'ipv4' ? prefix + 96 : prefix
  const bytes = v6.toByteArray()
  const words = new Int32Array(4)
  for (let i = 0; i < 4; i++)
    words[i] = (bytes[i * 4] << 24) | (bytes[i * 4 + 1] << 16) | (bytes[i * 4 + 2] << 8) | bytes[i * 4 + 3]
  return { words, bits }
}

function inside(address: Int32Array, { words, bits }: Net): boolean {
  for (let i = 0; i < 4; i++) {
    const left = bits - i * 32
    if (left <= 0) return true
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left)
    if (((address[i] ^ words[i]) & mask) !== 0) return false
  }
  return true
}
