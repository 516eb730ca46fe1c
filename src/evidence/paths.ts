/** Round trips between the capture point and a host, over all connections of the same two hosts: one connection alone has too few samples. */
import type { Connection, SegmentKind, Side, World } from '../model.js'
import { outlinesOf } from './outlines.js'
import { distance, endOf, hasAck, isRst } from './view.js'

/** Share of the smallest round trip that certainly has to pass before an answer; the rest is jitter. */
export const CERTAIN_SHARE = 0.7

/** Below this, round trips are dominated by scheduling and nothing follows from a quick answer. */
export const MEASURABLE_RTT_MS = 3

export interface RoundTrip {
  /** Smallest response ever seen; undefined when none could be timed. */
  ns: number | undefined
  /** Answers that were no slower than 1.5 times that, as far as kept: one alone may have been anything, several agreeing ones are the path. */
  samples: number
}

const cache = new WeakMap<World, HostPairs>()

/** @param side whose answers are timed, seen from the capture point */
export function roundTrip(world: World, connection: Connection, side: Side): RoundTrip {
  const pairs = pairsOf(world)
  const answering = connection[side].address
  const asking = connection[otherSide(side)].address
  const pair = pairs.of(connection.id) ?? pairs.between(answering, asking)
  if (pair === undefined) return UNTIMED
  const way = pair * 2 + (answering < asking ? 0 : 1)
  return (pairs.measured[way] ??= measure(world, pairs.members(pair), answering, asking))
}

const UNTIMED: RoundTrip = { ns: undefined, samples: 0 }

/** Numbers of the traced connections between two hosts, whoever of them opened, in order of appearance. */
export function connectionsBetween(world: World, a: string, b: string): readonly number[] {
  const pairs = pairsOf(world)
  const pair = pairs.between(a, b)
  return pair === undefined ? [] : pairs.members(pair)
}

function otherSide(side: Side): Side {
  return side === 'client' ? 'server' : 'client'
}

function pairsOf(world: World): HostPairs {
  let pairs = cache.get(world)
  if (!pairs) cache.set(world, (pairs = new HostPairs(world)))
  return pairs
}

/** More addresses than a process can hold connections of; a pair of their numbers is an exact integer. */
const ADDRESSES = 2 ** 26

/** Pairs of hosts by number: a key of both addresses, made for every reset and hashed anew, took a tenth of what judging costs. */
class HostPairs {
  /** By pair, first where the lower address answers: what was measured. */
  readonly measured: RoundTrip[] = []
  private readonly addresses = new Map<string, number>()
  private readonly pairs = new Map<number, number>()
  /** By connection. */
  private readonly pairOf: number[] = []
  /** The pair's next connection, by connection; its first and its last, by pair. */
  private readonly next: number[] = []
  private readonly first: number[] = []
  private readonly last: number[] = []

  constructor(world: World) {
    for (const { id, client, server } of outlinesOf(world)) this.add(id, client.address, server.address)
  }

  /** The pair of a connection. */
  of(connection: number): number | undefined {
    return this.pairOf[connection]
  }

  between(a: string, b: string): number | undefined {
    const [one, other] = [this.addresses.get(a), this.addresses.get(b)]
    return one === undefined || other === undefined ? undefined : this.pairs.get(keyOf(one, other))
  }

  /** Its connections, in order of appearance. */
  members(pair: number): number[] {
    const last = this.last[pair]
    const list = [this.first[pair]]
    for (let id = list[0]; id !== last; list.push(id)) id = this.next[id]
    return list
  }

  private add(id: number, client: string, server: string): void {
    const key = keyOf(this.numberOf(client), this.numberOf(server))
    let pair = this.pairs.get(key)
    if (pair === undefined) {
      this.pairs.set(key, (pair = this.first.push(id) - 1))
    } else this.next[this.last[pair]] = id
    this.last[pair] = id
    this.pairOf[id] = pair
  }

  private numberOf(address: string): number {
    let number = this.addresses.get(address)
    if (number === undefined) this.addresses.set(address, (number = this.addresses.size))
    return number
  }
}

function keyOf(one: number, other: number): number {
  return Math.min(one, other) * ADDRESSES + Math.max(one, other)
}

interface Samples {
  ns: number
  responses: number[]
}

/** Only paths that somebody asks about: of most siblings no segment has to be looked at. */
function measure(world: World, ids: number[], answering: string, asking: string): RoundTrip {
  let path: Samples | undefined
  for (const id of ids) {
    const c = world.connections.get(id)!
    for (const side of ['client', 'server'] as const) {
      if (c[side].address !== answering || c[otherSide(side)].address !== asking) continue
      const responses = responsesOf(c, side)
      // The tracker times all segments, but one at a time: what answers others is timed here, among those that were kept.
      let ns = c.sides[side].minResponseNs ?? Number.POSITIVE_INFINITY
      for (const response of responses) if (response < ns) ns = response
      if (!Number.isFinite(ns)) continue
      path ??= { ns, responses: [] }
      if (ns < path.ns) path.ns = ns
      addResponses(responses, path)
    }
  }
  if (path === undefined) return { ns: undefined, samples: 0 }
  const slowest = path.ns * AGREEING
  let samples = 0
  for (const ns of path.responses) if (ns <= slowest) samples++
  return { ns: path.ns, samples }
}

/** Beyond so many agreeing samples nothing depends on how many there are. */
const MOST_SAMPLES = 64

/** The minimum only falls: what does not agree with it now never will. */
function addResponses(responses: number[], path: Samples): void {
  const limit = path.ns * AGREEING
  for (const ns of responses) if (ns <= limit) path.responses.push(ns)
  if (path.responses.length > 2 * MOST_SAMPLES)
    path.responses = path.responses.sort((a, b) => a - b).slice(0, MOST_SAMPLES)
}

/** Responses no slower than this times the smallest confirm it; a slower one held thinking time or waited for a busy host. */
const AGREEING = 1.5

// Reused, and searched by hand: with lists that were emptied and searched by `lastIndexOf` this was most of what a round trip costs.
let ends = new Int32Array(256)
let sentNs = new Float64Array(256)
let sent = 0

function noteSent(end: number, timeNs: number): void {
  if (sent === ends.length) {
    const [olderEnds, olderNs] = [ends, sentNs]
    ends = new Int32Array(sent * 2)
    ends.set(olderEnds)
    sentNs = new Float64Array(sent * 2)
    sentNs.set(olderNs)
  }
  ends[sent] = end
  sentNs[sent++] = timeNs
}

/** Place of what was sent last up to this number, -1 where nothing was. */
function lastSentTo(end: number): number {
  const wanted = end | 0
  let at = sent - 1
  while (at >= 0 && ends[at] !== wanted) at--
  return at
}

/** What was sent before, whether that was captured or not. */
const REPEATS: ReadonlySet<SegmentKind> = new Set(['retransmission', 'keepalive-probe', 'zero-window-probe'])

/** Times from a segment of the other side to this side's first acknowledgement of exactly its end. */
function responsesOf(c: Connection, side: Side): number[] {
  const responses: number[] = []
  sent = 0
  let acked: number | undefined
  for (const r of c.segments) {
    if (isRst(r)) continue
    if (r.from !== side) {
      const end = endOf(r)
      if (end === r.seq) continue
      // Karn: what was sent twice times nothing.
      const again = lastSentTo(end)
      if (again >= 0) sentNs[again] = Number.NaN
      else if (!REPEATS.has(r.kind)) noteSent(end, r.timeNs)
      continue
    }
    if (!hasAck(r) || (acked !== undefined && distance(r.ack, acked) <= 0)) continue
    acked = r.ack
    const answered = lastSentTo(r.ack)
    if (answered >= 0 && !Number.isNaN(sentNs[answered])) responses.push(r.timeNs - sentNs[answered])
  }
  return responses
}
