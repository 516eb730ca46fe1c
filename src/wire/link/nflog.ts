/** Linux netfilter log (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): attributes, one of which is the packet. */
import { u16le } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Family, version, resource id. */
const HEADER = 4
const PAYLOAD = 9

export function nflog(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  let attribute = at + HEADER
  let packet = -1
  let packetEnd = -1
  // Attributes are in the byte order of the host, as good as always little-endian; padded to four bytes.
  while (attribute + 4 <= end && attribute + 4 <= walk.captured) {
    const length = u16le(data, attribute)
    if (length < 4 || attribute + length > end) return walk.refuse('header-cut')
    if (u16le(data, attribute + 2) === PAYLOAD) {
      packet = attribute + 4
      packetEnd = attribute + length
    }
    attribute += (length + 3) & ~3
  }
  return packet < 0 ? FOUND_NONE : ipv4(walk, packet, packetEnd)
}
