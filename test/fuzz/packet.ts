/** Damages to one packet, made where a decoder looks: lengths, flags, numbers, options, nesting, payload. */
import { bytesOf, wire16, wire32 } from './container.js'
import { type Dice, NASTY } from './dice.js'

interface Layout {
  ip: number
  version: 4 | 6
  tcp: number
  payload: number
}

/** Where the network layer begins in frames of the common link types. */
const NETWORK_AT: Record<number, number> = { 0: 4, 1: 14, 101: 0, 108: 4, 113: 16, 228: 0, 229: 0, 276: 20 }

function layoutOf(packet: Uint8Array, linkType: number): Layout | undefined {
  let ip = NETWORK_AT[linkType]
  if (ip === undefined) return undefined
  if (linkType === 1 && packet[12] === 0x81 && packet[13] === 0) ip += 4
  const version = packet[ip] >> 4
  if (version !== 4 && version !== 6) return undefined
  const tcp = ip + (version === 4 ? (packet[ip] & 15) * 4 : 40)
  if (tcp + 20 > packet.length || packet[ip + (version === 4 ? 9 : 6)] !== 6) return undefined
  return { ip, version, tcp, payload: Math.min(tcp + (packet[tcp + 12] >> 4) * 4, packet.length) }
}

type Damage = (packet: Uint8Array, at: Layout, dice: Dice) => Uint8Array

const FLAGS = [
  0x04, 0x14, 0x02, 0x12, 0x10, 0x11, 0x18, 0x06, 0x16, 0x05, 0x15, 0x00, 0x3f, 0xff, 0x01,
] as const

/** What programs, terminals, browsers and Markdown obey, and what the payload readers look for. */
export const WORDS = [
  'GET /\u001b[31mred\u001b]0;title\u0007 HTTP/1.1\r\nHost: a\u202eb.example\r\n\r\n',
  'GET /<script>fuzz()</script> HTTP/1.1\r\nHost: <img src=x onerror=fuzz()>\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'HTTP/1.1 500 `|*_[x](javascript:fuzz())_*|`\r\nContent-Length: -1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: =cmd|calc!A1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'SSH-2.0-\u009b31m\u0000\r\n',
  '\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0003',
  '\u0015\u0003\u0003\u0000\u0002\u0002\u0030',
  '220 \u2028mail ESMTP\r\n554 5.7.1 no\r\n',
  '*3\r\n$3\r\nSET\r\n$99999999999\r\n',
  '\ud800 lone \udc00',
] as const

const DAMAGES: Damage[] = [
  // TCP flags; resets above all.
  (packet, { tcp }, dice) => put(packet, tcp + 13, [dice.pick(FLAGS)]),
  (packet, { tcp }, dice) => put(packet, tcp + 13, [dice.pick(FLAGS.slice(0, 2))]),
  // Sequence and acknowledgement numbers: near, far, zero.
  (packet, { tcp }, dice) => shift(packet, tcp + 4, dice),
  (packet, { tcp }, dice) => shift(packet, tcp + 8, dice),
  (packet, { tcp }, dice) => put(packet, tcp + dice.pick([4, 8]), wire32(dice.pick(NASTY))),
  // Header lengths and everything beside them.
  (packet, { tcp }, dice) => put(packet, tcp + 12, [dice.below(256)]),
  (packet, { ip }, dice) => put(packet, ip, [dice.below(256)]),
  (packet, { ip, version }, dice) => put(packet, ip + (version === 4 ? 2 : 4), wire16(dice.pick(NASTY))),
  (packet, { ip }, dice) =>
    put(packet, ip + 6, wire16(dice.pick([0, 0x2000, 0x2001, 0x1fff, 0x4000, 0x0010, 6, 0x2c00]))),
  (packet, { ip, version }, dice) => put(packet, ip + (version === 4 ? 8 : 7), [dice.below(256)]),
  (packet, { ip, version }, dice) =>
    put(packet, ip + (version === 4 ? 9 : 6), [
      dice.pick([1, 4, 6, 17, 41, 43, 44, 47, 50, 51, 58, 60, 132]),
    ]),
  // Window, urgent pointer, ports, IP ID.
  (packet, { tcp }, dice) => put(packet, tcp + dice.pick([0, 2, 14, 18]), wire16(dice.pick(NASTY))),
  (packet, { ip }, dice) => put(packet, ip + 4, wire16(dice.word())),
  options,
  payload,
  payload,
  reflect,
  nested,
  fragment,
  (packet, { payload }, dice) => packet.slice(0, dice.between(0, Math.max(payload, 1))),
]

/** One damage. Packets of unknown layout are damaged anywhere. */
export function damagePacket(packet: Uint8Array, linkType: number, dice: Dice): Uint8Array {
  const layout = layoutOf(packet, linkType)
  if (layout === undefined || dice.chance(0.15)) return damageAnywhere(packet, dice)
  return dice.pick(DAMAGES)(packet, layout, dice)
}

export function damageAnywhere(bytes: Uint8Array, dice: Dice): Uint8Array {
  if (bytes.length === 0) return bytes
  const at = dice.below(Math.min(bytes.length, dice.chance(0.8) ? 90 : bytes.length))
  const kind = dice.below(5)
  if (kind === 0) return put(bytes, at, [dice.below(256)])
  if (kind === 1) return put(bytes, at, [bytes[at] ^ (1 << dice.below(8))])
  if (kind === 2) return put(bytes, at, wire16(dice.pick(NASTY)))
  if (kind === 3) return bytes.slice(0, at)
  return bytesOf(bytes.slice(0, at), new Uint8Array(dice.below(24)).fill(dice.below(256)), bytes.slice(at))
}

/** A copy with these bytes in place, as far as there is room. */
export function put(bytes: Uint8Array, at: number, values: ArrayLike<number>): Uint8Array {
  const copy = bytes.slice()
  for (let i = 0; i < values.length && at + i < copy.length; i++) copy[at + i] = values[i]
  return copy
}

function shift(packet: Uint8Array, at: number, dice: Dice): Uint8Array {
  const value = new DataView(packet.buffer, packet.byteOffset).getUint32(at)
  const by = dice.pick([1, -1, 2, 1448, -1448, 65536, 2 ** 30, 2 ** 31, dice.below(100_000)])
  return put(packet, at, wire32((value + by) % 2 ** 32))
}

function options(packet: Uint8Array, { tcp, payload }: Layout, dice: Dice): Uint8Array {
  const room = payload - tcp - 20
  if (room <= 0) return put(packet, tcp + 12, [0xf0])
  const list = Array.from({ length: room }, () =>
    dice.pick([0, 1, 2, 3, 4, 5, 8, 10, 14, 19, 28, 29, 30, 34, 69, 76, 254, 255]),
  )
  return put(packet, tcp + 20, list)
}

/** Other words as payload; the lengths follow most of the time. */
function payload(packet: Uint8Array, { ip, version, payload }: Layout, dice: Dice): Uint8Array {
  const words = dice.chance(0.8)
    ? new Uint8Array(Buffer.from(dice.pick(WORDS), dice.chance(0.5) ? 'latin1' : 'utf8'))
    : Uint8Array.from({ length: dice.below(200) }, () => dice.below(256))
  const longer = bytesOf(packet.slice(0, payload), words)
  if (dice.chance(0.2)) return longer
  return put(longer, ip + (version === 4 ? 2 : 4), wire16(longer.length - ip - (version === 4 ? 0 : 40)))
}

/** Source and destination changed places, ports too. */
function reflect(packet: Uint8Array, { ip, version, tcp }: Layout, dice: Dice): Uint8Array {
  const [at, size] = version === 4 ? [ip + 12, 4] : [ip + 8, 16]
  const [a, b] = [packet.slice(at, at + size), packet.slice(at + size, at + 2 * size)]
  const [p, q] = [packet.slice(tcp, tcp + 2), packet.slice(tcp + 2, tcp + 4)]
  if (dice.chance(0.2)) return put(put(packet, at, bytesOf(a, a)), tcp, bytesOf(p, p))
  return put(put(packet, at, bytesOf(b, a)), tcp, bytesOf(q, p))
}

/** IP in IP, once or as often as a loop would. */
function nested(packet: Uint8Array, { ip, version }: Layout, dice: Dice): Uint8Array {
  let inner: Uint8Array = packet.slice(ip)
  for (let depth = dice.pick([1, 1, 2, 16, 70]); depth > 0; depth--) {
    const outer = version === 4 ? packet.slice(ip, ip + 20) : packet.slice(ip, ip + 40)
    const proto = version === 4 ? 4 : 41
    const framed = put(outer, version === 4 ? 9 : 6, [proto])
    const sized = put(framed, version === 4 ? 2 : 4, wire16(version === 4 ? inner.length + 20 : inner.length))
    inner = bytesOf(version === 4 ? put(sized, 0, [0x45]) : sized, inner)
  }
  return bytesOf(packet.slice(0, ip), inner)
}

/** One fragment of the packet; its offset fits others of its kind now and then. */
function fragment(packet: Uint8Array, { ip, version, tcp }: Layout, dice: Dice): Uint8Array {
  if (version === 6) return put(packet, ip + 6, [44])
  const body = packet.slice(tcp)
  const from = dice.pick([0, 8, 16, 24])
  const size = dice.pick([8, 16, 24, body.length])
  const more = dice.chance(0.6) ? 0x2000 : 0
  const head = put(packet.slice(0, tcp), ip + 6, wire16(more | (from >> 3)))
  const part = body.slice(from, from + size)
  return bytesOf(put(head, ip + 2, wire16(tcp - ip + part.length)), part)
}
