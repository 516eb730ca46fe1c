/** Sequence-number arithmetic modulo 2^32 (RFC 9293 §3.4). Numbers are kept as signed 32-bit integers, which V8 stores unboxed. */

/** Distance from b to a, -2^31 .. 2^31-1: positive when a lies after b. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0
}

export function seqAdd(a: number, bytes: number): number {
  return (a + bytes) | 0
}

/** The number as written on the wire, 0 .. 2^32-1. */
export function unsigned(a: number): number {
  return a >>> 0
}
