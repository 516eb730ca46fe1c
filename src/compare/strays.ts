/**
 * What remains of reset connections that have no counterpart by addresses or initial sequence numbers (captured from their middle behind a
 * translation, or packets that slipped past one): the other capture is searched for any of their packets.
 */
import { isRst } from '../evidence/view.js'
import { KeyTable } from '../flow/key-table.js'
import { TUPLE_WORDS, tupleKey } from '../flow/tuple.js'
import type { Connection, SegmentRecord } from '../model.js'
import { ACK, RST } from '../wire/segment.js'
import type { Link } from './types.js'
import type { Skimmed } from './select.js'

const MOST_CONNECTIONS = 4096
const MOST_FOUND = 4096
const KEY_WORDS = 4

/** @returns whether connections were found that are to be traced as well */
export async function findStrays(
  skims: [Skimmed, Skimmed],
  connections: [Connection[], Connection[]],
  links: Link[],
): Promise<boolean> {
  const linked = new Set(links.flatMap(l => l.connections))
  let found = 0
  for (const [i, { reader }] of skims.entries()) {
    if (reader.everything || reader.once) continue
    const open = connections[1 - i].filter(c => !linked.has(c) && c.segments.some(isRst))
    const keys = packetKeys(open.slice(0, MOST_CONNECTIONS))
    if (keys.size === 0) continue
    const { tuples: interesting } = reader.skimmed.interest
    const key = new Int32Array(KEY_WORDS)
    const tuple = new Int32Array(TUPLE_WORDS)
    await reader.scan(segment => {
      if (segment.flags & RST || found === MOST_FOUND) return
      fill(key, segment.seq, segment.ack, segment.payloadBytes, segment.hasTimestamps ? segment.tsVal : 0)
      if (keys.find(key) < 0) return
      tupleKey(segment, tuple)
      interesting.add(tuple)
      if (interesting.added) found++
    })
  }
  return found > 0
}

function packetKeys(connections: Connection[]): KeyTable {
  const keys = new KeyTable(KEY_WORDS)
  const key = new Int32Array(KEY_WORDS)
  for (const r of connections.flatMap(c => c.segments)) {
    if (isRst(r) || !tells(r)) continue
    fill(key, r.seq, r.ack, r.payloadBytes, r.tsVal ?? 0)
    keys.add(key)
  }
  return keys
}

/** A SYN has been looked for by its sequence number already; numbers that a capture could not read are 0. */
function tells({ flags, seq, ack }: SegmentRecord): boolean {
  return (flags & ACK) !== 0 && seq !== 0 && ack !== 0
}

function fill(key: Int32Array, seq: number, ack: number, payloadBytes: number, tsVal: number): void {
  key[0] = seq
  key[1] = ack
  key[2] = payloadBytes
  key[3] = tsVal
}
