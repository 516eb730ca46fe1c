/** IEEE 802.11 data frames; what is encrypted holds no TCP for us. */
import { u16 } from '../bytes.js'
import { FOUND_NONE, FOUND_TCP, type Found, type Walk } from '../walk.js'
import { RST } from '../segment.js'
import { ethernet } from './ethernet.js'
import { llc } from './llc.js'

/** Frame control (2), duration (2), three addresses, sequence control (2). */
const WLAN_HEADER = 24
const ADDRESS_1 = 4
const ADDRESS_2 = 10
const ADDRESS_3 = 16
const ADDRESS_4 = 24
const TYPE_DATA = 2
/** Subtype bits of data frames: no data, QoS. */
const SUBTYPE_NO_DATA = 4
const SUBTYPE_QOS = 8
/** Flags, the second byte of frame control. */
const TO_DS = 0x01
const FROM_DS = 0x02
const TO_AND_FROM_DS = 0x03
const MORE_FRAGMENTS = 0x04
const PROTECTED = 0x40
const ORDER = 0x80
/** QoS control: an aggregate of several service data units (IEEE 802.11 §9.2.4.5). */
const AGGREGATE = 0x80
/** Its second byte: a mesh control field follows (§9.2.4.7.3). */
const MESH = 0x01

export function wlan(walk: Walk, at: number, end: number): Found {
  return wlanFrame(walk, at, end, false, false)
}

/**
 * @param swapped the two bytes of frame control are exchanged, as access points send them to their controllers
 * @param padded the header is padded to a multiple of four bytes (Atheros)
 */
export function wlanFrame(walk: Walk, at: number, end: number, swapped: boolean, padded: boolean): Found {
  const { data } = walk
  if (!walk.readable(at + WLAN_HEADER, end) || !walk.deeper()) return FOUND_NONE
  const control = data[swapped ? at + 1 : at]
  const flags = data[swapped ? at : at + 1]
  const subtype = control >> 4
  // Protocol version 0, data, with a body in the clear.
  if ((control & 15) !== TYPE_DATA << 2 || subtype & SUBTYPE_NO_DATA || flags & PROTECTED) return FOUND_NONE
  // Fragments are not put together; one that comes last and alone passes for a whole frame, as Wireshark has it.
  if (flags & MORE_FRAGMENTS) return FOUND_NONE
  let header = (flags & TO_AND_FROM_DS) === TO_AND_FROM_DS ? WLAN_HEADER + 6 : WLAN_HEADER
  // Some drivers leave out the fourth address: LLC stands right there.
  if (!(subtype & SUBTYPE_QOS) && header > WLAN_HEADER && startsLlc(walk, at + WLAN_HEADER))
    header = WLAN_HEADER
  let aggregate = false
  if (subtype & SUBTYPE_QOS) {
    if (!walk.readable(at + header + 2, end)) return FOUND_NONE
    aggregate = (data[at + header] & AGGREGATE) !== 0
    const mesh = header > WLAN_HEADER && (data[at + header + 1] & MESH) !== 0
    header += flags & ORDER ? 6 : 2
    if (mesh) {
      if (!walk.readable(at + header + 6, end)) return FOUND_NONE
      header += meshBytes(data[at + header])
    }
  }
  setSource(walk, at)
  if (padded) header = (header + 3) & ~3
  return aggregate
    ? serviceUnits(walk, at + header, end)
    : body(walk, at, flags & TO_AND_FROM_DS, at + header, end)
}

/** The begin of nearly every LLC header in 802.11: SNAP, unnumbered information. */
function startsLlc(walk: Walk, at: number): boolean {
  const { data } = walk
  return at + 3 <= walk.captured && data[at] === 0xaa && data[at + 1] === 0xaa && data[at + 2] === 3
}

/** Flags with the number of extended addresses, time to live, sequence number, addresses. */
function meshBytes(flags: number): number {
  return 6 + (flags & 3) * 6
}

function setSource(walk: Walk, at: number): void {
  const { data, segment } = walk
  segment.macHigh = u16(data, at + ADDRESS_2)
  segment.macLow = (u16(data, at + ADDRESS_2 + 2) << 16) | u16(data, at + ADDRESS_2 + 4)
}

/** LLC, with the oddities that drivers and bridges leave in front of it. */
function body(walk: Walk, header: number, direction: number, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  const first = u16(data, at)
  if (first === 0xaaaa) return llc(walk, at, end)
  // A whole Ethernet frame, recognised by an address that the header bears too.
  const destination = header + (direction & TO_DS ? ADDRESS_3 : ADDRESS_1)
  const source = header + (direction & FROM_DS ? (direction & TO_DS ? ADDRESS_4 : ADDRESS_3) : ADDRESS_2)
  if (at + 12 <= walk.captured && (sameAddress(data, at, destination) || sameAddress(data, at + 6, source))) {
    return ethernet(walk, at, end)
  }
  return llc(walk, first === 0 ? at + 2 : at, end)
}

function sameAddress(data: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 6; i++) if (data[a + i] !== data[b + i]) return false
  return true
}

/** A-MSDU (IEEE 802.11 §9.3.2.2): destination, source, length, LLC, padded to four bytes. The first RST, else the first TCP, counts. */
function serviceUnits(walk: Walk, at: number, end: number): Found {
  let firstTcp = -1
  for (let unit = at; unit + 14 <= end && unit + 14 <= walk.captured; ) {
    const bodyEnd = unit + 14 + u16(walk.data, unit + 12)
    const found = llc(walk, unit + 14, bodyEnd < end ? bodyEnd : end)
    if (found === FOUND_TCP && walk.segment.flags & RST) return found
    if (found === FOUND_TCP && firstTcp < 0) firstTcp = unit
    unit += (14 + u16(walk.data, unit + 12) + 3) & ~3
  }
  if (firstTcp < 0) return FOUND_NONE
  const bodyEnd = firstTcp + 14 + u16(walk.data, firstTcp + 12)
  return llc(walk, firstTcp + 14, bodyEnd < end ? bodyEnd : end)
}
