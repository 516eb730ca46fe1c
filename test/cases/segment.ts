/** What a stack puts into a segment unless the line says otherwise. */
import { be16, be32, type Bytes, zeros } from '../wire/bytes.js'
import { NotationError, type PacketLine } from './case.js'
import { namedPayload, textPayload } from './payload.js'
import type { Stack } from './stacks.js'

/** One side of a connection. Numbers are those on the wire. */
export interface End {
  isn: number | undefined
  next: number
  /** Highest number it acknowledged, and the one in its newest segment. */
  acked: number | undefined
  ipId: number
  tsBase: number
  tsRecent: number
  last: PacketLine | undefined
  lastSeq: number
  spoke: boolean
}

export interface Talk {
  ends: Map<string, End>
  old: Map<string, End> | undefined
  /** What both stacks support, unless the handshake's lines say otherwise. */
  timestamps: boolean
  scaling: boolean
  sack: boolean
}

/** What a segment is to the stack that sends it: ordinary, its socket's own abort, its answer to a segment or to a SYN. */
export type Kind = 'ordinary' | 'abort' | 'answer' | 'refuse'

export function kindOf(line: PacketLine, self: End, peer: End): Kind {
  if (!line.flags.includes('R')) return 'ordinary'
  if (!line.flags.includes('.')) return 'answer'
  return self.spoke || peer.acked !== undefined ? 'abort' : 'refuse'
}

export const defaultSeq = (kind: Kind) => (kind === 'refuse' ? '#0' : kind === 'answer' ? 'acked' : 'next')

export function defaultAck(kind: Kind, hasAck: boolean, stack: Stack, seq: number): string {
  if (hasAck) return 'peer'
  return kind === 'answer' && stack.answer.ackRepeatsSeq ? `#${seq}` : '#0'
}

export function defaultWindow(line: PacketLine, stack: Stack, kind: Kind): number {
  if (kind === 'answer' || kind === 'refuse') return 0
  if (kind === 'abort' && stack.abort.window !== 'live') return stack.abort.window
  return line.flags.includes('S') ? stack.synWindow : stack.window
}

/**
 * @param counted the side whose ISN plain numbers count from
 * @param own key of this side's end
 */
export function sequenceNumber(
  text: string,
  line: PacketLine,
  counted: End,
  self: End,
  peer: End,
  talk: Talk,
  own: string,
): number {
  const [, base, offset] = /^(#\d+|\d+|next|peer|acked|old\.next|old\.peer)([+-]\d+)?$/.exec(text) ?? []
  if (base === undefined) throw new NotationError(line.line, `not a sequence number: ${text}`)
  const old = (mine: boolean) => {
    const end = talk.old && [...talk.old].find(([name]) => (name === own) === mine)?.[1]
    if (!end) throw new NotationError(line.line, `${base}: these ports had no earlier connection`)
    return end.next
  }
  const bases: Record<string, () => number> = {
    next: () => self.next,
    peer: () => peer.next,
    acked: () => peer.acked ?? self.next,
    'old.next': () => old(true),
    'old.peer': () => old(false),
  }
  const value = base.startsWith('#')
    ? Number(base.slice(1))
    : (bases[base]?.() ?? (counted.isn ?? counted.next) + Number(base))
  return (value + Number(offset ?? 0)) >>> 0
}

export function payloadOf(line: PacketLine): Bytes {
  if (line.payload === undefined) return zeros(line.length).fill(0x78)
  if (!line.payload.startsWith('"')) {
    const named = namedPayload(line.payload)
    if (!named) throw new NotationError(line.line, `unknown payload ${line.payload}`)
    return named
  }
  return textPayload(JSON.parse(line.payload) as string)
}

export function tcpOptions(
  line: PacketLine,
  talk: Talk,
  stack: Stack,
  stamps: [number, number] | undefined,
  option: (n: string) => string | undefined,
  word: (w: string) => boolean,
): Bytes {
  const bytes: Bytes = []
  if (line.flags.includes('S') && !line.flags.includes('R')) {
    bytes.push(2, 4, ...be16(Number(option('mss') ?? stack.mss)))
    const shift = Number(option('ws') ?? stack.windowScale)
    const first = line.flags === 'S'
    if (shift >= 0 && (first || talk.scaling)) bytes.push(1, 3, 3, shift)
    if (stack.sack && (first || talk.sack) && !word('nosack')) bytes.push(1, 1, 4, 2)
  }
  if (stamps) bytes.push(1, 1, 8, 10, ...be32(stamps[0]), ...be32(stamps[1]))
  return bytes
}
