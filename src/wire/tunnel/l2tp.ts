/** L2TP version 2 (RFC 2661 §3.1) over UDP. */
import { u16 } from '../bytes.js'
import { LAYER_L2TP } from '../layers.js'
import { pppFramed } from '../link/ppp.js'
import { FOUND_NONE, type Found, type Walk } from '../walk.js'

const CONTROL = 0x8000
const LENGTH = 0x4000
const SEQUENCE = 0x0800
const OFFSET = 0x0200
const VERSION = 0x000f

export function l2tp(walk: Walk, at: number, limit: number): Found {
  const { data } = walk
  if (!walk.readable(at + 6, limit)) return FOUND_NONE
  const flags = u16(data, at)
  if (flags & CONTROL || (flags & VERSION) !== 2) return FOUND_NONE
  let body = at + 2
  let end = limit
  if (flags & LENGTH) {
    end = Math.min(limit, at + u16(data, body))
    body += 2
  }
  if (!walk.readable(body + 4, end)) return FOUND_NONE
  const session = u16(data, body + 2)
  body += 4
  if (flags & SEQUENCE) body += 4
  if (flags & OFFSET) {
    if (!walk.readable(body + 2, end)) return FOUND_NONE
    body += 2 + u16(data, body)
  }
  return walk.enter(LAYER_L2TP, session) ? pppFramed(walk, body, end) : FOUND_NONE
}
