/** What IPv4 and IPv6 share once a packet turns out to be a fragment. */
import { FOUND_NONE, type Found, type Walk } from '../walk.js'
import { ipProtocol } from './protocol.js'

/**
 * Adds a fragment, all of it captured, and decodes the packet when this completes it.
 * @param at first byte of the fragment's data
 * @param end where it ends by the IP lengths
 * @param id identification as it goes into the key of reassembly
 * @param offset of this fragment in bytes
 * @param protocol what the whole packet holds
 */
export function fragment(
  walk: Walk,
  at: number,
  end: number,
  id: number,
  offset: number,
  more: boolean,
  protocol: number,
): Found {
  walk.notes.add('ip-fragment', walk.frame)
  const whole = walk.fragments.add(walk.segment, id, walk.data, at, end - at, offset, more)
  if (whole === undefined) return FOUND_NONE
  const { data, captured } = walk
  walk.data = whole.bytes
  walk.captured = whole.bytes.length
  const found = ipProtocol(walk, protocol, 0, whole.total)
  walk.data = data
  walk.captured = captured
  return found
}
