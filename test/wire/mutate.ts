/** Mutated frames from a seeded generator: the same seed gives the same frames. */
import type { TestFrame } from './judge.js'

/** Numbers in [0, 1) (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const BYTES = [
  0, 1, 2, 4, 5, 6, 8, 0x0f, 0x10, 0x11, 0x14, 0x20, 0x40, 0x45, 0x46, 0x50, 0x60, 0x7f, 0x80, 0xaa, 0xf0,
  0xfe, 0xff,
]

/** One to three small damages to a copy of a frame: bytes replaced, bits flipped, cut by a snap length, cut short, padded. */
export function mutate(frame: TestFrame, random: () => number): TestFrame {
  let bytes = Array.from(frame.bytes)
  let originalLength = frame.originalLength ?? bytes.length
  const pick = (n: number) => Math.floor(random() * n)
  for (let damage = 1 + pick(3); damage > 0 && bytes.length > 1; damage--) {
    // Headers matter more than payload.
    const at = pick(Math.min(bytes.length, random() < 0.8 ? 90 : 2000))
    switch (pick(8)) {
      case 0:
      case 1:
        bytes[at] = pick(256)
        break
      case 2:
      case 3:
        bytes[at] = BYTES[pick(BYTES.length)]
        break
      case 4:
        bytes[at] ^= 1 << pick(8)
        break
      case 5:
        bytes[at] = (bytes[at] + (random() < 0.5 ? 1 : 255)) & 255
        break
      case 6:
        bytes = bytes.slice(0, at + 1)
        if (random() < 0.5) originalLength = bytes.length
        break
      case 7:
        bytes = [...bytes, ...Array.from({ length: pick(20) }, () => (pick(2) === 0 ? 0 : 0xff))]
        originalLength = Math.max(originalLength, bytes.length)
        break
    }
  }
  return {
    name: frame.name,
    linkType: frame.linkType,
    bytes,
    originalLength: Math.max(originalLength, bytes.length),
  }
}
