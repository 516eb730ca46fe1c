/** Linux cooked captures: `-i any` (https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html, …_SLL2.html). */
import { i32, u16 } from '../bytes.js'
import type { Found, Walk } from '../walk.js'
import { typeOrLength } from './ethertype.js'

/** Version 1: packet type, ARPHRD type, address length, address (8 bytes), protocol. */
const ADDRESS_LENGTH = 4
const ADDRESS = 6
const PROTOCOL = 14
const SLL_HEADER = 16
/** Version 2: protocol, reserved, interface index, ARPHRD type, packet type, address length, address (8 bytes). */
const ADDRESS_LENGTH_2 = 11
const ADDRESS_2 = 12
const SLL2_HEADER = 20

export function cooked(walk: Walk, at: number, end: number): Found {
  const body = at + SLL_HEADER
  if (body > walk.captured) return walk.refuse('frame-cut')
  setMac(walk, u16(walk.data, at + ADDRESS_LENGTH), at + ADDRESS)
  return typeOrLength(walk, u16(walk.data, at + PROTOCOL), body, end)
}

export function cooked2(walk: Walk, at: number, end: number): Found {
  const body = at + SLL2_HEADER
  if (body > walk.captured) return walk.refuse('frame-cut')
  setMac(walk, walk.data[at + ADDRESS_LENGTH_2], at + ADDRESS_2)
  return typeOrLength(walk, u16(walk.data, at), body, end)
}

function setMac(walk: Walk, length: number, at: number): void {
  if (length !== 6) return
  walk.segment.macHigh = u16(walk.data, at)
  walk.segment.macLow = i32(walk.data, at + 2)
}
