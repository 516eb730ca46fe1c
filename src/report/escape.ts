/**
 * Text that came out of packets (or file names) is hostile until shown otherwise: it may carry terminal escapes, bidirectional
 * overrides or invisible characters. Here it is made visible. Ranges are written out, not taken from `\p{…}`, so that
 * every Node version gives the same bytes.
 */
import { changing, LateReset } from '../verdict/late-reset.js'
import type { Reset } from '../model.js'

/** Controls, line separators, invisible and bidirectional format characters, tags, lone surrogates. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff]|[\u{e0000}-\u{e0fff}]/gu
const UNSAFE_ONCE = new RegExp(UNSAFE.source, 'u')

/** What JSON.stringify leaves as it is although terminals and editors obey it. */
const UNSAFE_IN_JSON =
  /[\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff]|\udb40[\udc00-\udfff]/g

/** The text with every character that could act on a terminal written out: `\x1b`, `\n`, `\u202e`. */
export function visible(text: string): string {
  return UNSAFE_ONCE.test(text) ? text.replace(UNSAFE, spellOut) : text
}

function spellOut(character: string): string {
  const code = character.codePointAt(0) as number
  if (code === 0x0a) return '\\n'
  if (code === 0x0d) return '\\r'
  if (code === 0x09) return '\\t'
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}

/** A copy of plain data with every string (keys too) made visible; the very same object when nothing had to change. */
export function deepVisible<T>(value: T): T {
  return clean(value) as T
}

const cleanReset = changing({
  whole: reset => cleanData(reset) as Reset,
  time: time => time,
  connection: connection => clean(connection) as Reset['connection'],
})

function clean(value: unknown): unknown {
  return value instanceof LateReset ? cleanReset(value) : cleanData(value)
}

function cleanData(value: unknown): unknown {
  if (typeof value === 'string') return visible(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) {
    const copy = value.map(clean)
    return copy.some((item, index) => item !== value[index]) ? copy : value
  }
  const entries = Object.entries(value)
  const copy = entries.map(([key, item]) => [visible(key), clean(item)] as const)
  const same = copy.every(([key, item], index) => key === entries[index][0] && item === entries[index][1])
  return same ? value : Object.fromEntries(copy)
}

/** JSON text in which those characters are `\u` escapes: the data is unchanged, a terminal that prints it stays unharmed. */
export function safeJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, match =>
    Array.from(
      { length: match.length },
      (_, index) => `\\u${match.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
