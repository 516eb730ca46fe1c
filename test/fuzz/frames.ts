/** The decoder alone, on damaged packets: some microseconds each. What it hands over must lie within what was captured. */
import type { Frame } from '../../src/model.js'
import { Notes } from '../../src/notes.js'
import { createDecoder, type Decoder } from '../../src/wire/decoder.js'
import { FIN, RST, Segment, SYN } from '../../src/wire/segment.js'
import { FlagPicker } from '../../src/wire/skim.js'
import { FOUND_NONE, FOUND_TCP, FOUND_UDP } from '../../src/wire/walk.js'
import { batchOf } from '../wire/judge.js'
import { packetOf, split } from './container.js'
import { corpus } from './corpus.js'
import { demand } from './demand.js'
import { Dice, seedOf } from './dice.js'
import { damagePacket } from './packet.js'

interface Packet {
  linkType: number
  bytes: Uint8Array
}

let packets: Packet[] | undefined

function pool(): Packet[] {
  packets ??= corpus().flatMap(({ bytes }) => {
    const parts = split(bytes)
    return parts.pieces.flatMap(piece => {
      const range = packetOf(parts, piece)
      return range ? [{ linkType: parts.linkType, bytes: piece.subarray(range.from, range.to) }] : []
    })
  })
  return packets
}

/** Room around the packet: a decoder that looks beyond it would not notice. */
const AROUND = 64
const ROOM = new Uint8Array(70_000)

const QUICK_FLAGS = SYN | FIN | RST
const QUICK = new FlagPicker(QUICK_FLAGS)

/** Decodes `count` damaged packets in a row, as one capture would bring them: fragments meet. */
export function decodeMany(seed: number, count: number): void {
  const decoder = createDecoder(new Notes())
  const segment = new Segment()
  for (let i = 0; i < count; i++) {
    const packetSeed = seedOf(seed, i)
    try {
      decodeOne(decoder, segment, new Dice(packetSeed), i + 1)
    } catch (error) {
      throw new Error(`packet ${i} of ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
}

function decodeOne(decoder: Decoder, segment: Segment, dice: Dice, number: number): void {
  const { linkType, bytes } = dice.pick(pool())
  let packet = bytes
  for (let damages = dice.between(1, 3); damages > 0; damages--) packet = damagePacket(packet, linkType, dice)
  const captured = Math.min(packet.length, ROOM.length - 2 * AROUND)
  ROOM.fill(0xee, 0, captured + 2 * AROUND)
  ROOM.set(packet.subarray(0, captured), AROUND)
  const frame: Frame = {
    number,
    capture: 0,
    timeNs: number * 1000,
    data: ROOM,
    start: AROUND,
    end: AROUND + captured,
    originalLength: dice.chance(0.8) ? captured : dice.pick([0, captured + 1, 1500, 0xffffffff]),
    linkType: dice.chance(0.95) ? linkType : dice.below(300),
  }
  const found = decoder.decode(frame, segment)
  demand(found >= FOUND_NONE && found <= FOUND_UDP, `found ${found}`)
  if (found === FOUND_TCP) checkSegment(segment, frame)
  const { view } = batchOf(frame)
  if (!QUICK.wants(view, frame.start, frame.end, frame.originalLength, frame.linkType))
    demand(
      found === FOUND_TCP && (segment.flags & QUICK_FLAGS) === 0,
      `left out by its flags, decoded ${found}: ${segment.flags}`,
    )
}

function checkSegment(s: Segment, frame: Frame): void {
  const own = s.data === frame.data
  const [low, high] = own ? [frame.start, frame.end] : [0, s.data.length]
  demand(s.tcpStart >= low && s.tcpStart + 16 <= high, `TCP header at ${s.tcpStart} of ${low}..${high}`)
  demand(
    s.payloadStart <= s.payloadEnd && s.payloadEnd <= high,
    `payload ${s.payloadStart}..${s.payloadEnd} of ${high}`,
  )
  demand(s.payloadStart >= s.tcpStart, `payload before the header: ${s.payloadStart}`)
  demand(
    s.payloadBytes >= 0 && s.headerBytes >= 20 && s.headerBytes <= 60,
    `header ${s.headerBytes}, payload ${s.payloadBytes}`,
  )
}
