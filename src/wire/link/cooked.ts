/** Linux cooked captures: `-i any` (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html, …_SLL2.html). */
import { i32, u16 } from '../bytes.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet } from './ethernet.js'
import { etherType } from './ethertype.js'
import { frameRelay } from './frame-relay.js'
import { llc } from './llc.js'
import { pppFramed } from './ppp.js'
import { radiotap } from './wlan-prefix.js'

/** Version 1: packet type, ARPHRD type, address length, address (8 bytes), protocol. */
const HARDWARE = 2
const ADDRESS_LENGTH = 4
const ADDRESS = 6
const PROTOCOL = 14
const SLL_HEADER = 16
/** Version 2: protocol, reserved, interface index, ARPHRD type, packet type, address length, address (8 bytes). */
const HARDWARE_2 = 8
const ADDRESS_LENGTH_2 = 11
const ADDRESS_2 = 12
const SLL2_HEADER = 20

/** ARPHRD_ numbers of devices whose protocol field means something else. */
const FRAME_RELAY = 770
const WLAN_RADIOTAP = 803
const NETLINK = 824

export function cooked(walk: Walk, at: number, end: number): Found {
  const body = at + SLL_HEADER
  const { data } = walk
  if (!walk.readable(body, end)) return FOUND_NONE
  setMac(walk, u16(data, at + ADDRESS_LENGTH), at + ADDRESS)
  return byHardware(walk, u16(data, at + HARDWARE), u16(data, at + PROTOCOL), body, end)
}

export function cooked2(walk: Walk, at: number, end: number): Found {
  const body = at + SLL2_HEADER
  const { data } = walk
  if (!walk.readable(body, end)) return FOUND_NONE
  setMac(walk, data[at + ADDRESS_LENGTH_2], at + ADDRESS_2)
  return byHardware(walk, u16(data, at + HARDWARE_2), u16(data, at), body, end)
}

function setMac(walk: Walk, length: number, at: number): void {
  if (length !== 6) return
  walk.segment.macHigh = u16(walk.data, at)
  walk.segment.macLow = i32(walk.data, at + 2)
}

function byHardware(walk: Walk, hardware: number, protocol: number, at: number, end: number): Found {
  if (hardware === NETLINK) return FOUND_NONE
  // The last length of IEEE 802.3; what lies above is an EtherType whatever the device.
  if (protocol > 1500) return etherType(walk, protocol, at, end)
  switch (hardware) {
    case FRAME_RELAY:
      return frameRelay(walk, at, end)
    case WLAN_RADIOTAP:
      return radiotap(walk, at, end)
    default:
      return byProtocol(walk, protocol, at, end)
  }
}

/** Linux's own small numbers (linux/if_ether.h ETH_P_*). */
function byProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case 0x0003: // ETH_P_ALL
      return ethernet(walk, at, end)
    case 0x0004: // ETH_P_802_2
      return llc(walk, at, end)
    case 0x0007: // ETH_P_WAN_PPP
      return pppFramed(walk, at, end)
    default:
      return FOUND_NONE
  }
}
