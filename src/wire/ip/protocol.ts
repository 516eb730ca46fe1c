/** What follows an IP header (https://www.iana.org/assignments/protocol-numbers). */
import { icmp4, icmp6 } from '../icmp.js'
import { LAYER_AH, LAYER_IP_IN_IP } from '../layers.js'
import { innerEthernet } from '../link/ethernet.js'
import { networkLayer } from '../link/nlpid.js'
import { mpls } from '../link/mpls.js'
import { tcp } from '../tcp.js'
import { gre } from '../tunnel/gre.js'
import { etherIp } from '../tunnel/small.js'
import { udp, udpLite } from '../udp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ipv4 } from './ipv4.js'
import { extensionHeader, ipv6 } from './ipv6.js'

export const PROTOCOL_TCP = 6
const PROTOCOL_UDP = 17
const PROTOCOL_AH = 51

/** @param at first byte after the IP header */
export function ipProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case PROTOCOL_TCP:
      return tcp(walk, at, end)
    case PROTOCOL_UDP:
      return udp(walk, at, end)
    case 1:
      return icmp4(walk, at, end)
    case 58:
      return icmp6(walk, at, end)
    case 47:
      return gre(walk, at, end)
    case 4:
      return walk.enter(LAYER_IP_IN_IP, -1) ? ipv4(walk, at, end) : FOUND_NONE
    case 41:
      return walk.enter(LAYER_IP_IN_IP, -1) ? ipv6(walk, at, end) : FOUND_NONE
    case PROTOCOL_AH:
      return authenticationHeader(walk, at, end)
    case 136: // UDP-Lite (RFC 3828): the same ports
      return udpLite(walk, at, end)
    case 103:
      return pimRegister(walk, at, end)
    case 80: // OSI
      return networkLayer(walk, at, end)
    case 97:
      return etherIp(walk, at, end)
    case 137: // RFC 4023
      return mpls(walk, at, end)
    case 143: // RFC 8986 §9
      return innerEthernet(walk, at, end)
    default:
      return extensionHeader(walk, protocol, at, end)
  }
}

/** RFC 4302 §2: next header, length in words minus two. */
function authenticationHeader(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 12, end) || !walk.enter(LAYER_AH, -1)) return FOUND_NONE
  return ipProtocol(walk, walk.data[at], at + ((walk.data[at + 1] + 2) << 2), end)
}

/** PIM register (RFC 7761 §4.9.3): version 2 and type 1, eight bytes, then the packet on its way to the rendezvous point. */
function pimRegister(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 8, end) || walk.data[at] !== 0x21 || !walk.enter(LAYER_IP_IN_IP, -1))
    return FOUND_NONE
  return ipv4(walk, at + 8, end)
}
