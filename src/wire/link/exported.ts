/** Packets that Wireshark exported from inside others: tags (kind, length, value), one of which names the protocol. */
import { u16 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ethernet } from './ethernet.js'

const TAG_END = 0
const TAG_PROTOCOL = 12

export function exportedPdu(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  let name = ''
  while (walk.readable(at + 4, end)) {
    const tag = u16(data, at)
    const length = u16(data, at + 2)
    at += 4
    if (tag === TAG_END) return byName(walk, name, at, end)
    if (tag === TAG_PROTOCOL && walk.readable(at + length, end)) name = text(data, at, length)
    at += length
  }
  return FOUND_NONE
}

/** The value is padded with zero bytes. */
function text(data: Uint8Array, at: number, length: number): string {
  let name = ''
  for (let i = 0; i < length && data[at + i] !== 0; i++) name += String.fromCharCode(data[at + i])
  return name
}

function byName(walk: Walk, name: string, at: number, end: number): Found {
  if (name === 'ip' || name === 'ipv6') return ipv4(walk, at, end)
  return name.startsWith('eth_') ? ethernet(walk, at, end) : FOUND_NONE
}
