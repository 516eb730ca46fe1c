/** What capture points do to packets: lose, repeat and swap single ones, drop bursts, see one direction only, set their clock back. */
import { layoutOf, type Packet, u16 } from './layout.js'

/** Shares of packets, 0..1, that a busy capture point does this to. */
export interface Damage {
  lost: number
  repeated: number
  swapped: number
}

/** Deletes, repeats and swaps packets at random. */
export function damaged(packets: Packet[], next: () => number, share: Damage): Packet[] {
  const kept = packets.filter(() => next() >= share.lost)
  const repeated = kept.flatMap(p => (next() < share.repeated ? [p, { ...p, timeNs: p.timeNs + 3000 }] : [p]))
  for (let i = 1; i < repeated.length; i++) {
    const [a, b] = [repeated[i - 1], repeated[i]]
    // Queues swap what came close together.
    if (next() < share.swapped && b.timeNs - a.timeNs < 1e6) {
      repeated[i - 1] = { ...b, timeNs: a.timeNs }
      repeated[i] = { ...a, timeNs: b.timeNs }
    }
  }
  return repeated
}

/** Mean length of a burst in packets: a full ring stays full until its reader gets to run again. */
const BURST = 8

/**
 * Deletes runs of neighbouring packets, as a capture point does whose ring is full: two states, left with fixed probabilities (Gilbert 1960).
 * @param share of all packets that is lost in the long run, 0..1
 */
export function burstsLost(packets: Packet[], next: () => number, share: number): Packet[] {
  const begins = share / (1 - share) / BURST
  let losing = next() < share
  return packets.filter(() => {
    losing = losing ? next() >= 1 / BURST : next() < begins
    return !losing
  })
}

/**
 * Deletes this share of the packets of one direction: 1 = a mirror port that is given one direction only.
 * @param lost whose packets, `client` = who sent the SYN, or has the higher port where none was recorded
 */
export function oneDirectionLost(
  packets: Packet[],
  next: () => number,
  lost: 'client' | 'server',
  share: number,
): Packet[] {
  const clients = new Map<string, string>()
  return packets.filter(packet => {
    const ends = endsOf(packet)
    if (ends === undefined) return true
    const { from, to, fromPort, toPort, flags } = ends
    const pair = from < to ? `${from} ${to}` : `${to} ${from}`
    const syn = (flags & 2) !== 0
    const guess = syn ? (flags & 16) === 0 : fromPort >= toPort
    if (!clients.has(pair) || syn) clients.set(pair, guess ? from : to)
    const speaker = clients.get(pair) === from ? 'client' : 'server'
    return speaker !== lost || next() >= share
  })
}

function endsOf(packet: Packet) {
  const at = layoutOf(packet)
  if (at === undefined) return undefined
  const { bytes: b } = packet
  const [start, size] = at.version === 4 ? [at.ip + 12, 4] : [at.ip + 8, 16]
  const [fromPort, toPort] = [u16(b, at.tcp), u16(b, at.tcp + 2)]
  return {
    from: `${b.subarray(start, start + size).join('.')} ${fromPort}`,
    to: `${b.subarray(start + size, start + 2 * size).join('.')} ${toPort}`,
    fromPort,
    toPort,
    flags: b[at.tcp + 13],
  }
}

/** From one packet on, the clock shows this much less: it was set while the capture ran. */
export function clockBack(packets: Packet[], next: () => number, seconds: number): Packet[] {
  const from = Math.floor(next() * packets.length)
  return packets.map((p, i) => (i < from ? p : { ...p, timeNs: p.timeNs - seconds * 1e9 }))
}
