/** Where the two captures stand: which is nearer to a host, and whether one was taken on the host itself. */
import { other } from '../evidence/view.js'
import type { Connection, Side } from '../model.js'
import { nearerToClient } from './clock.js'
import { type CaptureIndex, type Link, sideIn } from './types.js'

/** Which capture is nearer to whoever sends in the name of `side` of a connection of capture `index`; undefined where it cannot be told. */
export type NearTo = (
  connection: Connection,
  index: CaptureIndex,
  side: Side,
  link?: Link,
) => CaptureIndex | undefined

/** A link tells by its own packets; where it has too few, other connections of the same addresses do. */
export function placesOf(links: Link[]): NearTo {
  const ofLink = new Map<Link, CaptureIndex>()
  const ofAddress = new Map<string, CaptureIndex | 'both'>()
  for (const link of links) {
    const client = nearerToClient(link)
    if (client === undefined) continue
    ofLink.set(link, client)
    for (const side of ['client', 'server'] as const) {
      const near = side === 'client' ? client : opposite(client)
      for (const index of [0, 1] as const) {
        const key = `${index} ${link.connections[index][sideIn(link, index, side)].address}`
        const known = ofAddress.get(key)
        ofAddress.set(key, known === undefined || known === near ? near : 'both')
      }
    }
  }
  return (connection, index, side, link) => {
    const client = link && ofLink.get(link)
    if (client !== undefined) return sideIn(link!, index, side) === 'client' ? client : opposite(client)
    const near =
      ofAddress.get(`${index} ${connection[side].address}`) ??
      invert(ofAddress.get(`${index} ${connection[other(side)].address}`))
    return near === 'both' ? undefined : near
  }
}

function invert(near: CaptureIndex | 'both' | undefined): CaptureIndex | 'both' | undefined {
  return near === undefined || near === 'both' ? near : opposite(near)
}

export function opposite(index: CaptureIndex): CaptureIndex {
  return index === 0 ? 1 : 0
}

/** Values hosts start with (64 Linux, BSD, macOS; 128 Windows; 255 routers). Every router on the way takes one off. */
const INITIAL = new Set([64, 128, 255])

/** True when no packet of this side had crossed a router yet: the capture was taken on the host itself, or beside it. */
export function atTheHost(connection: Connection, side: Side): boolean {
  const seen = connection.sides[side].hopLimits
  return seen.length > 0 && seen.every(h => INITIAL.has(h.value))
}

export function isInitial(hopLimit: number): boolean {
  return INITIAL.has(hopLimit)
}
