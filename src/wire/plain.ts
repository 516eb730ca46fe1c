/**
 * Layouts that are less common than Ethernet with IPv4 (see skim.ts) but still are what whole captures consist of: IPv6, one VLAN tag,
 * `-i any`, raw IP. 7 ns a frame of a VLAN here, where the full walk takes 70 (in the cache).
 */
const ETHERNET = 1
const RAW = 101
const RAW_BSD = 12
const SLL = 113
const SLL2 = 276

const TYPE_IPV4 = 0x0800
const TYPE_IPV6 = 0x86dd
const TYPE_VLAN = 0x8100
/** ARPHRD_ number of a device that carries no packets of a network. */
const NETLINK = 824

const IPV4_HEADER = 20
const IPV6_HEADER = 40
const PROTOCOL_TCP = 6
/** More fragments, and the offset. */
const FRAGMENT = 0x3fff
/** Bytes of the TCP header that must be captured, as in tcp.ts. */
const TCP_NEEDED = 16

/**
 * Where the IP header stands of a frame `view[start .. end)` that is TCP over IPv4 without options or fragments, or directly over IPv6, in
 * one of these layouts, with ports, flags and window captured; -1 for every other frame.
 */
export function plainIpAt(view: DataView, start: number, end: number, linkType: number): number {
  switch (linkType) {
    case ETHERNET: {
      if (end - start < 18) return -1
      const type = view.getUint16(start + 12, false)
      return type === TYPE_VLAN
        ? ipAt(view, start + 18, end, view.getUint16(start + 16, false))
        : ipAt(view, start + 14, end, type)
    }
    case SLL:
      if (end - start < 16 || view.getUint16(start + 2, false) === NETLINK) return -1
      return ipAt(view, start + 16, end, view.getUint16(start + 14, false))
    case SLL2:
      if (end - start < 20 || view.getUint16(start + 8, false) === NETLINK) return -1
      return ipAt(view, start + 20, end, view.getUint16(start, false))
    case RAW:
    case RAW_BSD:
      if (end === start) return -1
      return ipAt(view, start, end, view.getUint8(start) >> 4 === 6 ? TYPE_IPV6 : TYPE_IPV4)
    default:
      return -1
  }
}

function ipAt(view: DataView, at: number, end: number, type: number): number {
  if (type === TYPE_IPV4) {
    if (end - at < IPV4_HEADER + TCP_NEEDED || view.getUint8(at) !== 0x45) return -1
    const whole = (view.getUint16(at + 6, false) & FRAGMENT) === 0
    return whole && view.getUint8(at + 9) === PROTOCOL_TCP ? at : -1
  }
  if (type !== TYPE_IPV6 || end - at < IPV6_HEADER + TCP_NEEDED || view.getUint8(at) >> 4 !== 6) return -1
  return view.getUint8(at + 6) === PROTOCOL_TCP ? at : -1
}

/** Where the TCP header stands behind the IP header that `plainIpAt` found. */
export function plainTcpAt(view: DataView, ip: number): number {
  return ip + (view.getUint8(ip) === 0x45 ? IPV4_HEADER : IPV6_HEADER)
}

/** Where the packet ends by its own length; before its TCP header where the field says nothing. */
export function plainEnd(view: DataView, ip: number): number {
  if (view.getUint8(ip) === 0x45) return ip + view.getUint16(ip + 2, false)
  const payload = view.getUint16(ip + 4, false)
  return payload === 0 ? ip : ip + IPV6_HEADER + payload
}

/** Source (`which` 0) or destination (1) as one word, see `addressWord`. */
export function plainAddress(view: DataView, ip: number, which: number): number {
  if (view.getUint8(ip) === 0x45) return view.getInt32(ip + 12 + 4 * which, false)
  const at = ip + 8 + 16 * which
  return addressWord(
    view.getInt32(at, false),
    view.getInt32(at + 4, false),
    view.getInt32(at + 8, false),
    view.getInt32(at + 12, false),
  )
}

/** An address (as in `Segment.source`) as one word: IPv4 as it is, IPv6 mixed. */
export function addressWord(a: number, b: number, c: number, d: number): number {
  if (a === 0 && b === 0 && c === 0xffff) return d
  return Math.imul(Math.imul(Math.imul(a, 0x85ebca6b) ^ b, 0x9e3779b1) ^ c, 0xc2b2ae35) ^ d
}
