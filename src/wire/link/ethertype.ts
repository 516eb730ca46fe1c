/** What follows an EtherType (https://www.iana.org/assignments/ieee-802-numbers). */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { LAYER_PPPOE, LAYER_VLAN } from '../layers.js'
import { nsh } from '../tunnel/nsh.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { innerEthernet } from './ethernet.js'
import {
  batman,
  ciscoMetadata,
  etag,
  fabricPath,
  frer,
  hsr,
  macsec,
  providerBackbone,
  trill,
  vnTag,
} from './fabric.js'
import { llc } from './llc.js'
import { mpls } from './mpls.js'
import { ppp } from './ppp.js'

export const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
/** IEEE 802.3 §3.2.6: a value up to 1500 is a length, from 1536 on a type. */
const MAX_LENGTH = 1500
const MIN_TYPE = 1536

/** The field after the addresses or a VLAN tag: a length (LLC follows) or an EtherType. `at` = first byte after it. */
export function typeOrLength(walk: Walk, type: number, at: number, end: number): Found {
  if (type >= MIN_TYPE) return etherType(walk, type, at, end)
  if (type > MAX_LENGTH) return FOUND_NONE
  // The length leaves out padding; zero is no length (a switch-internal type).
  return type === 0 ? FOUND_NONE : llc(walk, at, at + type < end ? at + type : end)
}

/** @param at first byte after the type */
export function etherType(walk: Walk, type: number, at: number, end: number): Found {
  switch (type) {
    case ETHERTYPE_IPV4:
      return ipv4(walk, at, end)
    case ETHERTYPE_IPV6:
      return ipv6(walk, at, end)
    case 0x8100: // IEEE 802.1Q
    case 0x88a8: // IEEE 802.1ad service tag
    case 0x9100: // the same before it had a number
      return vlan(walk, at, end)
    case 0x8847: // RFC 5332: downstream-assigned labels (unicast)
    case 0x8848: // upstream-assigned labels (multicast)
      return mpls(walk, at, end)
    case 0x8864:
      return pppoeSession(walk, at, end)
    case 0x8870: // jumbo frames: LLC behind a type instead of a length
      return llc(walk, at, end)
    case 0x6558: // transparent Ethernet bridging (RFC 1701)
      return innerEthernet(walk, at, end)
    default:
      return rareEtherType(walk, type, at, end)
  }
}

function rareEtherType(walk: Walk, type: number, at: number, end: number): Found {
  switch (type) {
    case 0x88e7:
      return providerBackbone(walk, at, end)
    case 0x894f:
      return nsh(walk, at, end)
    case 0x88e5:
      return macsec(walk, at, end)
    case 0x8909:
      return ciscoMetadata(walk, at, end)
    case 0x8903:
      return fabricPath(walk, at, end)
    case 0x8926:
      return vnTag(walk, at, end)
    case 0x893f:
      return etag(walk, at, end)
    case 0x892f:
      return hsr(walk, at, end)
    case 0xf1c1:
      return frer(walk, at, end)
    case 0x22f3:
      return trill(walk, at, end)
    case 0x4305:
      return batman(walk, at, end)
    default:
      return FOUND_NONE
  }
}

/** IEEE 802.1Q tag: priority, VLAN id, then a type or length. */
function vlan(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end) || !walk.enter(LAYER_VLAN, u16(walk.data, at) & 0xfff)) return FOUND_NONE
  return typeOrLength(walk, u16(walk.data, at + 2), at + 4, end)
}

/** PPPoE session stage (RFC 2516 §4): version and type, code, session id, length, then PPP without address and control. */
function pppoeSession(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 6, end) || !walk.enter(LAYER_PPPOE, u16(walk.data, at + 2))) return FOUND_NONE
  const bodyEnd = at + 6 + u16(walk.data, at + 4)
  return ppp(walk, at + 6, bodyEnd < end ? bodyEnd : end)
}
