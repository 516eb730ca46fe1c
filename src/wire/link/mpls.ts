/** MPLS label stack (RFC 3032 §2.1) and what can be guessed of its payload. */
import { i32, u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { LAYER_MPLS } from '../layers.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { innerEthernet } from './ethernet.js'

/** Label (20 bits), traffic class (3), bottom of stack (1), time to live (8). */
const BOTTOM = 0x100
const GENERIC_CHANNEL = 13
const OAM_ALERT = 14
/** Channel types that hold packets (RFC 4385 §5). */
const CHANNEL_IPV4 = 0x21
const CHANNEL_IPV6 = 0x57
/** Smaller values of the field are lengths. */
const MIN_ETHERTYPE = 0x600

export function mpls(walk: Walk, at: number, end: number): Found {
  for (;;) {
    if (!walk.readable(at + 4, end)) return FOUND_NONE
    const entry = i32(walk.data, at)
    const label = entry >>> 12
    if (!walk.enter(LAYER_MPLS, label)) return FOUND_NONE
    at += 4
    // RFC 5586 §4: a channel header follows this label, wherever it stands; RFC 3429: alerts hold no packet.
    if (label === GENERIC_CHANNEL) return associatedChannel(walk, at, end)
    if (label === OAM_ALERT) return FOUND_NONE
    if (entry & BOTTOM) return payload(walk, at, end)
  }
}

/** RFC 4928 §3: the label stack does not say what follows; the first nibble tells IP from a pseudowire's control word. */
function payload(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 1, end)) return FOUND_NONE
  switch (walk.data[at] >> 4) {
    case 4:
      return ipv4(walk, at, end)
    case 6:
      return ipv6(walk, at, end)
    case 0:
      return pseudowire(walk, at, end)
    case 1:
      return associatedChannel(walk, at, end)
    default:
      return FOUND_NONE
  }
}

/** RFC 4448 §4.6: an Ethernet frame with or without a control word of four bytes in front of it. */
function pseudowire(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 14, end)) return FOUND_NONE
  // Wireshark calls it plain when makers' prefixes are known for both addresses; so does this, but asks for what all such have in common.
  const makers = ((data[at] | data[at + 6]) & 0x03) === 0
  const plain = makers && u16(data, at + 12) >= MIN_ETHERTYPE
  return innerEthernet(walk, plain ? at : at + 4, end)
}

/** RFC 4385 §5: 0001, version, reserved, channel type. */
function associatedChannel(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 4, end)) return FOUND_NONE
  const channel = u16(walk.data, at + 2)
  if (channel === CHANNEL_IPV4) return ipv4(walk, at + 4, end)
  return channel === CHANNEL_IPV6 ? ipv6(walk, at + 4, end) : FOUND_NONE
}
