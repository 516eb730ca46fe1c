import { Facts } from './facts.js'

type Combined<T extends unknown[]> = T extends [infer First, ...infer Rest] ? First & Combined<Rest> : unknown

/** One object of all parts, later ones winning: what they leave out stays undefined. */
export function combine<T extends object[]>(...parts: T): Combined<T> {
  return Object.assign(new Facts(), ...parts)
}
