/** Reading numbers and short texts out of `data[from .. to)`. Every reader here expects its caller to have checked the length. */

/** No name, label or error text kept from a payload is longer than this many UTF-16 units. */
const TEXT_LIMIT = 120

const utf8 = new TextDecoder('utf-8')

export function u16(data: Uint8Array, at: number): number {
  return (data[at] << 8) | data[at + 1]
}

export function u24(data: Uint8Array, at: number): number {
  return (data[at] << 16) | (data[at + 1] << 8) | data[at + 2]
}

/** Unsigned, unlike the bare shifts. */
export function u32(data: Uint8Array, at: number): number {
  return u16(data, at) * 65536 + u16(data, at + 2)
}

export function u16le(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8)
}

export function u24le(data: Uint8Array, at: number): number {
  return data[at] | (data[at + 1] << 8) | (data[at + 2] << 16)
}

export function u32le(data: Uint8Array, at: number): number {
  return u16le(data, at) + u16le(data, at + 2) * 65536
}

/** One character per byte, so that positions in the text are positions in the bytes. Only for short ranges (a line, a header). */
export function latin1(data: Uint8Array, from: number, to: number): string {
  // Half the time of String.fromCharCode.apply on a subarray at the usual 10 to 60 bytes.
  let text = ''
  for (let at = from; at < to; at++) text += String.fromCharCode(data[at])
  return text
}

/** The bytes of a text made by `latin1`. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** Text for people: UTF-8, cut to `limit`. Control characters stay: reports escape. */
export function display(data: Uint8Array, from: number, to: number, limit = TEXT_LIMIT): string {
  // Four bytes are the most one character takes: decoding more than that would be thrown away by the cut.
  const end = Math.min(to, from + 4 * limit)
  for (let at = from; at < end; at++)
    if (data[at] > 127) return cut(utf8.decode(data.subarray(from, end)), limit)
  return cut(latin1(data, from, end), limit)
}

/** The first `limit` UTF-16 units, never half a surrogate pair; an ellipsis takes the place of what was cut. */
export function cut(text: string, limit = TEXT_LIMIT): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 2)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? limit - 2 : limit - 1) + '…'
}

/** Whether `data[from ..)` begins with these ASCII characters, as far as the bytes reach: undefined = agrees so far, too short to say. */
export function startsWith(data: Uint8Array, from: number, to: number, text: string): boolean | undefined {
  const length = Math.min(text.length, to - from)
  for (let i = 0; i < length; i++) if (data[from + i] !== text.charCodeAt(i)) return false
  return length === text.length ? true : undefined
}

/** The same for several texts: true when one is there, undefined when one may be. Without lists: every new stream is asked 30 such questions. */
export function startsWithAny(
  data: Uint8Array,
  from: number,
  to: number,
  texts: readonly string[],
): boolean | undefined {
  let found: boolean | undefined = false
  for (const text of texts) {
    const one = startsWith(data, from, to, text)
    if (one === true) return true
    if (one === undefined) found = undefined
  }
  return found
}

/** "4.1 kB": three significant digits at most, powers of 1000. */
export function byteCount(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}
