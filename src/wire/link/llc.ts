/** IEEE 802.2 logical link control, and the subnetwork access protocol (RFC 1042). */
import { u16, u24 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { networkLayer } from './nlpid.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { innerEthernet } from './ethernet.js'
import { etherType } from './ethertype.js'
import { fddi, tokenRing } from './rings.js'

const SAP_IP = 0x06
const SAP_SNAP = 0xaa
const SAP_OSI = 0xfe
/** Unnumbered information. */
const CONTROL_UI = 0x03

/** Organizations whose protocol number is an EtherType: RFC 1042, Cisco's bridge tunnels. */
const OUI_ETHERNET = 0x000000
const OUI_CISCO_90 = 0x0000f8
/** RFC 2684 §5: bridged frames. */
const OUI_BRIDGED = 0x0080c2

/** RFC 2684 §5.2 puts two bytes of padding between the protocol number and a bridged frame. */
const BRIDGE_PAD = 2

/** Destination and source access point, control (one byte when unnumbered, else two). */
export function llc(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 3, end) || !walk.deeper()) return FOUND_NONE
  const control = data[at + 2]
  const body = at + ((control & 3) === 3 ? 3 : 4)
  if ((control & 1) !== 0 && control !== CONTROL_UI) return FOUND_NONE
  switch (data[at]) {
    case SAP_SNAP:
      return data[at + 1] === SAP_SNAP ? snap(walk, body, end, BRIDGE_PAD) : FOUND_NONE
    case SAP_IP:
      return ipv4(walk, body, end)
    case SAP_OSI:
      return networkLayer(walk, body, end)
    default:
      return FOUND_NONE
  }
}

/**
 * Organization (3 bytes) and protocol number (2).
 * @param bridgePad bytes between the number and a bridged frame
 */
export function snap(walk: Walk, at: number, end: number, bridgePad: number): Found {
  if (!walk.readable(at + 5, end)) return FOUND_NONE
  const protocol = u16(walk.data, at + 3)
  const body = at + 5
  switch (u24(walk.data, at)) {
    case OUI_ETHERNET:
    case OUI_CISCO_90:
      return etherType(walk, protocol, body, end)
    case OUI_BRIDGED:
      return bridged(walk, protocol, body, end, bridgePad)
    default:
      return FOUND_NONE
  }
}

/** RFC 2684 §5.2: with or without the frame's own check sequence at its end. */
function bridged(walk: Walk, protocol: number, at: number, end: number, pad: number): Found {
  switch (protocol) {
    case 0x0001:
    case 0x0007:
      return innerEthernet(walk, at + pad, end)
    case 0x0003:
    case 0x0009:
      return tokenRing(walk, at + pad, end)
    case 0x0004:
    case 0x000a:
      return fddi(walk, at + 1 + pad, end)
    default:
      return FOUND_NONE
  }
}
