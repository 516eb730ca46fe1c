/**
 * Segments in a notation a kernel engineer reads at a glance, and worlds made of them. One segment a line:
 *
 *   [+TIME] SIDE FLAGS SEQ[(LENGTH)] [ack N] [win N] [id N] [ttl N] [ts VAL/ECR] [mss N] [ws N] [sackok] ["PAYLOAD"]
 *
 *   +10ms c SA 5000 ack 1001      10 ms after the line before (default 1 ms; units s, ms, us)
 *   c, s                          client and server; c2, s2: of another connection (the client's port is 40000 + number)
 *   S A F R P . -                 SYN ACK FIN RST PSH, . = ACK alone, - = no flag
 *   icmp 3/1 c 1000               an ICMP error quoting a segment of the client
 *
 * `#` begins a comment.
 */
import { buildWorld, type BuiltWorld, type WorldOptions } from '../../src/flow/index.js'
import type { BatchHandler, Connection, Frame, SegmentRecord } from '../../src/model.js'
import { ACK, FIN, PSH, RST, Segment, SYN } from '../../src/wire/segment.js'
import { FOUND_ICMP_ERROR, FOUND_TCP } from '../../src/wire/walk.js'
import { batchOf } from '../wire/judge.js'

/** How the same story is told: the world must not change but for what these say. */
export interface Telling {
  /** Added to all sequence numbers of a side (and to what acknowledges them). */
  clientShift?: number
  serverShift?: number
  timeShiftNs?: number
  ipVersion?: 4 | 6
  /** The client's address is the higher one. */
  swapped?: boolean
  singlePass?: boolean
}

interface Line {
  found: number
  segment: Segment
  frame: Frame
}

const FLAG_LETTERS: Record<string, number> = { S: SYN, A: ACK, F: FIN, R: RST, P: PSH, '.': ACK, '-': 0 }
const UNITS: Record<string, number> = { s: 1e9, ms: 1e6, us: 1e3 }
const LINE =
  /^(?:\+(?<time>[\d.]+)(?<unit>s|ms|us) +)?(?:icmp (?<type>\d+)\/(?<code>\d+) +)?(?<side>[cs])(?<number>\d*) +(?<flags>[SAFRP.-]+)? *(?<seq>\d+)(?:\((?<length>\d+)\))?(?<rest>.*)$/

export function parse(text: string, telling: Telling = {}): Line[] {
  const lines: Line[] = []
  let timeNs = telling.timeShiftNs ?? 0
  for (const raw of text.split('\n')) {
    const source = raw.replace(/#.*$/, '').trim()
    if (source === '') continue
    const groups = LINE.exec(source)?.groups
    if (!groups) throw new Error(`not in the notation: ${source}`)
    timeNs +=
      groups.time === undefined
        ? lines.length === 0
          ? 0
          : 1e6
        : Math.round(Number(groups.time) * UNITS[groups.unit])
    const data = new Uint8Array(0)
    const frame = {
      number: lines.length + 1,
      capture: 0,
      timeNs,
      data,
      start: 0,
      end: 0,
      originalLength: 0,
      linkType: 1,
    }
    lines.push({
      found: groups.type === undefined ? FOUND_TCP : FOUND_ICMP_ERROR,
      frame,
      segment: segmentOf(groups, telling),
    })
  }
  return lines
}

function segmentOf(groups: Record<string, string | undefined>, telling: Telling): Segment {
  const segment = new Segment()
  const fromClient = groups.side === 'c'
  const { clientShift = 0, serverShift = 0, ipVersion = 4 } = telling
  const option = (name: string) => new RegExp(`\\b${name} (\\d+)`).exec(groups.rest ?? '')?.[1]
  const number = (name: string, otherwise: number) => Number(option(name) ?? otherwise)
  segment.ipVersion = ipVersion
  address(segment.source, fromClient, telling)
  address(segment.destination, !fromClient, telling)
  const clientPort = 40000 + Number(groups.number || 0)
  segment.sourcePort = fromClient ? clientPort : 80
  segment.destinationPort = fromClient ? 80 : clientPort
  segment.ipId = ipVersion === 6 ? -1 : number('id', 0)
  segment.dontFragment = ipVersion === 6 ? -1 : 1
  segment.flowLabel = ipVersion === 6 ? 0x12345 : -1
  segment.hopLimit = number('ttl', fromClient ? 64 : 57)
  segment.flags = [...(groups.flags ?? '')].reduce((flags, letter) => flags | FLAG_LETTERS[letter], 0)
  // A number that is not the stream's, as in the RST that answers a SYN, is not shifted.
  const zero = groups.seq === '0' && (segment.flags & RST) !== 0
  segment.seq = zero ? 0 : (Number(groups.seq) + (fromClient ? clientShift : serverShift)) | 0
  const ack = option('ack')
  if (ack !== undefined) {
    segment.flags |= ACK
    segment.ack = (Number(ack) + (fromClient ? serverShift : clientShift)) | 0
  }
  segment.window = number('win', 500)
  segment.mss = number('mss', -1)
  segment.windowScale = number('ws', -1)
  segment.sackPermitted = /\bsackok\b/.test(groups.rest ?? '')
  const timestamps = /\bts (\d+)\/(\d+)/.exec(groups.rest ?? '')
  if (timestamps) {
    segment.hasTimestamps = true
    segment.tsVal = Number(timestamps[1]) | 0
    segment.tsEcr = Number(timestamps[2]) | 0
  }
  const payload = /"(.*)"/.exec(groups.rest ?? '')?.[1]
  const bytes =
    payload === undefined
      ? new Uint8Array(Number(groups.length ?? 0))
      : new TextEncoder().encode(JSON.parse(`"${payload}"`))
  segment.data = bytes
  segment.payloadBytes = bytes.length
  segment.payloadEnd = bytes.length
  segment.headerBytes = timestamps ? 32 : 20
  segment.icmpType = Number(groups.type ?? -1)
  segment.icmpCode = Number(groups.code ?? -1)
  return segment
}

function address(words: Int32Array, client: boolean, telling: Telling): void {
  const low = client !== (telling.swapped === true)
  if (telling.ipVersion === 6) words.set([0x20010db8, 0, 0, low ? 5 : 9])
  else words.set([0, 0, 0xffff, (10 << 24) | (low ? 5 : 9)])
}

/** A capture of these lines; decoding copies the prepared segment. */
export async function worldOf(
  text: string,
  telling: Telling = {},
  options: WorldOptions = {},
): Promise<BuiltWorld> {
  const lines = parse(text, telling)
  const source = {
    timebase: { seconds: 0 },
    rereadable: telling.singlePass !== true,
    readBatches: async (onBatch: BatchHandler) => {
      for (const line of lines) onBatch(batchOf(line.frame), 0, 1)
    },
  }
  const decode = (frame: Frame, into: Segment) => {
    const { segment, found } = lines[frame.number - 1]
    const { source, destination, layers, icmpSource, ...scalars } = segment
    Object.assign(into, scalars)
    into.source.set(source)
    into.destination.set(destination)
    into.layers.set(layers)
    into.icmpSource.set(icmpSource)
    return found
  }
  return buildWorld(source, () => ({ decode }), options)
}

/** The connections of a story, in order. */
export async function connectionsOf(text: string, telling: Telling = {}): Promise<Connection[]> {
  return [...(await worldOf(text, telling)).connections.values()]
}

/** The only connection of a story. */
export async function connectionOf(text: string, telling: Telling = {}): Promise<Connection> {
  const all = await connectionsOf(text, telling)
  if (all.length !== 1) throw new Error(`${all.length} connections instead of one`)
  return all[0]
}

export function kinds(c: Connection): string[] {
  return c.segments.map(s => `${s.from === 'client' ? 'c' : 's'} ${s.kind}`)
}

export function frames(records: SegmentRecord[]): number[] {
  return records.map(r => r.frame)
}

/** Every RST frame a world knows, wherever it stands. */
export function rstFrames(world: BuiltWorld): number[] {
  const all: number[] = []
  for (const c of world.connections.values()) {
    for (const s of c.segments) {
      if (s.kind === 'rst') all.push(s.frame)
      for (const copy of s.copies) all.push(copy.frame)
    }
    for (const rst of c.furtherRsts) all.push(rst.frame)
  }
  return all.sort((a, b) => a - b)
}

export const HANDSHAKE = `
  c S 1000 mss 1460 ws 7 sackok ts 1/0 id 100
  +20ms s S 5000 ack 1001 mss 1400 ws 8 sackok ts 9/1
  +1ms c . 1001 ack 5001 ts 2/9 id 101
`
