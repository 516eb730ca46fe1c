/** What capture programs put in front of 802.11 frames: radiotap, PPI, Prism, AVS. */
import { i32, i32le, u16le } from '../bytes.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { linkLayer } from './link.js'
import { wlan, wlanFrame } from './wlan.js'

/** Radiotap (https://www.radiotap.org): version, pad, length, then words of presence bits, then fields. */
const PRESENT = 4
const HAS_TSFT = 1
const HAS_FLAGS = 2
const MORE_WORDS = 0x80000000 | 0
/** The frame ends with its check sequence; the header is padded to four bytes. */
const FLAG_FCS = 0x10
const FLAG_PADDED = 0x20
const FCS = 4
const PRISM_HEADER = 144

export function radiotap(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 8, end)) return FOUND_NONE
  const body = at + u16le(data, at + 2)
  if (!walk.readable(body, end)) return FOUND_NONE
  const flags = radiotapFlags(walk, at, body)
  return wlanFrame(walk, body, flags & FLAG_FCS ? end - FCS : end, false, (flags & FLAG_PADDED) !== 0)
}

function radiotapFlags(walk: Walk, at: number, headerEnd: number): number {
  const { data } = walk
  const present = i32le(data, at + PRESENT)
  if (!(present & HAS_FLAGS)) return 0
  let field = at + PRESENT
  while (field + 4 <= headerEnd && i32le(data, field) & MORE_WORDS) field += 4
  field += 4
  // The time stamp, when there, is aligned to eight bytes from the start of the header.
  if (present & HAS_TSFT) field = at + ((field - at + 7) & ~7) + 8
  return field < headerEnd ? data[field] : 0
}

/** Per-packet information: version, flags, length, link type, then fields. */
export function ppi(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 8, end) || !walk.deeper()) return FOUND_NONE
  const linkType = i32le(walk.data, at + 4)
  return linkLayer(walk, linkType, at + u16le(walk.data, at + 2), end)
}

/** Prism monitoring header: message code and length in the writer's byte order, device name, items; always 144 bytes. */
export function prism(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 8, end)) return FOUND_NONE
  switch (i32(walk.data, at) >>> 0) {
    // AVS headers, versions 1 and 2, come under the same link type.
    case 0x80211001:
    case 0x80211002:
      return avs(walk, at, end)
    case 0x00000041:
    case 0x00000044:
    case 0x41000000:
    case 0x44000000:
      return wlan(walk, at + PRISM_HEADER, end)
    default:
      return FOUND_NONE
  }
}

/** AVS capture header: version, length (big-endian). */
export function avs(walk: Walk, at: number, end: number): Found {
  if (!walk.readable(at + 8, end)) return FOUND_NONE
  const length = i32(walk.data, at + 4)
  return length < 8 || length > 0xffff ? FOUND_NONE : wlan(walk, at + length, end)
}
