/**
 * Sentences with `{factName}` in them, taken apart once: searching each of some thirty of them anew for every reset took a fifth of the time
 * that its report took.
 */
import type { FactName, Say } from '../causes/define.js'

export interface Template {
  /** What the placeholders name, in order. */
  names: readonly FactName[]
  fill(say: Say): string
}

const known = new Map<string, Template>()

/** @param text of a cause: there are some hundred of them */
export function template(text: string): Template {
  let made = known.get(text)
  if (made === undefined) known.set(text, (made = takeApart(text)))
  return made
}

function takeApart(text: string): Template {
  // Every second piece is a name.
  const pieces = text.split(/\{(\w+)\}/)
  const names = pieces.filter((_, i) => i % 2 === 1) as FactName[]
  if (names.length === 0) return { names, fill: () => text }
  return {
    names,
    fill: say => {
      let filled = pieces[0]
      for (let i = 1; i < pieces.length; i += 2) filled += say(pieces[i] as FactName) + pieces[i + 1]
      return filled
    },
  }
}

/** `1 ports` is `1 port`. */
export function singular(text: string): string {
  if (!text.includes('1 ')) return text
  return text.replace(
    /(?<![\d.,])1 ((?:other )?(?:host|port|connection|attempt|retransmission|time|reset))s\b/g,
    '1 $1',
  )
}

/** The sentence without its values, for what could not be measured. */
export function plain(statement: string): string {
  return statement.replace(/\s*\([^()]*\{\w+\}[^()]*\)/g, '').replace(/\{\w+\}/g, '…')
}
