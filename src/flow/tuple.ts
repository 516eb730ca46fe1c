/** The 4-tuple of a segment as a key that is the same in both directions: lower end first. */
import type { Segment } from '../wire/segment.js'

/** Four address words of the lower end, four of the higher, both ports in one. */
export const TUPLE_WORDS = 9
/** Four address words and a port. */
export const ENDPOINT_WORDS = 5
export const ADDRESS_WORDS = 4

/**
 * Fills `key` for `KeyTable`.
 * @returns true when the segment's source is the lower end
 */
export function tupleKey(segment: Segment, key: Int32Array): boolean {
  const { source, destination, sourcePort, destinationPort } = segment
  const sourceLow = isLower(source, sourcePort, destination, destinationPort)
  const low = sourceLow ? source : destination
  const high = sourceLow ? destination : source
  key[0] = low[0]
  key[1] = low[1]
  key[2] = low[2]
  key[3] = low[3]
  key[4] = high[0]
  key[5] = high[1]
  key[6] = high[2]
  key[7] = high[3]
  key[8] = sourceLow ? (sourcePort << 16) | destinationPort : (destinationPort << 16) | sourcePort
  return sourceLow
}

function isLower(a: Int32Array, aPort: number, b: Int32Array, bPort: number): boolean {
  // The last word first: the others are constant for IPv4.
  if (a[3] !== b[3]) return a[3] < b[3]
  if (a[2] !== b[2]) return a[2] < b[2]
  if (a[1] !== b[1]) return a[1] < b[1]
  if (a[0] !== b[0]) return a[0] < b[0]
  return aPort <= bPort
}

/** Fills `key` with one end's address and port. */
export function endpointKey(address: Int32Array, port: number, key: Int32Array): void {
  key[0] = address[0]
  key[1] = address[1]
  key[2] = address[2]
  key[3] = address[3]
  key[4] = port
}

/** One end of a tuple key, into an endpoint key. */
export function endOfTuple(tuple: Int32Array, low: boolean, key: Int32Array): void {
  const at = low ? 0 : 4
  for (let i = 0; i < 4; i++) key[i] = tuple[at + i]
  key[4] = low ? tuple[8] >>> 16 : tuple[8] & 0xffff
}
