/**
 * Small builders for capture files, so that a test can write exactly the bytes it is about.
 * Every length field can be overridden, because most tests here are about lengths that lie.
 */

export interface RecordSpec {
  sec?: number
  /** Microseconds or nanoseconds, as the magic says. */
  frac?: number
  data: Uint8Array
  /** Overrides for the record header. */
  caplen?: number
  origlen?: number
}

export interface PcapSpec {
  magic?: number
  big?: boolean
  major?: number
  minor?: number
  snaplen?: number
  network?: number
  /** Bytes between the 24-byte file header and the first record (IXIA: 4). */
  extraHeader?: number
  /** Bytes of each record header beyond the standard 16. */
  extraRecordHeader?: Uint8Array
  records: RecordSpec[]
}

export const MAGIC_MICRO = 0xa1b2c3d4
export const MAGIC_NANO = 0xa1b23c4d
export const MAGIC_MODIFIED = 0xa1b2cd34
export const MAGIC_IXIA_HARDWARE = 0x1c0001ac
export const MAGIC_IXIA_SOFTWARE = 0x1c0001ab

export const u32 = (value: number, big = false): Uint8Array => {
  const b = new Uint8Array(4)
  new DataView(b.buffer).setUint32(0, value >>> 0, !big)
  return b
}

export const u16 = (value: number, big = false): Uint8Array => {
  const b = new Uint8Array(2)
  new DataView(b.buffer).setUint16(0, value, !big)
  return b
}

export const u64 = (value: bigint, big = false): Uint8Array => {
  const b = new Uint8Array(8)
  new DataView(b.buffer).setBigInt64(0, BigInt.asIntN(64, value), !big)
  return b
}

export const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const text = (s: string): Uint8Array => new Uint8Array(Buffer.from(s))

const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4)

/** An Ethernet/IPv4/TCP frame with `payload` bytes; `id` tells frames apart, `flags` 0x04 makes it a RST. */
export function tcpFrame(id: number, flags = 0x10, payload = 0): Uint8Array {
  const frame = new Uint8Array(54 + payload).fill(0x61)
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0])
  frame.set(u16(40 + payload, true), 16)
  frame.set([id >> 8, id & 255, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80], 18)
  frame.set([0, 0, id >> 8, id & 255, 0, 0, 0, 1, 0x50, flags, 2, 0, 0, 0, 0, 0], 38)
  return frame
}

export function pcap(spec: PcapSpec): Uint8Array {
  const { magic = MAGIC_MICRO, big = false, major = 2, minor = 4, snaplen = 262144, network = 1 } = spec
  const parts = [u32(magic, big), u16(major, big), u16(minor, big), u32(0), u32(0), u32(snaplen, big)]
  parts.push(u32(network, big), new Uint8Array(spec.extraHeader ?? 0))
  for (const r of spec.records) {
    const { sec = 1_700_000_000, frac = 0, data, caplen = data.length, origlen = data.length } = r
    parts.push(u32(sec, big), u32(frac, big), u32(caplen, big), u32(origlen, big))
    parts.push(spec.extraRecordHeader ?? new Uint8Array(0), data)
  }
  return concat(...parts)
}

// ── pcapng ──

export interface BlockOverrides {
  big?: boolean
  /** Block total length at the front. */
  length?: number
  /** Block total length at the back. */
  trailer?: number
}

export function block(type: number, body: Uint8Array, o: BlockOverrides = {}): Uint8Array {
  const pad = padding(body.length)
  const total = 12 + body.length + pad.length
  const { big = false, length = total, trailer = length } = o
  return concat(u32(type, big), u32(length, big), body, pad, u32(trailer, big))
}

export function option(code: number, value: Uint8Array, big = false): Uint8Array {
  return concat(u16(code, big), u16(value.length, big), value, padding(value.length))
}

export const endOfOptions = new Uint8Array(4)

export function shb(
  o: BlockOverrides & { major?: number; minor?: number; sectionLength?: bigint } = {},
): Uint8Array {
  const { big = false, major = 1, minor = 0, sectionLength = -1n } = o
  return block(
    0x0a0d0d0a,
    concat(u32(0x1a2b3c4d, big), u16(major, big), u16(minor, big), u64(sectionLength, big)),
    o,
  )
}

export interface InterfaceSpec extends BlockOverrides {
  linkType?: number
  snaplen?: number
  /** if_tsresol byte: 6 = µs, 9 = ns, 0x80 | n = 2^-n. */
  tsresol?: number
  /** if_tsoffset, seconds. */
  tsoffset?: bigint
  fcslen?: number
  options?: Uint8Array
}

export function idb(o: InterfaceSpec = {}): Uint8Array {
  const { big = false, linkType = 1, snaplen = 262144 } = o
  const options: Uint8Array[] = []
  if (o.tsresol !== undefined) options.push(option(9, Uint8Array.of(o.tsresol), big))
  if (o.fcslen !== undefined) options.push(option(13, Uint8Array.of(o.fcslen), big))
  if (o.tsoffset !== undefined) options.push(option(14, u64(o.tsoffset, big), big))
  if (o.options) options.push(o.options)
  if (options.length > 0) options.push(endOfOptions)
  return block(1, concat(u16(linkType, big), u16(0), u32(snaplen, big), ...options), o)
}

export interface PacketSpec extends BlockOverrides {
  interfaceId?: number
  /** Units of the interface's resolution since the epoch. */
  time?: bigint
  data: Uint8Array
  caplen?: number
  origlen?: number
  options?: Uint8Array
}

const NOON = 1_700_000_000_000_000n

export function epb(o: PacketSpec): Uint8Array {
  const { big = false, interfaceId = 0, time = NOON, data, caplen = data.length, origlen = data.length } = o
  const high = Number(time >> 32n)
  const low = Number(time & 0xffffffffn)
  const fields = [interfaceId, high, low, caplen, origlen].map(v => u32(v, big))
  return block(6, concat(...fields, data, padding(data.length), o.options ?? new Uint8Array(0)), o)
}

/** The obsolete Packet Block. */
export function pb(o: PacketSpec & { drops?: number }): Uint8Array {
  const { big = false, interfaceId = 0, drops = 0xffff, time = NOON, data, caplen = data.length } = o
  const fields = [Number(time >> 32n), Number(time & 0xffffffffn), caplen, o.origlen ?? data.length].map(v =>
    u32(v, big),
  )
  const body = concat(u16(interfaceId, big), u16(drops, big), ...fields, data, padding(data.length))
  return block(2, concat(body, o.options ?? new Uint8Array(0)), o)
}

export function spb(o: { data: Uint8Array; origlen?: number } & BlockOverrides): Uint8Array {
  return block(3, concat(u32(o.origlen ?? o.data.length, o.big), o.data), o)
}

/** Interface statistics; `drops` becomes isb_ifdrop. */
export function isb(
  o: { interfaceId?: number; drops?: bigint; osDrops?: bigint } & BlockOverrides,
): Uint8Array {
  const { big = false, interfaceId = 0 } = o
  const options: Uint8Array[] = []
  if (o.drops !== undefined) options.push(option(5, u64(o.drops, big), big))
  if (o.osDrops !== undefined) options.push(option(7, u64(o.osDrops, big), big))
  return block(5, concat(u32(interfaceId, big), u32(0), u32(0), ...options, endOfOptions), o)
}

/** Name resolution: pairs of address bytes (4 or 16) and names. */
export function nrb(entries: [Uint8Array, ...string[]][], o: BlockOverrides = {}): Uint8Array {
  const records = entries.map(([address, ...names]) => {
    const value = concat(address, ...names.map(n => text(`${n}\0`)))
    return option(address.length === 4 ? 1 : 2, value, o.big)
  })
  return block(4, concat(...records, endOfOptions), o)
}
