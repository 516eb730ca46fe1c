/** Big-endian reads at an offset the caller has checked. Small enough for V8 to inline everywhere. */

/** Unsigned 16-bit. */
export function u16(data: Uint8Array, at: number): number {
  return (data[at] << 8) | data[at + 1]
}

/** 32 bits as a signed integer (see seq.ts for why). */
export function i32(data: Uint8Array, at: number): number {
  return (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]
}

/** Unsigned 24-bit, as VXLAN and Geneve identifiers are. */
export function u24(data: Uint8Array, at: number): number {
  return (data[at] << 16) | (data[at + 1] << 8) | data[at + 2]
}

/** Unsigned 16-bit, little-endian (radiotap, PPI, PKTAP). */
export function u16le(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8)
}

/** 32 bits as a signed integer, little-endian. */
export function i32le(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24)
}
