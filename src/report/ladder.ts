/**
 * Folds the packets of a story into the few steps a person would draw: silences become steps, pure ACKs vanish, runs of data
 * and of retransmissions become one step each. Text, Markdown and HTML draw the same steps.
 */
import type { Side, StoryPacket } from '../model.js'
import { bytes, duration } from '../units.js'

export type Step = PacketStep | { kind: 'silence'; ms: number } | { kind: 'omitted'; packets: number }

export interface PacketStep {
  kind: 'packet'
  /** The side in whose name it was sent. */
  from: Side
  shape: 'open' | 'data' | 'again' | 'probe' | 'close' | 'reset' | 'ack'
  /** Plain words: `GET /cart, 517 B`, `FIN`, `retransmitted 3 times`. */
  text: string
  /** What a reader should notice about it. */
  remarks: string[]
  /** Nanoseconds since the timebase, of the first and the last packet. */
  timeNs: number
  lastNs: number
  frames: number[]
  /** Index of the capture the frames count in. */
  capture: number
  payloadBytes: number
  /** Id of the reset whose RST this is. */
  reset: string | null
  forged: boolean
}

/** A gap this long is drawn. */
export const SILENCE_MS = 1000

const FIN = 0x001
const SYN = 0x002
const RST = 0x004
const ACK = 0x010
const ACK_KINDS = new Set(['ack', 'duplicate-ack', 'window-update'])

interface Context {
  packets: StoryPacket[]
  index: number
  /** What has happened so far, per side: FIN and RST frames, and whether the window is closed. */
  fin: Partial<Record<Side, number>>
  rst: Partial<Record<Side, number>>
  closed: Record<Side, boolean>
  /** Remarks that need no repeating. */
  said: Set<string>
}

/** The steps of a story, oldest first. */
export function ladder(packets: StoryPacket[]): Step[] {
  const steps: Step[] = []
  const context: Context = {
    packets,
    index: 0,
    fin: {},
    rst: {},
    closed: { client: false, server: false },
    said: new Set(),
  }
  for (const [index, packet] of packets.entries()) {
    context.index = index
    const gap = gapBefore(packets, index)
    const last = lastPacketStep(steps)
    const remarks = remarksOn(packet, gap, context)
    const folds =
      last !== undefined && packet.omittedBefore === 0 && foldInto(last, packet, gap, packets[index - 1])
    if (!folds) {
      if (packet.omittedBefore > 0) steps.push({ kind: 'omitted', packets: packet.omittedBefore })
      if (gap >= SILENCE_MS) steps.push({ kind: 'silence', ms: gap })
      if (isWorthShowing(packet, remarks, context)) steps.push(stepOf(packet, remarks))
    } else if (last) last.remarks = joinRemarks(last.remarks, remarks)
    remember(packet, context)
  }
  return steps
}

const HOP_LIMITS = /^(?:TTL|hop limit) (.+), where (.+)$/

/** Says nothing twice: forged resets often differ in nothing but their hop limit. */
function joinRemarks(said: string[], more: string[]): string[] {
  const joined = [...said]
  for (const remark of more) {
    if (joined.includes(remark)) continue
    const [, value, others] = HOP_LIMITS.exec(remark) ?? []
    const at = value ? joined.findIndex(other => HOP_LIMITS.exec(other)?.[2] === others) : -1
    if (at < 0) joined.push(remark)
    else {
      const values = (HOP_LIMITS.exec(joined[at]) as RegExpExecArray)[1].split(', ')
      joined[at] = joined[at].replace(values.join(', '), [...new Set([...values, value])].join(', '))
    }
  }
  return joined
}

/** Milliseconds of silence right before a packet; 0 where packets were left out, for then nobody knows. */
function gapBefore(packets: StoryPacket[], index: number): number {
  if (index === 0 || packets[index].omittedBefore > 0) return 0
  return (packets[index].timeNs - packets[index - 1].timeNs) / 1e6
}

function lastPacketStep(steps: Step[]): PacketStep | undefined {
  const last = steps[steps.length - 1]
  return last?.kind === 'packet' ? last : undefined
}

function stepOf(packet: StoryPacket, remarks: string[]): PacketStep {
  return {
    kind: 'packet',
    from: packet.from,
    shape: shapeOf(packet),
    text: textOf(packet),
    remarks,
    timeNs: packet.timeNs,
    lastNs: packet.timeNs,
    frames: [packet.frame],
    capture: packet.capture,
    payloadBytes: packet.payloadBytes,
    reset: packet.reset,
    forged: packet.forged,
  }
}

function shapeOf({ kind, flags }: StoryPacket): PacketStep['shape'] {
  if (flags & RST) return 'reset'
  if (kind === 'retransmission') return 'again'
  if (flags & SYN) return 'open'
  if (flags & FIN) return 'close'
  if (kind === 'keepalive-probe' || kind === 'zero-window-probe') return 'probe'
  return ACK_KINDS.has(kind) ? 'ack' : 'data'
}

function textOf(packet: StoryPacket): string {
  const { flags, kind, payloadBytes } = packet
  const amount = payloadBytes > 0 ? bytes(payloadBytes) : ''
  if (flags & RST) return `${flags & SYN ? 'SYN+RST' : 'RST'}${amount && ` with ${amount} of text`}`
  if (kind === 'retransmission')
    return againText(flags & SYN ? 'SYN' : flags & FIN && !payloadBytes ? 'FIN' : 'data', 1)
  if (flags & SYN) return `SYN${flags & ACK ? ', ACK' : ''}${amount && ` with ${amount}`}`
  if (kind === 'keepalive-probe') return 'keep-alive probe'
  if (kind === 'zero-window-probe') return 'window probe'
  if (ACK_KINDS.has(kind)) return 'ACK'
  const data = amount && (packet.label ? `${named(packet.label)}, ${amount}` : `${amount} of data`)
  return flags & FIN ? (data ? `${data}, FIN` : 'FIN') : data || 'ACK'
}

/** Labels may end in a length of their own (of the body); the length on the wire replaces it. */
function named(label: string): string {
  return label.replace(/, [\d.]+ [kMGTP]?B$/, '')
}

function againText(what: string, times: number): string {
  return `${what} again${times > 1 ? `, ${times} times` : ''}`
}

/** Adds the packet to the step before when it only repeats or continues it. */
function foldInto(last: PacketStep, packet: StoryPacket, gap: number, previous: StoryPacket): boolean {
  const shape = shapeOf(packet)
  if (last.from !== packet.from || last.capture !== packet.capture || last.reset !== packet.reset)
    return false
  const repeats = shape === last.shape && shape !== 'data' && shape !== 'close'
  if (repeats && shape === 'open' && previous.seq !== packet.seq) return false
  if (repeats && shape === 'ack') return false
  const continues =
    shape === 'data' && last.shape === 'data' && gap < SILENCE_MS && isContinuation(last, packet)
  if (!repeats && !continues) return false
  last.frames.push(packet.frame)
  last.lastNs = packet.timeNs
  last.payloadBytes += packet.payloadBytes
  last.forged ||= packet.forged
  if (continues)
    last.text = last.text.replace(/\d[\d.]* [kMGTP]?B( of data)?$/, `${bytes(last.payloadBytes)}$1`)
  else last.text = timesText(last)
  return true
}

function isContinuation(last: PacketStep, packet: StoryPacket): boolean {
  return packet.label === undefined || last.text.startsWith(`${named(packet.label)}, `)
}

function timesText({ shape, text, frames }: PacketStep): string {
  const plain = text.replace(/,? \d+ times$/, '')
  return shape === 'reset' ? `${plain} ${frames.length} times` : `${plain}, ${frames.length} times`
}

/** Pure ACKs are noise, except at the start, where something may answer them, after a RST, or when they say something. */
function isWorthShowing(packet: StoryPacket, remarks: string[], { packets, index, rst }: Context): boolean {
  if (shapeOf(packet) !== 'ack' || remarks.length > 0) return true
  const next = packets[index + 1]
  if (index === 0 || next === undefined) return true
  return rst[packet.from] === undefined && (next.flags & RST) !== 0 && next.from !== packet.from
}

function remarksOn(packet: StoryPacket, gap: number, context: Context): string[] {
  const { from, flags, window } = packet
  if (flags & RST) return resetRemarks(packet, context)
  const other: Side = from === 'client' ? 'server' : 'client'
  const remarks: string[] = []
  const { fin, rst, closed } = context
  if (rst[from] !== undefined) remarks.push(`goes on after the RST in frame ${rst[from]}`)
  // A repeated FIN says nothing new.
  if (flags & FIN && fin[from] === undefined)
    remarks.push(fin[other] ? 'closes too' : gap >= SILENCE_MS ? 'closes its idle side' : 'closes its side')
  else if (packet.payloadBytes > 0 && fin[other] && fin[from] === undefined)
    remarks.push(`the ${other} had closed in frame ${fin[other]}`)
  if (window === 0 && !(flags & SYN) && !closed[from]) remarks.push('window closed: can take no more')
  if (window > 0 && closed[from]) remarks.push('window open again')
  const fresh = remarks.filter(remark => !context.said.has(`${from} ${remark}`))
  for (const remark of fresh) if (/frame/.test(remark)) context.said.add(`${from} ${remark}`)
  return fresh
}

function resetRemarks(packet: StoryPacket, { packets, index }: Context): string[] {
  const remarks = packet.forged ? ['made by a device on the path'] : []
  const before = packets.slice(0, index)
  const trigger = before.findLast(other => other.from !== packet.from && !(other.flags & RST))
  if (trigger && isAnswer(packet, trigger)) {
    remarks.push(`answers frame ${trigger.frame}: ${packet.flags & ACK ? 'ack = its end' : 'seq = its ack'}`)
  }
  const own = before.findLast(other => other.from === packet.from && !(other.flags & RST))
  if (packet.resetText) remarks.push(`says "${packet.resetText}"`)
  if (packet.copies.length > 0) remarks.push(`recorded ${packet.copies.length + 1} times`)
  if (own && own.hopLimit !== packet.hopLimit)
    remarks.push(
      `${packet.ipId < 0 ? 'hop limit' : 'TTL'} ${packet.hopLimit}, where the ${packet.from}'s own packets have ${own.hopLimit}`,
    )
  return remarks
}

/**
 * RFC 9293 §3.10.7.1: a RST that answers a segment takes its number from that segment's ACK and has no ACK flag; only where the segment
 * had none (a SYN) it has number 0 and acknowledges it. A RST with ACK in an open connection was sent by itself.
 */
function isAnswer(rst: StoryPacket, trigger: StoryPacket): boolean {
  if (!(rst.flags & ACK)) return (trigger.flags & ACK) !== 0 && rst.seq === trigger.ack
  return !(trigger.flags & ACK) && (trigger.flags & SYN) !== 0 && rst.ack === endOf(trigger)
}

function endOf({ seq, payloadBytes, flags }: StoryPacket): number {
  return (seq + payloadBytes + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) >>> 0
}

function remember(packet: StoryPacket, { fin, rst, closed }: Context): void {
  const { from, flags, frame, window } = packet
  if (flags & RST) rst[from] ??= frame
  else if (flags & FIN) fin[from] ??= frame
  if (!(flags & (SYN | RST))) closed[from] = window === 0
}

/** How long the repetitions of a step took, when that is worth a word: `over 2.8 s`. */
export function spanWords({ timeNs, lastNs, shape }: PacketStep): string | undefined {
  const ms = (lastNs - timeNs) / 1e6
  return shape !== 'data' && ms >= SILENCE_MS ? `over ${duration(ms)}` : undefined
}

/** At most `most` steps: the first two, and those up to the reset and a little past it. */
export function abridge(steps: Step[], reset: string, most: number): Step[] {
  if (steps.length <= most) return steps
  const at = steps.findIndex(step => step.kind === 'packet' && step.reset === reset)
  const center = at < 0 ? steps.length - 1 : at
  const end = Math.min(steps.length, center + 4)
  const start = Math.max(2, end - (most - 3))
  const left = steps.slice(2, start)
  const middle: Step[] = left.length > 0 ? [{ kind: 'omitted', packets: packetsIn(left) }] : []
  const after = steps.slice(end)
  const tail: Step[] = after.length > 0 ? [{ kind: 'omitted', packets: packetsIn(after) }] : []
  return [...steps.slice(0, 2), ...middle, ...steps.slice(start, end), ...tail]
}

function packetsIn(steps: Step[]): number {
  return steps.reduce(
    (sum, step) =>
      sum + (step.kind === 'packet' ? step.frames.length : step.kind === 'omitted' ? step.packets : 0),
    0,
  )
}
