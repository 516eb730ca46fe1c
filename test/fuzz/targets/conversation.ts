/**
 * Tracker, facts, verdicts and incidents alone: a few connections of plausible segments, disordered, fed from memory in one pass and in two.
 * Every RST must stand in exactly one reset, both ways must tell the same, and what is told must fit the schema.
 */
import { conclude } from '../../../src/analyze.js'
import { buildWorld, type FrameSource } from '../../../src/flow/index.js'
import type { Frame, Report } from '../../../src/model.js'
import { createDecoder } from '../../../src/wire/decoder.js'
import { reportDefect } from '../../schema/validate.js'
import { batchOf } from '../../wire/judge.js'
import { demand } from '../demand.js'
import { Dice, NASTY, seedOf } from '../dice.js'
import { WORDS } from '../packet.js'
import type { Target } from './target.js'

const SIZE = 20
const RAW_IP = 101
const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16]

interface Packet {
  /** 0 = client, 1 = server. */
  from: 0 | 1
  connection: number
  timeNs: number
  seq: number
  ack: number
  flags: number
  window: number
  hopLimit: number
  ipId: number
  payload: Uint8Array
  options: number[]
}

const SYN_OPTIONS = [2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1]
const STEPS = [0, 1e3, 1e6, 4e7, 2e8, 1e9, 5e9, 6e10, 9e11] as const

/** One connection from its SYN to its end, as a healthy pair of hosts would have it up to the reset. */
function connection(dice: Dice, number: number): Packet[] {
  const list: Packet[] = []
  const isn = [dice.chance(0.1) ? 0xfffffff0 : dice.word(), dice.word()]
  const next = [isn[0], isn[1]]
  const hops = [64, dice.pick([52, 64, 128, 255])]
  const ids = [dice.below(65536), dice.chance(0.3) ? 0 : dice.below(65536)]
  let timeNs = dice.below(1000) * 1e6
  const say = (from: 0 | 1, flags: number, payload = new Uint8Array(0), over: Partial<Packet> = {}): void => {
    timeNs += dice.pick(STEPS) + dice.below(1_000_000)
    const [seq, ack] = [next[from], flags & ACK ? next[1 - from] : 0]
    next[from] = (next[from] + payload.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0
    ids[from] = (ids[from] + 1) & 0xffff
    const options = flags & SYN ? SYN_OPTIONS : []
    const window = flags & RST ? 0 : dice.pick([0, 502, 65535])
    const own = { window, hopLimit: hops[from], ipId: ids[from], payload, options }
    list.push({ from, connection: number, timeNs, seq, ack, flags, ...own, ...over })
  }
  if (dice.chance(0.85)) {
    say(0, SYN)
    if (dice.chance(0.9)) say(1, SYN | ACK)
    if (dice.chance(0.9)) say(0, ACK)
  }
  for (let turns = dice.below(7); turns > 0; turns--) {
    const from = dice.chance(0.5) ? 0 : 1
    const words = new Uint8Array(Buffer.from(dice.pick(WORDS), 'latin1'))
    say(from, PSH | ACK, dice.chance(0.6) ? words : new Uint8Array(dice.pick([1, 100, 1448])))
    if (dice.chance(0.6)) say(from === 0 ? 1 : 0, ACK)
  }
  for (const side of [0, 1] as const) if (dice.chance(0.3)) say(side, FIN | ACK)
  for (let resets = dice.pick([0, 1, 1, 1, 2, 5]); resets > 0; resets--) {
    const from = dice.chance(0.6) ? 1 : 0
    const over = dice.chance(0.3) ? { hopLimit: dice.below(256), ipId: dice.below(65536) } : {}
    say(
      from,
      dice.pick([RST, RST | ACK, RST | PSH | ACK, RST | SYN]),
      new Uint8Array(dice.chance(0.05) ? 9 : 0),
      over,
    )
    if (dice.chance(0.3)) say(dice.chance(0.5) ? 0 : 1, ACK, new Uint8Array(dice.pick([0, 0, 5])))
  }
  return list
}

/** Packets as a bad capture has them: lost, doubled, out of order, with wild numbers and clocks. */
function disorder(packets: Packet[], dice: Dice): Packet[] {
  const list = packets.toSorted((a, b) => a.timeNs - b.timeNs)
  for (let changes = dice.below(6); changes > 0 && list.length > 0; changes--) {
    const at = dice.below(list.length)
    const packet = list[at]
    dice.pick([
      () => void list.splice(at, dice.pick([1, 1, 3])),
      () => void list.splice(dice.below(list.length + 1), 0, packet),
      () => void list.splice(at, 0, ...Array.from({ length: dice.pick([2, 40]) }, () => packet)),
      () =>
        (list[at] = {
          ...packet,
          seq: dice.chance(0.5) ? dice.word() : (packet.seq + dice.between(-3000, 3000)) >>> 0,
        }),
      () =>
        (list[at] = {
          ...packet,
          ack: dice.chance(0.5) ? dice.word() : (packet.ack + dice.between(-3000, 3000)) >>> 0,
        }),
      () => (list[at] = { ...packet, flags: dice.below(256) }),
      () => (list[at] = { ...packet, from: packet.from === 0 ? 1 : 0 }),
      () => (list[at] = { ...packet, connection: 0 }),
      () => (list[at] = { ...packet, timeNs: dice.pick([0, -5e9, 1e15, packet.timeNs + 1e12]) }),
      () =>
        (list[at] = { ...packet, window: dice.pick(NASTY) & 0xffff, payload: packet.payload.slice(0, 3) }),
      () =>
        (list[at] = {
          ...packet,
          options: Array.from({ length: 4 * dice.below(11) }, () => dice.below(256)),
        }),
    ])()
  }
  return list
}

/** IPv4 and TCP, without checksums, as offloading leaves them. */
function bytesOf(p: Packet, port: number): Uint8Array {
  const header = 20 + p.options.length
  const bytes = new Uint8Array(20 + header + p.payload.length)
  const view = new DataView(bytes.buffer)
  const client = 0x0a000001 + (p.connection >> 1)
  view.setUint16(0, 0x4500)
  view.setUint16(2, bytes.length)
  view.setUint16(4, p.ipId)
  view.setUint16(6, 0x4000)
  view.setUint8(8, p.hopLimit)
  view.setUint8(9, 6)
  view.setUint32(12, p.from === 0 ? client : 0x0a000101)
  view.setUint32(16, p.from === 0 ? 0x0a000101 : client)
  const ports = [40_000 + p.connection, port]
  view.setUint16(20, ports[p.from])
  view.setUint16(22, ports[1 - p.from])
  view.setUint32(24, p.seq)
  view.setUint32(28, p.ack)
  view.setUint16(32, ((header / 4) << 12) | p.flags)
  view.setUint16(34, p.window)
  bytes.set(p.options, 40)
  bytes.set(p.payload, 20 + header)
  return bytes
}

function framesOf(seed: number): Frame[] {
  const dice = new Dice(seed)
  const port = dice.pick([80, 443, 3306, 6379, 9999])
  const all = Array.from({ length: dice.pick([1, 1, 2, 4]) }, (_, i) => connection(dice, i)).flat()
  return disorder(all, dice).map((packet, i) => {
    const data = bytesOf(packet, port)
    const size = { data, start: 0, end: data.length, originalLength: data.length }
    return { number: i + 1, capture: 0, timeNs: packet.timeNs, linkType: RAW_IP, ...size }
  })
}

async function report(frames: Frame[], rereadable: boolean): Promise<Report> {
  const source: FrameSource = {
    timebase: { seconds: 1_700_000_000 },
    rereadable,
    async readBatches(onBatch) {
      for (const frame of frames) onBatch(batchOf(frame), 0, 1)
    },
  }
  return conclude(await buildWorld(source, createDecoder), []).report
}

async function check(frames: Frame[]): Promise<void> {
  const twice = await report(frames, true)
  const once = await report(frames, false)
  demand(JSON.stringify(twice) === JSON.stringify(once), 'one pass tells another story than two')
  const wanted = frames.filter(({ data }) => data[33] & RST && data[32] >= 0x50).map(frame => frame.number)
  const listed = twice.resets.flatMap(reset => reset.frames).sort((a, b) => a - b)
  demand(String(wanted) === String(listed), `RST frames are ${wanted}, listed are ${listed}`)
  for (const { id, confidence, alternatives, connection } of twice.resets) {
    const sum = confidence + alternatives.reduce((all, a) => all + a.confidence, 0)
    demand(sum <= 1.0001, `${id}: confidences sum up to ${sum}`)
    demand(connection.durationMs >= 0, `${id} lasted ${connection.durationMs} ms`)
  }
  const defect = reportDefect(JSON.parse(JSON.stringify(twice)))
  demand(defect === undefined, `against the schema: ${defect}`)
}

export const conversation: Target = {
  execution: 'some connections of disordered segments tracked and judged, in one pass and in two',
  size: SIZE,
  async run(seed) {
    for (let i = 0; i < SIZE; i++) await check(framesOf(seedOf(seed, i)))
  },
}
