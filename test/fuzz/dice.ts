/** Seeded choices: the same seed makes the same choices on every machine. */
import { generator } from '../wire/mutate.js'

export class Dice {
  private readonly random: () => number

  constructor(seed: number) {
    this.random = generator(seed)
  }

  /** 0 .. n - 1 */
  below(n: number): number {
    return Math.floor(this.random() * n)
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(p: number): boolean {
    return this.random() < p
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]
  }

  word(): number {
    return Math.floor(this.random() * 4294967296)
  }
}

/** Values that lengths, counts, ids and magics are easily confused by. */
export const NASTY = [
  0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 15, 16, 19, 20, 21, 27, 28, 32, 39, 40, 60, 0x7f, 0x80, 0xff, 0x100, 0x5dc,
  0x7fff, 0x8000, 0xffff, 0x10000, 0x40000, 0x40001, 0x100000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
] as const

/** The seed of execution `index` of a run: neighbours have nothing in common. */
export function seedOf(seed: number, index: number): number {
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  return h ^ (h >>> 15)
}
