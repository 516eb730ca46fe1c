/** Making a report fit a ticket: the least important parts go first, and what went is said. */
import { plural } from '../../units.js'
import type { Section } from './sections.js'

/** GitHub takes 65,536 characters; bytes are never fewer than characters. */
export const TICKET_BYTES = 60_000

export function bytesOf(text: string): number {
  return Buffer.byteLength(text)
}

/** What goes into the report, in reading order, and the names of what does not. */
export interface Fitted {
  kept: Section[]
  left: string[]
}

const NOTE_ROOM = 400

/** Takes sections by weight as long as they fit; a lighter one may still fit where a heavier one did not. */
export function fit(sections: Section[], room: number): Fitted {
  const total = sections.reduce((sum, section) => sum + sizeOf(section), 0)
  if (total <= room) return { kept: sections, left: [] }
  let used = NOTE_ROOM
  const kept = new Set<Section>()
  for (const section of [...sections].sort((a, b) => b.weight - a.weight)) {
    if (used + sizeOf(section) > room) continue
    used += sizeOf(section)
    kept.add(section)
  }
  return {
    kept: sections.filter(section => kept.has(section)),
    left: sections.filter(section => !kept.has(section)).map(section => section.name),
  }
}

/** With the blank line behind it. */
function sizeOf({ markdown }: Section): number {
  return bytesOf(markdown) + 2
}

/** One sentence, however much was left out. */
export function leftWords(left: string[], maxBytes: number): string {
  if (left.length === 0) return ''
  const named = left.slice(0, 6)
  const more = left.length - named.length
  const rest = more > 0 ? ` and ${plural(more, 'more part')}` : ''
  return `_Left out to stay within ${maxBytes} bytes: ${named.join(', ')}${rest}. The HTML report has everything._`
}

/** As much of a text as fits, whole characters only. */
export function cutToBytes(text: string, room: number): string {
  if (bytesOf(text) <= room) return text
  let end = Math.min(text.length, room)
  while (end > 0 && bytesOf(text.slice(0, end)) > room) end = Math.floor(end * 0.95)
  const last = text.charCodeAt(end - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end)
}
