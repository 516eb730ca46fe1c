/**
 * Which connections of the two captures are the same one: by addresses and initial sequence numbers, then, where addresses were translated,
 * by initial sequence numbers alone, then by single packets. What fits more than one counterpart is left out and counted.
 */
import { distance, isRst } from '../evidence/view.js'
import type { Connection, Endpoint, Side, World } from '../model.js'
import { type Numbering, pairPackets } from './packets.js'
import type { Link, Vantage } from './types.js'

export interface Matching {
  links: Link[]
  /** Connections for which more than one counterpart fits. */
  ambiguous: number
}

const SIDES = ['client', 'server'] as const

export function matchConnections(a: Vantage, b: Vantage): Matching {
  const links = new Links()
  byAddresses(a.world, b.world, links)
  byInitialNumbers(a.world, b.world, links)
  byPackets(a.world, b.world, links)
  return { links: links.all, ambiguous: links.ambiguous.size }
}

class Links {
  readonly all: Link[] = []
  readonly linked = new Set<Connection>()
  readonly ambiguous = new Set<Connection>()
  private readonly known = new Set<string>()

  has(a: Connection, b: Connection): boolean {
    return this.known.has(`${a.id} ${b.id}`)
  }

  add(link: Link): void {
    const [a, b] = link.connections
    this.known.add(`${a.id} ${b.id}`)
    this.all.push(link)
    this.linked.add(a)
    this.linked.add(b)
  }
}

// ── the same addresses ──────────────────────────────────────────────────────────────────────────────────

function byAddresses(a: World, b: World, links: Links): void {
  const index = new Map<string, Connection[]>()
  for (const c of b.connections.values()) collect(index, addressKey(c), c)
  const groups = new Map<string, Connection[]>()
  for (const c of a.connections.values()) collect(groups, addressKey(c), c)
  for (const [key, mine] of groups) {
    const candidates = mine.flatMap(x => (index.get(key) ?? []).flatMap(y => linkOf(x, y, true) ?? []))
    // Incarnations of one 4-tuple: the pair with most in common first, each connection once.
    candidates.sort((x, y) => y.packets.length - x.packets.length)
    for (const link of candidates) if (!link.connections.some(c => links.linked.has(c))) links.add(link)
  }
}

function addressKey({ client, server }: Connection): string {
  return [text(client), text(server)].sort().join(' ')
}

function text(e: Endpoint): string {
  return `${e.address} ${e.port}`
}

// ── the same initial sequence numbers ───────────────────────────────────────────────────────────────────

/** Behind a translation both initial sequence numbers survive; of a refused SYN the client's does. */
function byInitialNumbers(a: World, b: World, links: Links): void {
  const index = new Map<number, Connection[]>()
  for (const c of b.connections.values())
    if (c.sides.client.isn !== undefined) collect(index, c.sides.client.isn, c)
  for (const x of a.connections.values()) {
    const { isn } = x.sides.client
    if (isn === undefined) continue
    const fitting = (index.get(isn) ?? [])
      .filter(y => !(links.linked.has(x) && links.linked.has(y)) && addressKey(x) !== addressKey(y))
      .flatMap(y => linkOf(x, y, false) ?? [])
    choose(fitting, [x], links)
  }
}

/** One counterpart is taken; of several, one that has far more packets in common than every other. */
function choose(fitting: Link[], concerned: Connection[], links: Links): void {
  const [best, second] = fitting.sort((x, y) => y.packets.length - x.packets.length)
  if (best === undefined) return
  if (second === undefined || best.packets.length > 2 * second.packets.length) links.add(best)
  else for (const c of concerned) links.ambiguous.add(c)
}

// ── the same packets ────────────────────────────────────────────────────────────────────────────────────

/** Distinct packets that must be the same; one data packet with timestamps would do, two leave no doubt. */
const LEAST_PACKETS = 2

/** What remains of reset connections: captured from their middle behind a translation, or a packet that slipped past one. */
function byPackets(a: World, b: World, links: Links): void {
  for (const [mine, theirs, swapped] of [
    [a, b, false],
    [b, a, true],
  ] as const) {
    const open = [...mine.connections.values()].filter(c => !links.linked.has(c) && c.segments.some(isRst))
    if (open.length === 0) continue
    const votes = voting(open, theirs)
    for (const [c, tally] of votes) {
      const counterparts = [...tally].filter(([d]) => !has(links, c, d, swapped)).sort((x, y) => y[1] - x[1])
      const fitting = counterparts.flatMap(
        ([d]) => (swapped ? linkOf(d, c, false) : linkOf(c, d, false)) ?? [],
      )
      choose(
        fitting.filter(l => enough(l, c)),
        [c],
        links,
      )
    }
  }
}

function has(links: Links, mine: Connection, theirs: Connection, swapped: boolean): boolean {
  return swapped ? links.has(theirs, mine) : links.has(mine, theirs)
}

/** A stray packet or two that all have their counterpart are enough. */
function enough({ packets }: Link, c: Connection): boolean {
  const own = c.segments.filter(r => !isRst(r)).length
  const sure = packets.filter(p => p.identified).length
  return (
    sure >= LEAST_PACKETS || (sure > 0 && sure === own && packets.some(p => p.records[0].payloadBytes > 0))
  )
}

function voting(open: Connection[], theirs: World): Map<Connection, Map<Connection, number>> {
  const index = new Map<string, Connection[]>()
  for (const c of open) for (const r of c.segments) if (!isRst(r)) collect(index, packetKey(r), c)
  const votes = new Map<Connection, Map<Connection, number>>(open.map(c => [c, new Map()]))
  for (const d of theirs.connections.values()) {
    for (const r of d.segments) {
      for (const c of (isRst(r) ? undefined : index.get(packetKey(r))) ?? []) {
        const tally = votes.get(c)!
        tally.set(d, (tally.get(d) ?? 0) + 1)
      }
    }
  }
  return votes
}

function packetKey(r: { seq: number; ack: number; payloadBytes: number; tsVal: number | undefined }): string {
  return `${r.seq} ${r.ack} ${r.payloadBytes} ${r.tsVal ?? ''}`
}

// ── are two connections one? ────────────────────────────────────────────────────────────────────────────

/** @returns the link where `a` and `b` are the same connection, undefined where they are not, or nothing tells */
function linkOf(a: Connection, b: Connection, sameAddresses: boolean): Link | undefined {
  if (a.ipVersion !== b.ipVersion && sameAddresses) return undefined
  for (const flipped of orientations(a, b, sameAddresses)) {
    const numbering: Numbering = {
      flipped,
      shift: { client: 0, server: 0 },
      stamps: { client: 0, server: 0 },
    }
    const equal = SIDES.map(side => initialNumbersEqual(a, b, side, numbering))
    const packets = pairPackets(a, b, numbering)
    const sure = packets.filter(p => p.identified).length
    const same = equal.includes(false)
      ? // Numbers that are rewritten leave IP IDs and timestamps alone; a proxy of its own does not.
        sure >= 2 && sure * 2 >= Math.min(a.segments.length, b.segments.length) / 2
      : sameAddresses
        ? equal.includes(true) || sure > 0 || packets.length >= 2 || sameReset(a, b, numbering)
        : (equal[0] === true && equal[1] === true) || sure > 0 || (equal.includes(true) && samePort(a, b))
    if (same) return { connections: [a, b], ...numbering, packets, resets: [] }
  }
  return undefined
}

function orientations(a: Connection, b: Connection, sameAddresses: boolean): boolean[] {
  if (sameAddresses)
    return text(a.client) === text(a.server) ? [false, true] : [text(a.client) !== text(b.client)]
  return a.rolesCertain && b.rolesCertain ? [false] : [false, true]
}

/** Undefined where one of them is unknown. Where they differ, `shift` is set for what follows. */
function initialNumbersEqual(
  a: Connection,
  b: Connection,
  side: Side,
  numbering: Numbering,
): boolean | undefined {
  const mine = a.sides[side].isn
  const theirs = b.sides[numbering.flipped ? (side === 'client' ? 'server' : 'client') : side].isn
  if (mine === undefined || theirs === undefined) return undefined
  numbering.shift[side] = distance(theirs, mine)
  return mine === theirs
}

function samePort(a: Connection, b: Connection): boolean {
  return a.client.port === b.client.port || a.server.port === b.server.port
}

/** Lone resets of the same 4-tuple. */
function sameReset(a: Connection, b: Connection, { flipped }: Numbering): boolean {
  return a.segments.some(
    r =>
      isRst(r) &&
      b.segments.some(s => isRst(s) && s.seq === r.seq && s.ack === r.ack && (s.from === r.from) !== flipped),
  )
}

function collect<K, T>(map: Map<K, T[]>, key: K, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
