/** The quick looks of skim.ts as pickers, which other threads can make, too. */
import type { Picker } from '../model.js'
import { FlagPicker, TupleBits, TuplePicker } from './skim.js'

type Recipe = { flags: number } | { bits: Int32Array }

/** Picks what has one of `flags`, and what needs a closer look. */
export function flagPicker(flags: number): Picker {
  return new FlagPicker(flags)
}

/** Picks the segments of a set of connections, and what needs a closer look. */
export function tuplePicker(tuples: TupleBits): Picker {
  return new TuplePicker(tuples)
}

/** @param recipe of a picker made by one of the above */
export function pickerOf(recipe: unknown): Picker {
  const of = recipe as Recipe
  return 'flags' in of ? flagPicker(of.flags) : tuplePicker(TupleBits.of(of.bits))
}
