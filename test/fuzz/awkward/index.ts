/** Some hundreds of captures that are awkward in one way each, made by hand-written rules: the same on every machine. */
import { containers } from './containers.js'
import { packets } from './packets.js'
import type { Awkward } from './specimen.js'

export type { Awkward } from './specimen.js'

let made: Awkward[] | undefined

/** In a fixed order; names are unique. */
export function awkward(): Awkward[] {
  made ??= [...packets(), ...containers()]
  return made
}
