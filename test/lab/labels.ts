/** From what a scenario truly did to a label for every RST frame of its captures. */
import { type Frame, RST, SYN, ACK, type Vantage } from './capture.ts'
import { reasonOf, type Told, wasTaken } from './kernel.ts'

export type Side = 'client' | 'server'

/** What really happened, and what the packets of this vantage cannot tell apart from it. */
export interface Truth {
  cause: string
  acceptable?: string[]
  originAcceptable?: string[]
  impact: string
  impactAcceptable?: string[]
}

export interface Observed {
  client: string
  server: string
  sender: Side
  frames: number[]
  /** Seconds since 1970 of its first frame. */
  time: number
  clientPort: number
  serverPort: number
  file: string
  vantage: Vantage
  kernelReason: string | null
  /** 0 for the first incarnation of this pair of ports seen in the capture. */
  incarnation: number
}

export type Judge = (reset: Observed) => Truth

interface Incarnation {
  isn: number | null
  /** Sequence numbers seen, by sender. */
  seen: Map<string, { least: number; most: number }>
}

export const portOf = (endpoint: string) => Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
const distance = (from: number, to: number) => (to - from) >>> 0

/** Who sent the SYN, by the two ends in a fixed order. */
export type Roles = Map<string, string>
const pairOf = (f: Frame) => [f.source, f.target].sort().join(' ')

export function learnRoles(frames: Frame[], roles: Roles) {
  for (const f of frames) {
    if ((f.flags & (SYN | ACK | RST)) === SYN) roles.set(pairOf(f), f.source)
    if ((f.flags & (SYN | ACK | RST)) === (SYN | ACK) && !roles.has(pairOf(f))) roles.set(pairOf(f), f.target)
  }
}

function note(incarnation: Incarnation, f: Frame) {
  const range = incarnation.seen.get(f.source)
  const end = (f.seq + f.length) >>> 0
  if (!range) incarnation.seen.set(f.source, { least: f.seq, most: end })
  else if (
    distance(range.least, end) < 2 ** 31 &&
    distance(range.least, end) > distance(range.least, range.most)
  )
    range.most = end
}

/** A RST belongs to the newest incarnation unless its sequence number fits only an older one. */
function owner(incarnations: Incarnation[], f: Frame): number {
  const newest = incarnations.length - 1
  for (let i = newest; i >= 0; i--) {
    const range = incarnations[i].seen.get(f.source)
    if (range && distance(range.least, f.seq) <= distance(range.least, range.most) + 2) return i
  }
  return newest
}

/** All resets of a capture: the RST frames grouped by connection, incarnation and sender. */
export function resetsOf(frames: Frame[], roles: Roles, isClient: (endpoint: string) => boolean) {
  const connections = new Map<string, Incarnation[]>()
  const groups = new Map<string, { first: Frame; frames: number[]; client: string; incarnation: number }>()
  for (const f of frames) {
    const pair = pairOf(f)
    const list: Incarnation[] = connections.get(pair) ?? [{ isn: null, seen: new Map() }]
    connections.set(pair, list)
    const current = list[list.length - 1]
    if (f.flags & RST) {
      const incarnation = owner(list, f)
      const key = `${pair} ${incarnation} ${f.source}`
      const client = roles.get(pair) ?? (isClient(f.source) ? f.source : f.target)
      const group = groups.get(key) ?? { first: f, frames: [], client, incarnation }
      groups.set(key, group)
      group.frames.push(f.number)
      continue
    }
    if ((f.flags & (SYN | ACK)) === SYN && current.isn !== f.seq) {
      if (current.isn === null && current.seen.size === 0) current.isn = f.seq
      else list.push({ isn: f.seq, seen: new Map() })
    }
    note(list[list.length - 1], f)
  }
  return [...groups.values()]
}

export interface ResetLabel extends Required<Truth> {
  client: string
  server: string
  sender: Side
  frames: number[]
  origin: string
  kernelReason: string | null
  taken: boolean
}

export interface CaptureLabel {
  file: string
  vantage: Vantage
  snaplen: number
  resets: ResetLabel[]
}

export interface Labelling {
  roles: Roles
  kernel: Told
  /** Seconds a segment needs at most from its sender to any vantage. */
  slowest: number
  isClient: (endpoint: string) => boolean
  judge: Judge
}

/** Labels one capture; throws when a RST frame that tshark sees is not in exactly one reset. */
export function labelCapture(
  at: { file: string; vantage: Vantage; snaplen: number },
  frames: Frame[],
  yardstick: number[],
  { roles, kernel, slowest, isClient, judge }: Labelling,
): CaptureLabel {
  const resets = resetsOf(frames, roles, isClient).map(group => {
    const { first } = group
    const server = group.client === first.source ? first.target : first.source
    const observed: Observed = {
      client: group.client,
      server,
      sender: group.client === first.source ? 'client' : 'server',
      frames: group.frames,
      time: first.time,
      clientPort: portOf(group.client),
      serverPort: portOf(server),
      file: at.file,
      vantage: at.vantage,
      kernelReason: reasonOf(kernel.sent, first.source, first.target, first.time, slowest),
      incarnation: group.incarnation,
    }
    const truth = judge(observed)
    return {
      client: observed.client,
      server,
      sender: observed.sender,
      frames: observed.frames,
      origin: 'endpoint',
      originAcceptable: truth.originAcceptable ?? [],
      cause: truth.cause,
      acceptable: truth.acceptable ?? [],
      impact: truth.impact,
      impactAcceptable: truth.impactAcceptable ?? [],
      kernelReason: observed.kernelReason,
      // Whether a socket at the other end accepted it.
      taken: wasTaken(kernel.taken, first.source, first.target, first.time, slowest),
    }
  })
  const labelled = resets.flatMap(r => r.frames).sort((a, b) => a - b)
  if (labelled.join() !== yardstick.join())
    throw new Error(`${at.file}: labelled RST frames ${labelled} are not tshark's ${yardstick}`)
  return { file: at.file, vantage: at.vantage, snaplen: at.snaplen, resets }
}

/** JSON with one reset a line: short, and a change shows as one line. */
export function printLabels(labels: { captures: CaptureLabel[] } & Record<string, unknown>): string {
  const { captures, ...head } = labels
  const start = JSON.stringify(head, null, 2).replace(/\n}$/, '')
  const items = captures.map(({ resets, ...about }) => {
    const lines = resets.map(r => `\n        ${JSON.stringify(r)}`).join(',')
    const opening = JSON.stringify(about).slice(0, -1)
    return `\n    ${opening}, "resets": [${lines}${resets.length ? '\n      ' : ''}] }`
  })
  return `${start},\n  "captures": [${items.join(',')}\n  ]\n}\n`
}
