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
const TYPE_DATA = 2
/** Subtype bits of data frames: no data, QoS. */
const SUBTYPE_NO_DATA = 4
const SUBTYPE_QOS = 8
/** Flags, the second byte of frame control. */
const TO_AND_FROM_DS = 0x03
const MORE_FRAGMENTS = 0x04
const PROTECTED = 0x40
const ORDER = 0x80
/** QoS control: an aggregate of several service data units (IEEE 802.11 §9.2.4.5). */
const AGGREGATE = 0x80

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
  if (flags & MORE_FRAGMENTS || data[at + 22] & 15) return FOUND_NONE
  let header = (flags & TO_AND_FROM_DS) === TO_AND_FROM_DS ? WLAN_HEADER + 6 : WLAN_HEADER
  let aggregate = false
  if (subtype & SUBTYPE_QOS) {
    if (!walk.readable(at + header + 2, end)) return FOUND_NONE
    aggregate = (data[at + header] & AGGREGATE) !== 0
    header += flags & ORDER ? 6 : 2
  }
  setSource(walk, at)
  if (padded) header = (header + 3) & ~3
  return aggregate ? serviceUnits(walk, at + header, end) : body(walk, at, at + header, end)
}

function setSource(walk: Walk, at: number): void {
  const { data, segment } = walk
  segment.macHigh = u16(data, at + ADDRESS_2)
  segment.macLow = (u16(data, at + ADDRESS_2 + 2) << 16) | u16(data, at + ADDRESS_2 + 4)
}

/** LLC, with the oddities that drivers and bridges leave in front of it. */
function body(walk: Walk, header: number, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 2, end)) return FOUND_NONE
  const first = u16(data, at)
  if (first === 0) return llc(walk, at + 2, end)
  // A whole Ethernet frame, recognised by an address that the header bears too.
  if (first !== 0xaaaa && (first === u16(data, header + ADDRESS_1) || first === u16(data, header + ADDRESS_2))) {
    return ethernet(walk, at, end)
  }
  return llc(walk, at, end)
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
