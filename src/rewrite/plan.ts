/** Which packets belong to which incident: the connections of its resets, from their first to their last packet, within bounds. */
import ipaddr from 'ipaddr.js'
import { KeyTable } from '../flow/key-table.js'
import { TUPLE_WORDS, tupleKey } from '../flow/tuple.js'
import type { Analysis, ConnectionSummary, Incident, Report, Reset, StoryPacket } from '../model.js'
import { Segment } from '../wire/segment.js'

/** A connection of more packets than this keeps its beginning and what its story shows of its end. */
const WHOLE_PACKETS = 10_000
const HEAD_PACKETS = 1000

/** One incarnation of a connection in one incident's file. */
export interface Share {
  incident: number
  fromNs: number
  toNs: number
  /** Packets from here on are kept whatever their number. */
  tailNs: number
  /** Packets that may still be kept before that. */
  headLeft: number
}

export interface Plan {
  incidents: { id: string; name: string; title: string }[]
  /** The shares of a segment's connection; undefined when no incident wants it. */
  sharesOf(segment: Segment): Share[] | undefined
  /** Frames that a verdict names: kept beyond all bounds where their connection is. Key: capture × 2^32 + frame. */
  named: ReadonlySet<number>
}

export const frameKey = (capture: number, frame: number): number => capture * 0x100000000 + frame

/**
 * @param report what is shown of the analysis' report
 * @param titled the same incidents with the words that are written, redacted or not
 */
export function planOf({ stories }: Analysis, report: Report, titled: Report): Plan {
  const table = new KeyTable(TUPLE_WORDS)
  const shares: Share[][] = []
  const key = new Int32Array(TUPLE_WORDS)
  const segment = new Segment()
  const resets = new Map(report.resets.map(reset => [reset.id, reset]))
  for (const [index, incident] of report.incidents.entries()) {
    for (const reset of incident.resets.flatMap(id => resets.get(id) ?? [])) {
      setEnds(segment, reset.connection)
      tupleKey(segment, key)
      const list = (shares[table.add(key)] ??= [])
      const share = shareOf(index, stories.get(reset.id) ?? [])
      if (!list.some(other => other.incident === index && other.fromNs === share.fromNs)) list.push(share)
    }
  }
  return {
    incidents: titled.incidents.map(incident => ({
      id: incident.id,
      name: fileName(incident),
      title: `${incident.title}: ${incident.summary}`,
    })),
    sharesOf(found) {
      tupleKey(found, key)
      const id = table.find(key)
      return id < 0 ? undefined : shares[id]
    },
    named: namedFrames(report.resets),
  }
}

function shareOf(incident: number, story: StoryPacket[]): Share {
  const times = story.map(packet => packet.timeNs)
  const fromNs = Math.min(...times)
  const packets = story.reduce((sum, packet) => sum + 1 + packet.omittedBefore, 0)
  const rst = story.findIndex(packet => (packet.flags & 4) !== 0)
  const gap = story.findLastIndex((packet, i) => packet.omittedBefore > 0 && (rst < 0 || i <= rst))
  const isWhole = packets <= WHOLE_PACKETS || gap < 0
  return {
    incident,
    // Without a story nothing is known of where this incarnation begins.
    fromNs: story.length > 0 ? fromNs : Number.NEGATIVE_INFINITY,
    toNs: story.length > 0 ? Math.max(...times) : Number.POSITIVE_INFINITY,
    tailNs: isWhole ? Number.NEGATIVE_INFINITY : story[gap].timeNs,
    headLeft: HEAD_PACKETS,
  }
}

function namedFrames(resets: Reset[]): Set<number> {
  const named = new Set<number>()
  for (const { capture, frames, moreFrames = [], evidence } of resets) {
    for (const frame of frames) named.add(frameKey(capture, frame))
    for (const more of moreFrames) for (const frame of more.frames) named.add(frameKey(more.capture, frame))
    for (const line of evidence)
      for (const frame of line.frames) named.add(frameKey(line.capture ?? capture, frame))
  }
  return named
}

function setEnds(segment: Segment, { client, server }: ConnectionSummary): void {
  setAddress(segment.source, client.address)
  setAddress(segment.destination, server.address)
  segment.sourcePort = client.port
  segment.destinationPort = server.port
}

/** As segments hold it: IPv4 as ::ffff:a.b.c.d. */
function setAddress(words: Int32Array, text: string): void {
  const address = ipaddr.parse(text)
  const v6 =
    address.kind() === 'ipv4' ? (address as ipaddr.IPv4).toIPv4MappedAddress() : (address as ipaddr.IPv6)
  const bytes = new DataView(Uint8Array.from(v6.toByteArray()).buffer)
  for (let i = 0; i < 4; i++) words[i] = bytes.getInt32(i * 4)
}

/** `i1-idle-timeout-10.0.1.9-443.pcapng`: nothing in it but letters, digits, dots and hyphens, whatever the report says. */
export function fileName({ id, cause, listener, source }: Incident): string {
  const where = (listener ?? source ?? '').replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '')
  const parts = [id.replace(/[^A-Za-z0-9]/g, ''), cause.replace(/[^a-z0-9-]/g, ''), where.slice(0, 64)]
  return `${parts.filter(Boolean).join('-')}.pcapng`
}
