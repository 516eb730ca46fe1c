/** What the comparison adds to the evidence of one reset, as sentences that name frames of both captures. */
import type { Case } from '../evidence/index.js'
import { hasAck } from '../evidence/view.js'
import type { EvidenceLine, SegmentRecord, Side } from '../model.js'
import { endpoint, plural } from '../units.js'
import { arrival } from './coverage.js'
import type { Fate, Scene } from './fate.js'
import type { Part } from './groups.js'
import { opposite } from './place.js'
import type { CaptureIndex, Link } from './types.js'

export interface Proof {
  evidence: EvidenceLine[]
  cannotTell: string[]
}

/** @param part the part of the reset that is reported */
export function proofOf(scene: Scene, part: Part, reaction: Reaction | undefined, origin: string): Proof {
  const proof: Proof = { evidence: [], cannotTell: [] }
  const kinds = grouped(part)
  for (const told of kinds.values()) tellFate(scene, part, told, proof, origin)
  tellTrigger(scene, part, reaction, proof)
  tellTranslation(scene, part, proof)
  return proof
}

type Told = [SegmentRecord, Fate][]

function grouped({ fates }: Part): Map<Fate['kind'], Told> {
  const kinds = new Map<Fate['kind'], Told>()
  for (const entry of fates) kinds.set(entry[1].kind, [...(kinds.get(entry[1].kind) ?? []), entry])
  return kinds
}

function tellFate(scene: Scene, part: Part, told: Told, proof: Proof, origin: string): void {
  const { index } = part
  const [own, other] = [scene.vantages[index].name, scene.vantages[opposite(index)].name]
  const [rst, fate] = told[0]
  const which =
    told.length > 1
      ? `frames ${list(told.map(t => t[0].frame))} of ${own} have`
      : `frame ${rst.frame} of ${own} has`
  const sender = hostOf(part)
  const frames = told.slice(0, 8).map(t => t[0].frame)
  if (fate.kind === 'made-between') {
    add(
      proof,
      `${sender} did not send it: ${which} no counterpart in ${other}, ${fate.coverage.says}`,
      frames,
    )
    add(
      proof,
      `${other}, on ${sender}'s side, shows this connection right before and after that moment`,
      fate.coverage.frames,
      opposite(index),
    )
  } else if (fate.kind === 'perhaps-made-between') {
    add(
      proof,
      `${which} no counterpart in ${other}, ${fate.coverage.says}`,
      frames,
      undefined,
      origin !== 'endpoint',
    )
    proof.cannotTell.push(
      `whether ${sender} sent it: ${other} may have been stopped before, or leave out this port`,
    )
  } else if (fate.kind === 'in-both') tellBoth(scene, part, told, proof, origin)
  else if (fate.kind === 'lost-between') {
    add(
      proof,
      `${which} left ${sender} and never arrived in ${other}, ${fate.coverage.says}: something on the way dropped it`.replace(
        / (has|have) left/,
        ' left',
      ),
      frames,
      undefined,
      origin !== 'middlebox',
    )
  } else proof.cannotTell.push(`from ${other}: ${fate.why}`)
}

function tellBoth({ vantages, near }: Scene, part: Part, told: Told, proof: Proof, origin: string): void {
  const { index, connection } = part
  const genuine = origin !== 'middlebox'
  const pairs = told.flatMap(([, fate]) => (fate.kind === 'in-both' ? [fate.pair] : []))
  const first = pairs[0]
  const from = near(connection, index, first.records[index].from) ?? index
  const [start, end] = [first.records[from], first.records[opposite(from)]]
  const hops = start.hopLimit - end.hopLimit
  const way = hops > 0 ? ` ${plural(hops, 'hop')} later` : ''
  const many = pairs.length > 1 ? ` (and ${pairs.length - 1} more likewise)` : ''
  const statement = `it passed both: frame ${start.frame} of ${vantages[from].name} is frame ${end.frame} of ${vantages[opposite(from)].name}${way}${many}`
  add(
    proof,
    statement,
    pairs.slice(0, 8).map(p => p.records[index].frame),
    undefined,
    genuine,
  )
  const there = opposite(index)
  add(
    proof,
    `the same in ${vantages[there].name}`,
    pairs.slice(0, 8).map(p => p.records[there].frame),
    there,
    genuine,
  )
  const changed = pairs.find(p => p.rewritten)
  if (!changed) return
  const [a, b] = changed.records
  add(
    proof,
    `a device rewrote its sequence number: ${a.seq} in ${vantages[0].name}, ${b.seq} in ${vantages[1].name}`,
    [changed.records[index].frame],
  )
}

/** What a reset that was made between the captures reacted to, and where it arrived; undefined where that cannot be told. */
export interface Reaction {
  asked: SegmentRecord
  /** In the other capture; undefined: it never came there. */
  arrived: SegmentRecord | undefined
}

/** Whether what the reset answers got through: a device that swallows it stands in the path, one that lets it pass works on a copy. */
export function reactionOf(scene: Scene, part: Part, item: Case): Reaction | undefined {
  if (![...part.fates.values()].some(fate => fate.kind === 'made-between')) return undefined
  const { index, connection, group } = part
  const links = scene.linksOf.get(connection) ?? []
  const { first, peer } = group.view
  const asked = askedBy(group.view, item)
  if (!asked || item.facts.sender !== first.from) return undefined
  if (scene.near(connection, index, peer.side, links[0]) !== index) return undefined
  return { asked, arrived: arrival(asked, links, index) }
}

/** A device answers at once: the newest segment from which the reset can have its number, else the newest data (or SYN). */
function askedBy({ before, first, peer }: Part['group']['view'], { facts }: Case): SegmentRecord | undefined {
  const asksSyn = facts.trigger === 'syn'
  const refused = hasAck(first) ? undefined : peer.records.findLast(r => hasAck(r) && r.ack === first.seq)
  return (
    refused ?? before.findLast(r => r.from === peer.side && (asksSyn ? (r.flags & 2) !== 0 : r.newBytes > 0))
  )
}

function tellTrigger({ vantages }: Scene, part: Part, reaction: Reaction | undefined, proof: Proof): void {
  if (!reaction) return
  const { asked, arrived } = reaction
  const there = opposite(part.index)
  const what = asked.label
    ? `"${asked.label}"`
    : asked.flags & 2
      ? 'the SYN'
      : asked.newBytes > 0
        ? 'the last data'
        : 'what it answers'
  if (arrived) {
    add(
      proof,
      `${what} (frame ${asked.frame}) reached ${vantages[there].name} all the same: the device works on a copy of the traffic`,
      [asked.frame],
    )
    add(proof, `${what} as it arrived in ${vantages[there].name}`, [arrived.frame], there)
  } else
    add(
      proof,
      `${what} (frame ${asked.frame}) never reached ${vantages[there].name}: the device holds packets back`,
      [asked.frame],
    )
}

function tellTranslation(
  { vantages, linksOf }: Scene,
  { connection, index, group }: Part,
  proof: Proof,
): void {
  const links = (linksOf.get(connection) ?? []).filter(translated)
  for (const link of links.slice(0, 2)) {
    const there = link.connections[opposite(index)]
    const text = `address translation: ${vantages[opposite(index)].name} shows this connection as ${endpoint(there.client)} > ${endpoint(there.server)}`
    add(proof, text, [group.view.connection.segments[0].frame])
  }
}

export function translated({ connections: [a, b], flipped }: Link): boolean {
  const [client, server] = flipped ? [b.server, b.client] : [b.client, b.server]
  return endpoint(a.client) !== endpoint(client) || endpoint(a.server) !== endpoint(server)
}

function hostOf({ connection, group }: Part): string {
  const side: Side = group.view.sender.side
  return side === 'server' ? endpoint(connection.server) : connection.client.address
}

function list(frames: number[]): string {
  return frames.length > 6 ? `${frames.slice(0, 5).join(', ')} … ${frames.at(-1)}` : frames.join(', ')
}

function add(
  proof: Proof,
  statement: string,
  frames: number[],
  capture?: CaptureIndex,
  supports = true,
): void {
  proof.evidence.push({
    statement,
    value: null,
    unit: null,
    frames,
    ...(capture === undefined ? {} : { capture }),
    supports,
  })
}
