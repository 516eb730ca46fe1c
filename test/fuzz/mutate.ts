/** One input of a fuzz run: one or two captures, damaged in containers, records and packets. The same seed gives the same bytes. */
import zlib from 'node:zlib'
import { idb, isb, nrb, option, shb, text, u32 } from '../capture/build.js'
import { asPcapng, bytesOf, join, packetOf, type Parts, split, withPacket } from './container.js'
import { corpus, type Specimen } from './corpus.js'
import { Dice, NASTY } from './dice.js'
import { damageAnywhere, damagePacket, put } from './packet.js'

export interface Input {
  /** The specimens it was made of. */
  from: string[]
  files: Uint8Array[]
  /** Bytes asked of a file at once, in the run that reads in pieces. */
  chunkBytes: number
  width: number
  /** HTML and Markdown, too. */
  pages: boolean
  /** Only this address, where it is set. */
  host: string | undefined
}

/** Longer inputs say nothing that these do not. */
const LONGEST = 160_000

type Change = (parts: Parts, dice: Dice) => Parts

const CHANGES: Change[] = [
  damageOne,
  damageOne,
  damageOne,
  damageOne,
  damageSome,
  drop,
  repeat,
  swap,
  shuffle,
  splice,
  retime,
  lie,
  header,
  resetAll,
  insertBlock,
  (parts, dice) => (dice.chance(0.5) ? asPcapng(parts) : parts),
]

export function inputOf(seed: number, specimens: Specimen[] = corpus()): Input {
  const dice = new Dice(seed)
  const first = dice.pick(specimens)
  const from = [first.name]
  const files = [mutated(first, specimens, dice)]
  if (dice.chance(0.08)) {
    const second = dice.chance(0.5) ? first : dice.pick(specimens)
    from.push(second.name)
    files.push(mutated(second, specimens, dice))
  }
  const finished = files.map(bytes => finish(bytes.slice(0, LONGEST), dice))
  const longest = Math.max(...finished.map(bytes => bytes.length))
  return {
    from,
    files: finished,
    // Two hundred reads are as telling as a hundred thousand.
    chunkBytes: Math.max(dice.pick([1, 7, 64, 500, 4096, 1 << 16]), Math.ceil(longest / 200)),
    pages: dice.chance(0.2),
    width: dice.pick([60, 80, 100, 133, 160]),
    host: dice.chance(0.03) ? dice.pick(['10.0.0.1', '192.168.1.10', '::1']) : undefined,
  }
}

/** Now and then cut, edited blindly or compressed. */
function finish(bytes: Uint8Array, dice: Dice): Uint8Array {
  let done = bytes
  if (dice.chance(0.1)) done = done.slice(0, dice.below(done.length + 1))
  if (dice.chance(0.1)) {
    for (let edits = dice.between(1, 4); edits > 0; edits--)
      done = put(done, dice.below(done.length || 1), u32(dice.pick(NASTY), dice.chance(0.5)))
  }
  if (dice.chance(0.02)) done = new Uint8Array(zlib.gzipSync(done, { level: dice.pick([0, 1]) }))
  return dice.chance(0.005) ? damageAnywhere(done, dice) : done
}

export function mutated(specimen: Specimen, specimens: Specimen[], dice: Dice): Uint8Array {
  let parts = split(specimen.bytes)
  if (dice.chance(0.12)) parts = merge(parts, split(dice.pick(specimens).bytes), dice)
  if (parts.pieces.length === 0) return damageAnywhere(specimen.bytes, dice)
  for (let changes = dice.between(1, 6); changes > 0; changes--) parts = dice.pick(CHANGES)(parts, dice)
  return join(parts)
}

/** Records of both, in turn. */
function merge(a: Parts, b: Parts, dice: Dice): Parts {
  if (a.kind !== b.kind || a.big !== b.big || a.kind === 'other') return a
  const pieces: Uint8Array[] = []
  const [x, y] = [[...a.pieces], [...b.pieces]]
  while (x.length + y.length > 0) {
    const from = y.length === 0 || (x.length > 0 && dice.chance(x.length / (x.length + y.length))) ? x : y
    pieces.push(from.shift()!)
  }
  return { ...a, pieces }
}

function at(parts: Parts, index: number, make: (piece: Uint8Array) => Uint8Array): Parts {
  return { ...parts, pieces: parts.pieces.map((piece, i) => (i === index ? make(piece) : piece)) }
}

function anyOf(parts: Parts, dice: Dice): number {
  return dice.below(parts.pieces.length)
}

function damageOne(parts: Parts, dice: Dice): Parts {
  return at(parts, anyOf(parts, dice), piece => damaged(parts, piece, dice))
}

function damageSome(parts: Parts, dice: Dice): Parts {
  const share = dice.pick([0.05, 0.2, 1])
  return {
    ...parts,
    pieces: parts.pieces.map(piece => (dice.chance(share) ? damaged(parts, piece, dice) : piece)),
  }
}

function damaged(parts: Parts, piece: Uint8Array, dice: Dice): Uint8Array {
  const range = packetOf(parts, piece)
  if (!range) return damageAnywhere(piece, dice)
  return withPacket(parts, piece, damagePacket(piece.slice(range.from, range.to), parts.linkType, dice))
}

function drop(parts: Parts, dice: Dice): Parts {
  const from = anyOf(parts, dice)
  const count = dice.pick([1, 1, 2, 5, 20])
  const pieces = parts.pieces.filter((_, i) => i < from || i >= from + count)
  return pieces.length > 0 ? { ...parts, pieces } : parts
}

function repeat(parts: Parts, dice: Dice): Parts {
  const index = anyOf(parts, dice)
  const times = dice.pick([1, 1, 2, 10, 300])
  const copies = Array.from({ length: times }, () => parts.pieces[index])
  const where = dice.chance(0.7) ? index : anyOf(parts, dice)
  return { ...parts, pieces: [...parts.pieces.slice(0, where), ...copies, ...parts.pieces.slice(where)] }
}

function swap(parts: Parts, dice: Dice): Parts {
  const i = anyOf(parts, dice)
  const j = dice.chance(0.6) ? Math.min(i + 1, parts.pieces.length - 1) : anyOf(parts, dice)
  const { pieces } = parts
  return { ...parts, pieces: pieces.map((piece, k) => (k === i ? pieces[j] : k === j ? pieces[i] : piece)) }
}

function shuffle(parts: Parts, dice: Dice): Parts {
  const pieces = [...parts.pieces]
  const from = anyOf(parts, dice)
  const to = Math.min(pieces.length, from + dice.pick([3, 8, 1000]))
  for (let i = to - 1; i > from; i--) {
    const j = dice.between(from, i)
    const kept = pieces[i]
    pieces[i] = pieces[j]
    pieces[j] = kept
  }
  return { ...parts, pieces }
}

/** The tail comes from elsewhere in the same capture. */
function splice(parts: Parts, dice: Dice): Parts {
  const [a, b] = [anyOf(parts, dice), anyOf(parts, dice)]
  return { ...parts, pieces: [...parts.pieces.slice(0, a + 1), ...parts.pieces.slice(b)] }
}

/** Clocks that step, stand still or run wild. */
function retime(parts: Parts, dice: Dice): Parts {
  const [seconds, fraction] = parts.kind === 'pcap' ? [0, 4] : [12, 16]
  const where = dice.pick([seconds, fraction])
  const value = u32(dice.chance(0.5) ? dice.pick(NASTY) : dice.word(), parts.big)
  if (dice.chance(0.2)) return { ...parts, pieces: parts.pieces.map(piece => put(piece, where, value)) }
  return at(parts, anyOf(parts, dice), piece => put(piece, where, value))
}

/** Lengths of records and blocks that lie. */
function lie(parts: Parts, dice: Dice): Parts {
  const where = parts.kind === 'pcap' ? dice.pick([8, 12]) : dice.pick([0, 4, 8, 20, 24, 28])
  return at(parts, anyOf(parts, dice), piece => {
    const value = dice.chance(0.6) ? dice.pick(NASTY) : Math.max(0, piece.length + dice.between(-20, 20))
    return put(piece, where, u32(value, parts.big))
  })
}

function header(parts: Parts, dice: Dice): Parts {
  if (parts.kind !== 'pcap') return at(parts, 0, piece => damageAnywhere(piece, dice))
  const where = dice.pick([0, 4, 6, 8, 12, 16, 20, 20, 20])
  const value =
    where === 20
      ? dice.pick([0, 1, 9, 12, 101, 105, 108, 113, 127, 147, 228, 229, 276, 0xf0000001])
      : dice.pick(NASTY)
  return { ...parts, head: put(parts.head, where, u32(value, parts.big)) }
}

/** Every TCP packet resets. */
function resetAll(parts: Parts, dice: Dice): Parts {
  const flags = dice.pick([0x04, 0x14])
  const at = parts.linkType === 1 ? 47 : parts.linkType === 113 ? 49 : parts.linkType === 101 ? 33 : -1
  if (at < 0) return parts
  const pieces = parts.pieces.map(piece => {
    const range = packetOf(parts, piece)
    return range && range.to - range.from > at && dice.chance(0.7)
      ? put(piece, range.from + at, [flags])
      : piece
  })
  return { ...parts, pieces }
}

/** A section, an interface, drops, names with hostile letters, an unknown block between the others; garbage in a classic pcap. */
function insertBlock(parts: Parts, dice: Dice): Parts {
  const { big } = parts
  const hostile = text('\u001b[31m\u202e<b>\u0000')
  const block = (): Uint8Array => {
    if (parts.kind === 'pcap') return Uint8Array.from({ length: dice.below(40) }, () => dice.below(256))
    return dice.pick([
      () => shb({ big: dice.chance(0.5) }),
      () =>
        idb({
          big,
          linkType: dice.pick([0, 1, 101, 113, 276, 65535]),
          tsresol: dice.below(256),
          tsoffset: BigInt(dice.word()),
        }),
      () => idb({ big, options: bytesOf(option(2, hostile, big), option(3, hostile, big)) }),
      () => isb({ big, drops: BigInt(dice.word()) }),
      () =>
        nrb(
          [
            [Uint8Array.of(10, 0, 0, 1), '\u001b[1m<b>name'],
            [new Uint8Array(16), 'x'],
          ],
          { big },
        ),
    ])()
  }
  const where = anyOf(parts, dice)
  return { ...parts, pieces: [...parts.pieces.slice(0, where), block(), ...parts.pieces.slice(where)] }
}
