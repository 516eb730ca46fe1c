/** Tunnels whose header is a handful of bytes. */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { ipProtocol } from '../ip/protocol.js'
import { LAYER_AYIYA, LAYER_ETHERIP, LAYER_MIRROR, LAYER_MOBILE_IP, LAYER_TEREDO } from '../layers.js'
import { ethernet } from '../link/ethernet.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** EtherIP (RFC 3378 §3): version 3 and reserved bits, then a frame. */
export function etherIp(walk: Walk, at: number, end: number): Found {
  return walk.enter(LAYER_ETHERIP, -1) ? ethernet(walk, at + 2, end) : FOUND_NONE
}

/** Teredo (RFC 4380 §5.1.1): optional authentication and origin indications, each beginning with zero, then IPv6. */
export function teredo(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  if (u16(data, at) === 0x0001) {
    if (!walk.readable(at + 4, end)) return FOUND_NONE
    // Lengths of client id and authentication value; nonce and confirmation are nine bytes.
    at += 4 + data[at + 2] + data[at + 3] + 9
  }
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  if (u16(data, at) === 0) at += 8
  return walk.enter(LAYER_TEREDO, -1) ? ipv6(walk, at, end) : FOUND_NONE
}

/** AYIYA (draft-massar-v6ops-ayiya §3): sizes of identity and signature in the high nibbles, next header, time. */
export function ayiya(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 8, end)) return FOUND_NONE
  const body = at + 8 + (1 << (data[at] >> 4)) + (data[at + 1] >> 4) * 4
  // Operation 1: forward the packet.
  if ((data[at + 2] & 15) !== 1 || !walk.enter(LAYER_AYIYA, -1)) return FOUND_NONE
  return ipProtocol(walk, data[at + 3], body, end)
}

/** Mobile IP over UDP (RFC 3519 §3.2): message type 4, next header, reserved. */
export function mobileIp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 4, end) || data[at] !== 4 || !walk.enter(LAYER_MOBILE_IP, -1)) return FOUND_NONE
  return ipv4(walk, at + 4, end)
}

/** Juniper's packet mirror: an intercept id and a session id, then an IP packet. */
export function jmirror(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 9, end) || !walk.enter(LAYER_MIRROR, -1)) return FOUND_NONE
  return ipv4(walk, at + 8, end)
}
