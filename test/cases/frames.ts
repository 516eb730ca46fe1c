/** Ethernet, IP and the checksums around a TCP segment. */
import { be16, type Bytes, eth, hex, ip4, ip6, withTcpChecksum, zeros } from '../wire/bytes.js'

/** One end as it stands in the headers. */
export interface Party {
  address: string
  /** Which of the two fixed MAC addresses it bears. */
  first: boolean
}

export interface Ip {
  /** IPv6 flow label. */
  flow: number
  ttl: number
  id: number
  dontFragment: boolean
  mac: string | undefined
  ipLength: string | undefined
}

export function frame(from: Party, to: Party, bare: Bytes, ip: Ip, word: (w: string) => boolean): Bytes {
  const source = addressBytes(from.address)
  const destination = addressBytes(to.address)
  const segment = withTcpChecksum(bare, source, destination)
  if (word('badsum')) segment[17] = segment[17] ^ 0x55
  if (word('offload')) segment.splice(16, 2, ...pseudoChecksum(source, destination, segment.length))
  const v6 = source.length === 16
  const packet = v6
    ? ip6(segment, { hopLimit: ip.ttl, flowLabel: ip.flow, source, destination })
    : ip4(segment, {
        ttl: ip.ttl,
        id: ip.id,
        fragment: ip.dontFragment ? 0x4000 : 0,
        source,
        destination,
        ...(ip.ipLength === undefined ? {} : { totalLength: Number(ip.ipLength) }),
      })
  const bytes = eth(packet, v6 ? 0x86dd : 0x0800)
  const macs = [hex('02 00 00 00 00 0a'), hex('02 00 00 00 00 0b')]
  bytes.splice(6, 6, ...(ip.mac === undefined ? macs[from.first ? 0 : 1] : hex(ip.mac.replace(/:/g, ''))))
  bytes.splice(0, 6, ...macs[from.first ? 1 : 0])
  return bytes
}

/** What a driver leaves in the checksum field when the card is to finish it. */
function pseudoChecksum(source: Bytes, destination: Bytes, length: number): Bytes {
  let sum = 6 + length
  for (const half of [source, destination])
    for (let i = 0; i < half.length; i += 2) sum += (half[i] << 8) | half[i + 1]
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return be16(sum)
}

function addressBytes(address: string): Bytes {
  if (!address.includes(':')) return address.split('.').map(Number)
  const [head, tail] = address.split('::')
  const groups = (part: string | undefined) =>
    part ? part.split(':').flatMap(g => be16(parseInt(g, 16))) : []
  const front = groups(head)
  const back = groups(tail)
  return [...front, ...zeros(16 - front.length - back.length), ...back]
}

/** The same frame one or more routers later. */
export function loweredHopLimit(frame: Bytes, by: number): Bytes {
  const copy = frame.slice()
  if (by === 0) return copy
  if (copy[12] === 0x86) copy[21] = copy[21] - by
  else {
    copy[22] = copy[22] - by
    let sum = ((copy[24] << 8) | copy[25]) + (by << 8)
    if (sum > 0xffff) sum = (sum & 0xffff) + 1
    copy[24] = sum >> 8
    copy[25] = sum & 255
  }
  return copy
}
