/** Extensible record format of Endace capture cards. */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet } from './ethernet.js'
import { pppHdlc } from './ppp.js'

/** Time stamp (8), type, flags, record length, lost records, length on the wire. */
const TYPE = 8
const WIRE_LENGTH = 14
const HEADER = 16
/** In the type, and in each extension of eight bytes: another one follows. */
const MORE = 0x80

export function erf(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end) || !walk.deeper()) return FOUND_NONE
  let body = at + HEADER
  let more = data[at + TYPE] & MORE
  while (more) {
    if (!walk.readable(body + 8, end)) return FOUND_NONE
    more = data[body] & MORE
    body += 8
  }
  const wireEnd = body + u16(data, at + WIRE_LENGTH)
  return payload(walk, data[at + TYPE] & 0x7f, body, wireEnd < end ? wireEnd : end)
}

function payload(walk: Walk, type: number, at: number, end: number): Found {
  switch (type) {
    case 2: // Ethernet, plain and with colours: an offset byte and padding first
    case 11:
    case 16:
    case 20:
      return ethernet(walk, at + 2, end)
    case 1: // HDLC over SONET, plain and with colours
    case 10:
    case 15:
    case 17:
      return pppHdlc(walk, at, end)
    case 22:
      return ipv4(walk, at, end)
    case 23:
      return ipv6(walk, at, end)
    default:
      return FOUND_NONE
  }
}
