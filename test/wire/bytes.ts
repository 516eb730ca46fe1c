/** Builders of frames for tests: every function returns the bytes of a header followed by what it carries. */

export type Bytes = number[]

export const be16 = (n: number): Bytes => [(n >> 8) & 255, n & 255]
export const be24 = (n: number): Bytes => [(n >> 16) & 255, (n >> 8) & 255, n & 255]
export const be32 = (n: number): Bytes => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]
export const le16 = (n: number): Bytes => [n & 255, (n >> 8) & 255]
export const le32 = (n: number): Bytes => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]
/** Bytes from hex digits; blanks are ignored. */
export const hex = (text: string): Bytes =>
  (text.replace(/\s/g, '').match(/../g) ?? []).map(pair => parseInt(pair, 16))
export const zeros = (n: number): Bytes => Array.from({ length: n }, () => 0)

export const MAC_A = hex('02 00 00 00 00 0a')
export const MAC_B = hex('02 00 00 00 00 0b')

/** RFC 1071. */
export function internetChecksum(...parts: Bytes[]): number {
  let sum = 0
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i] << 8) | (part[i + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export interface TcpSpec {
  sourcePort?: number
  destinationPort?: number
  seq?: number
  ack?: number
  flags?: number
  window?: number
  options?: Bytes
  payload?: Bytes
  /** Data offset in words, when it shall lie. */
  dataOffset?: number
}

/** By default a RST+ACK without payload, checksum zero. */
export function tcp(spec: TcpSpec = {}): Bytes {
  const options = spec.options ?? []
  const offset = spec.dataOffset ?? 5 + options.length / 4
  return [
    ...be16(spec.sourcePort ?? 40001),
    ...be16(spec.destinationPort ?? 40002),
    ...be32(spec.seq ?? 0x01020304),
    ...be32(spec.ack ?? 0x05060708),
    ...be16((offset << 12) | (spec.flags ?? 0x014)),
    ...be16(spec.window ?? 512),
    ...zeros(4),
    ...options,
    ...(spec.payload ?? []),
  ]
}

/** Writes the right TCP checksum into a segment that will travel between these addresses. */
export function withTcpChecksum(segment: Bytes, source: Bytes, destination: Bytes): Bytes {
  const pseudo = [...source, ...destination, ...be32(segment.length), 0, 0, 0, 6]
  const copy = segment.slice()
  copy.splice(16, 2, 0, 0)
  copy.splice(16, 2, ...be16(internetChecksum(pseudo, copy)))
  return copy
}

export interface Ip4Spec {
  protocol?: number
  ttl?: number
  id?: number
  /** Flags and offset as one 16-bit field. */
  fragment?: number
  totalLength?: number
  headerWords?: number
  version?: number
  options?: Bytes
  source?: Bytes
  destination?: Bytes
}

export function ip4(body: Bytes, spec: Ip4Spec = {}): Bytes {
  const options = spec.options ?? []
  const words = spec.headerWords ?? 5 + options.length / 4
  const header = [
    ((spec.version ?? 4) << 4) | words,
    0,
    ...be16(spec.totalLength ?? 20 + options.length + body.length),
    ...be16(spec.id ?? 0x1234),
    ...be16(spec.fragment ?? 0x4000),
    spec.ttl ?? 57,
    spec.protocol ?? 6,
    0,
    0,
    ...(spec.source ?? [10, 0, 0, 1]),
    ...(spec.destination ?? [10, 0, 0, 2]),
    ...options,
  ]
  header.splice(10, 2, ...be16(internetChecksum(header)))
  return [...header, ...body]
}

export interface Ip6Spec {
  next?: number
  hopLimit?: number
  payloadLength?: number
  flowLabel?: number
  source?: Bytes
  destination?: Bytes
}

export function ip6(body: Bytes, spec: Ip6Spec = {}): Bytes {
  return [
    ...be32(0x60000000 | (spec.flowLabel ?? 0x12345)),
    ...be16(spec.payloadLength ?? body.length),
    spec.next ?? 6,
    spec.hopLimit ?? 61,
    ...(spec.source ?? hex('20010db8 00000000 00000000 00000001')),
    ...(spec.destination ?? hex('20010db8 00000000 00000000 00000002')),
    ...body,
  ]
}

export function udp(
  body: Bytes,
  sourcePort: number,
  destinationPort: number,
  length = 8 + body.length,
): Bytes {
  return [...be16(sourcePort), ...be16(destinationPort), ...be16(length), 0, 0, ...body]
}

export function eth(body: Bytes, type = 0x0800): Bytes {
  return [...MAC_B, ...MAC_A, ...be16(type), ...body]
}
