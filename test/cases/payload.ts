/** Payloads that a case names instead of spelling: TLS records and filler. */
import { be16, be24, type Bytes, zeros } from '../wire/bytes.js'

/** Characters up to U+00FF stand for bytes. */
const text = (s: string): Bytes => [...Buffer.from(s, 'latin1')]

const record = (type: number, body: Bytes, version = 0x0303): Bytes => [
  type,
  ...be16(version),
  ...be16(body.length),
  ...body,
]

const vector16 = (body: Bytes): Bytes => [...be16(body.length), ...body]

const extension = (type: number, body: Bytes): Bytes => [...be16(type), ...vector16(body)]

function clientHello(name: string): Bytes {
  const host = text(name)
  const serverName = extension(0, vector16([0, ...vector16(host)]))
  const versions = extension(43, [2, 3, 4])
  const body = [
    3,
    3,
    ...filler(32),
    0,
    ...vector16([0x13, 0x01]),
    1,
    0,
    ...vector16([...serverName, ...versions]),
  ]
  return record(22, [1, ...be24(body.length), ...body], 0x0301)
}

function serverHello(): Bytes {
  const body = [3, 3, ...filler(32), 0, 0x13, 0x01, 0, ...vector16(extension(43, [3, 4]))]
  return [...record(22, [2, ...be24(body.length), ...body]), ...record(20, [1]), ...record(23, filler(1200))]
}

/** Bytes that look like ciphertext: the same ones every time. */
export function filler(length: number): Bytes {
  return zeros(length).map((_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 11) & 255)
}

/**
 * `tls.hello(name)`, `tls.server-hello`, `tls.data(bytes)` (a record of that many bytes in all), `tls.alert(code)` (plaintext, fatal),
 * `tls.close` (TLS 1.3 close_notify). Undefined for anything else.
 */
export function namedPayload(word: string): Bytes | undefined {
  const [, name, argument] = /^tls\.([a-z-]+)(?:\(([^)]*)\))?$/.exec(word) ?? []
  if (name === 'hello') return clientHello(argument ?? 'example.com')
  if (name === 'server-hello') return serverHello()
  if (name === 'data') return record(23, filler(Number(argument ?? 300) - 5))
  if (name === 'alert') return record(21, [2, Number(argument ?? 40)])
  return name === 'close' ? record(23, filler(19)) : undefined
}

export function textPayload(value: string): Bytes {
  return text(value)
}
