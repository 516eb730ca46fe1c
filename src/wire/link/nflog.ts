/** Linux netfilter log (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): attributes, one of which is the packet. */
import { u16le } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

/** Family, version, resource id. */
const HEADER = 4
const FAMILY_IPV4 = 2
const FAMILY_IPV6 = 10
const PAYLOAD = 9

export function nflog(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + HEADER, end)) return FOUND_NONE
  const family = data[at]
  let attribute = at + HEADER
  // Attributes are in the byte order of the host, as good as always little-endian; padded to four bytes.
  while (attribute + 4 <= end && attribute + 4 <= walk.captured) {
    const length = u16le(data, attribute)
    if (length < 4) return FOUND_NONE
    if (u16le(data, attribute + 2) === PAYLOAD) return payload(walk, family, attribute + 4, attribute + length)
    attribute += (length + 3) & ~3
  }
  return FOUND_NONE
}

function payload(walk: Walk, family: number, at: number, end: number): Found {
  if (family === FAMILY_IPV4) return ipv4(walk, at, end)
  return family === FAMILY_IPV6 ? ipv6(walk, at, end) : FOUND_NONE
}
