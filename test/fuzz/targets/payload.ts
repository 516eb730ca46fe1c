/** The payload readers alone: conversations of damaged openings of every protocol, with gaps and cuts. */
import * as application from '../../../src/flow/application/index.js'
import { heardTwice, type Piece, questions } from '../../application/hearing.js'
import { bytes as bytesOfText, SEEDS } from '../../application/openings.js'
import { demand } from '../demand.js'
import { Dice, NASTY, seedOf } from '../dice.js'
import { WORDS } from '../packet.js'
import type { Target } from './target.js'

const SIZE = 200
const PORTS = [
  0, 21, 25, 53, 80, 110, 143, 443, 1433, 3306, 3389, 5060, 5432, 5672, 6379, 9092, 27017,
] as const
const OPENINGS = SEEDS.map(([side, text]) => ({ side, data: bytesOfText(text) }))

function piece(dice: Dice): Piece {
  const side = dice.chance(0.5) ? 0 : 1
  if (dice.chance(0.1)) return { side, data: bytesOfText(dice.pick(WORDS)) }
  if (dice.chance(0.1))
    return { side, data: Uint8Array.from({ length: dice.below(300) + 1 }, () => dice.below(256)) }
  const opening = dice.pick(OPENINGS)
  const data = opening.data.slice(0, dice.chance(0.3) ? 1 + dice.below(opening.data.length) : undefined)
  for (let edits = dice.below(4); edits > 0; edits--)
    data[dice.below(data.length)] = dice.chance(0.5) ? dice.pick(NASTY) & 255 : dice.below(256)
  return { side: dice.chance(0.9) ? opening.side : side, data }
}

function talk(dice: Dice): void {
  const state = application.createApplicationState(dice.pick(PORTS))
  for (let turn = dice.between(1, 8); turn > 0; turn--) {
    const { side, data } = piece(dice)
    // Inside a larger buffer, as payload always lies.
    const room = new Uint8Array(data.length + 32).fill(0x41)
    room.set(data, 16)
    const step = dice.chance(0.6) ? data.length : dice.between(1, 40)
    for (let at = 0; at < data.length; at += step) {
      const end = Math.min(data.length, at + step)
      const missing = dice.chance(0.1) ? dice.pick(NASTY) : 0
      const gap = dice.chance(0.1) ? dice.pick([-1, 1, 900, 2 ** 31]) : 0
      const label = application.peek(state, side, room, 16 + at, 16 + end, missing, gap, turn)
      demand((label?.length ?? 0) <= 120, `a label of ${label?.length} characters`)
    }
    questions(state)
  }
  for (const side of [0, 1] as const) application.peekFin(state, side, 99)
  questions(state)
  demand(
    Math.min(state.outstanding, state.sides[0].completed, state.sides[1].completed) >= 0,
    'negative counts',
  )
  demand(JSON.stringify(state).length < 20_000, 'the state grows')
}

/** Where segments end must not change what was said, unless boundaries were lost: then the start of a piece is a hint. */
function cutOtherwise(dice: Dice): void {
  const port = dice.pick(PORTS)
  const longest = dice.pick([6, 60])
  function* pieces(): Generator<Piece> {
    for (let turn = dice.between(1, 4); turn > 0; turn--) yield piece(dice)
  }
  const heard = heardTwice(pieces(), () => dice.between(1, longest), port)
  if (!heard) return
  const [whole, cut] = [JSON.stringify(heard.whole), JSON.stringify(heard.cut)]
  demand(whole === cut, `segments cut otherwise: ${cut} instead of ${whole}`)
}

export const payload: Target = {
  execution: 'a conversation of damaged payloads read by the protocol readers',
  size: SIZE,
  run(seed) {
    for (let i = 0; i < SIZE; i++) {
      const dice = new Dice(seedOf(seed, i))
      if (i % 4 === 3) cutOtherwise(dice)
      else talk(dice)
    }
  },
}
