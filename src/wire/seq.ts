/** Sequence-number arithmetic modulo 2^32 (RFC 9293 §3.4). Numbers are kept as signed 32-bit integers, which V8 stores unboxed. */

/** The number as written on the wire, 0 .. 2^32-1. */
export function unsigned(a: number): number {
  return a >>> 0
}
