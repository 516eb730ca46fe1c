/** UDP header (RFC 768): tunnels by port, DNS answers, or a payload that is nothing to us. */
import { u16 } from './bytes.js'
import { llc } from './link/llc.js'
import { mpls } from './link/mpls.js'
import { isTaken } from './ports.js'
import { capwapData } from './tunnel/capwap.js'
import { gre } from './tunnel/gre.js'
import { gtp } from './tunnel/gtp.js'
import { l2tp } from './tunnel/l2tp.js'
import { geneve, lisp, vxlan, vxlanGpe } from './tunnel/overlay.js'
import { sflow } from './tunnel/sflow.js'
import { ayiya, jmirror, mobileIp, teredo } from './tunnel/small.js'
import { tzsp } from './tunnel/tzsp.js'
import { FOUND_DNS, FOUND_NONE, FOUND_UDP, type Found, type Walk } from './walk.js'

const HEADER = 8

export function udp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  const length = u16(data, at + 4)
  if (length < HEADER) return walk.refuse('header-cut')
  return datagram(walk, at, at + length < end ? at + length : end)
}

/** UDP-Lite (RFC 3828 §3.1): the length field says how much the checksum covers. */
export function udpLite(walk: Walk, at: number, end: number): Found {
  return walk.readable(at + HEADER, end) ? datagram(walk, at, end) : FOUND_NONE
}

function datagram(walk: Walk, at: number, bodyEnd: number): Found {
  const { data, segment } = walk
  const sourcePort = u16(data, at)
  const destinationPort = u16(data, at + 2)
  segment.sourcePort = sourcePort
  segment.destinationPort = destinationPort
  segment.data = data
  segment.payloadStart = at + HEADER
  segment.payloadEnd = bodyEnd < walk.captured ? bodyEnd : walk.captured
  segment.payloadBytes = bodyEnd - at - HEADER
  const low = sourcePort < destinationPort ? sourcePort : destinationPort
  const high = sourcePort < destinationPort ? destinationPort : sourcePort
  const found = byPort(walk, low, at + HEADER, bodyEnd)
  if (found !== FOUND_NONE) return found
  const other = high === low || isTaken(low) ? FOUND_NONE : byPort(walk, high, at + HEADER, bodyEnd)
  if (other !== FOUND_NONE) return other
  return sourcePort === 53 || sourcePort === 5353 || sourcePort === 5355 ? FOUND_DNS : FOUND_UDP
}

/** Tunnels by their registered port. */
function byPort(walk: Walk, port: number, at: number, end: number): Found {
  switch (port) {
    case 434:
      return mobileIp(walk, at, end)
    case 1701:
      return l2tp(walk, at, end)
    case 2123:
    case 2152:
    case 3386:
      return gtp(walk, at, end)
    case 3544:
      return teredo(walk, at, end)
    case 4341:
      return lisp(walk, at, end)
    case 4754: // RFC 8086
      return gre(walk, at, end)
    case 4789:
      return vxlan(walk, at, end)
    case 4790:
      return vxlanGpe(walk, at, end)
    case 5072:
      return ayiya(walk, at, end)
    case 5247:
      return capwapData(walk, at, end)
    case 6081:
      return geneve(walk, at, end)
    case 6343:
      return sflow(walk, at, end)
    case 6635: // RFC 7510
      return mpls(walk, at, end)
    case 12000: // SNA over UDP
    case 12001:
    case 12002:
    case 12003:
      return llc(walk, at, end)
    case 30030:
      return jmirror(walk, at, end)
    case 37008:
      return tzsp(walk, at, end)
    default:
      return FOUND_NONE
  }
}
