/**
 * The connections of a world, made when they are asked for: what is tracked takes 64 bytes a segment, what the judge reads 300. A capture
 * with a million resets is judged with a few of them in memory at a time.
 */
import type { Connection, ConnectionFace, ConnectionMap, ConnectionOutline } from '../model.js'

/** As many stay as are asked for again right away: a reset's connection, its siblings. */
const KEPT = 32

export class MadeConnections implements ConnectionMap {
  /** Connections made so far, the same one several times. */
  made = 0
  private readonly recent: (Connection | undefined)[] = []

  /**
   * @param size they are numbered from 0
   * @param make the connection of a number
   * @param outline who it is
   * @param faceOf the same without its packets, where that is cheaper
   * @param silenceOf its longest survived silence, in ns
   */
  constructor(
    readonly size: number,
    private readonly make: (id: number) => Connection,
    private readonly outline: (id: number) => ConnectionOutline,
    private readonly faceOf: (id: number) => ConnectionFace = make,
    private readonly silenceOf = (id: number): number => make(id).longestSurvivedSilenceNs,
  ) {}

  *outlines(): Generator<ConnectionOutline> {
    for (let id = 0; id < this.size; id++) yield this.outline(id)
  }

  get(id: number): Connection | undefined {
    if (!this.has(id)) return undefined
    const place = id % KEPT
    const known = this.recent[place]
    if (known?.id === id) return known
    this.made++
    const connection = this.make(id)
    this.recent[place] = connection
    return connection
  }

  face(id: number): ConnectionFace | undefined {
    return this.has(id) ? this.faceOf(id) : undefined
  }

  survivedSilenceNs(id: number): number | undefined {
    return this.has(id) ? this.silenceOf(id) : undefined
  }

  has(id: number): boolean {
    return Number.isInteger(id) && id >= 0 && id < this.size
  }

  *keys(): MapIterator<number> {
    for (let id = 0; id < this.size; id++) yield id
  }

  *values(): MapIterator<Connection> {
    for (let id = 0; id < this.size; id++) yield this.get(id)!
  }

  *entries(): MapIterator<[number, Connection]> {
    for (let id = 0; id < this.size; id++) yield [id, this.get(id)!]
  }

  [Symbol.iterator](): MapIterator<[number, Connection]> {
    return this.entries()
  }

  forEach(use: (connection: Connection, id: number, all: ReadonlyMap<number, Connection>) => void): void {
    for (const [id, connection] of this.entries()) use(connection, id, this)
  }
}
