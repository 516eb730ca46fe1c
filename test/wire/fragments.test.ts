import { expect, test } from 'vitest'
import { describeWith } from '../oracle.js'
import { be16, be32, eth, ip4, ip6, tcp, zeros } from './bytes.js'
import { differences, type TestFrame } from './judge.js'
import { generator } from './mutate.js'

type Range = [from: number, to: number]

const plain = tcp({ payload: zeros(60) })
const tunnelled = ip4(tcp({ payload: zeros(40) }))

/** Fragments of one packet: in pieces of random size, some twice, some overlapping, shuffled, one missing, one cut. */
function fragments(id: number, random: () => number): TestFrame[] {
  const pick = (n: number) => Math.floor(random() * n)
  const inner = random() < 0.2
  const six = random() < 0.3
  const body = inner ? tunnelled : plain
  return ranges(body.length, random).map(([from, to]) => {
    const part = body.slice(from, to)
    const more = to < body.length ? 1 : 0
    const header = [inner ? 4 : 6, 0, ...be16(from | more), ...be32(id)]
    const bytes = six
      ? eth(ip6([...header, ...part], { next: 44 }), 0x86dd)
      : eth(ip4(part, { id, protocol: inner ? 4 : 6, fragment: (more << 13) | (from >> 3) }))
    const cut = random() < 0.05 ? pick(10) : 0
    const name = `packet ${id} over IPv${six ? 6 : 4}, ${from}-${to}`
    return { name, linkType: 1, bytes: bytes.slice(0, bytes.length - cut), originalLength: bytes.length }
  })
}

function ranges(length: number, random: () => number): Range[] {
  const pick = (n: number) => Math.floor(random() * n)
  const units = Math.ceil(length / 8)
  const range = (unit: number): Range => [unit * 8, Math.min(length, (unit + 1 + pick(4)) * 8)]
  const list: Range[] = []
  for (let unit = 0; unit < units; unit = Math.ceil(list[list.length - 1][1] / 8)) list.push(range(unit))
  if (random() < 0.4) list.push(list[pick(list.length)])
  if (random() < 0.3) list.push(range(pick(units)))
  if (random() < 0.5) list.sort(() => random() - 0.5)
  if (random() < 0.15) list.splice(pick(list.length), 1)
  return list
}

describeWith(['tshark'], 'reassembly and tshark', () => {
  test('complete the same packets at the same frames', () => {
    const random = generator(31)
    const frames = Array.from({ length: 2000 }, (_, id) => fragments(id, random)).flat()
    const told = differences(frames).map(({ frame, number }) => `frame ${number}: ${frame.name}`)
    expect(told).toEqual([])
  }, 60_000)
})
