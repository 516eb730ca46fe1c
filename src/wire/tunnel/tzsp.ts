/** TaZmen sniffer protocol: frames that an access point or router sends to a collector. */
import { u16 } from '../bytes.js'
import { LAYER_TZSP } from '../layers.js'
import { ethernet } from '../link/ethernet.js'
import { linkLayer } from '../link/link.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

const RECEIVED = 0
const TRANSMIT = 1
const TAG_PADDING = 0
const TAG_END = 1

/** Version, type, encapsulation, then tags (kind, length, value). */
export function tzsp(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 4, end) || (data[at + 1] !== RECEIVED && data[at + 1] !== TRANSMIT))
    return FOUND_NONE
  let tag = at + 4
  while (walk.readable(tag + 1, end) && data[tag] !== TAG_END) {
    if (data[tag] === TAG_PADDING) tag++
    else if (walk.readable(tag + 2, end)) tag += 2 + data[tag + 1]
    else return FOUND_NONE
  }
  if (!walk.readable(tag + 1, end) || !walk.enter(LAYER_TZSP, -1)) return FOUND_NONE
  return inner(walk, u16(data, at + 2), tag + 1, end)
}

function inner(walk: Walk, encapsulation: number, at: number, end: number): Found {
  switch (encapsulation) {
    case 1:
      return ethernet(walk, at, end)
    case 18:
      return linkLayer(walk, 105, at, end)
    case 119:
      return linkLayer(walk, 119, at, end)
    case 127:
      return linkLayer(walk, 163, at, end)
    default:
      return FOUND_NONE
  }
}
