import { type ApplicationState, type SideIndex, UNIT_LIMIT } from './state.js'

/** `data[from .. to)` is one line without its line end, or the first `UNIT_LIMIT` bytes of a longer one. */
export type LineHandler = (
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
) => void

/** Length of the first line with its line feed; 0 = no line feed in view. */
export function lineLength(data: Uint8Array, from: number, to: number): number {
  // Not indexOf: it would search on to the end of the capture buffer.
  for (let at = from; at < to; at++) if (data[at] === 10) return at + 1 - from
  return 0
}

/** A unit of a line protocol: hands one line to `handler`. Of lines longer than a unit the rest is passed over unread. */
export function readLine(
  state: ApplicationState,
  side: SideIndex,
  data: Uint8Array,
  from: number,
  to: number,
  handler: LineHandler,
): number {
  const me = state.sides[side]
  const length = lineLength(data, from, to)
  if (me.longLine) {
    if (length === 0) return to - from
    me.longLine = false
    return length
  }
  if (length > 0) {
    const end = from + length - 1
    handler(state, side, data, from, end > from && data[end - 1] === 13 ? end - 1 : end)
    return length
  }
  if (to - from < UNIT_LIMIT) return 0
  me.longLine = true
  handler(state, side, data, from, to)
  return to - from
}

/** Printable ASCII, tabs and bytes above 127 only: what a line of text may consist of. */
export function isText(data: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if ((data[at] < 32 && data[at] !== 9) || data[at] === 127) return false
  return true
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

/** A three-digit reply code followed by space, hyphen or the line end (RFC 5321 §4.2, RFC 959 §4.2); 0 = none. */
export function replyCode(data: Uint8Array, from: number, to: number): number {
  if (to - from < 3 || !isDigit(data[from]) || !isDigit(data[from + 1]) || !isDigit(data[from + 2])) return 0
  if (to - from > 3 && data[from + 3] !== 32 && data[from + 3] !== 45) return 0
  return (data[from] - 48) * 100 + (data[from + 1] - 48) * 10 + (data[from + 2] - 48)
}
