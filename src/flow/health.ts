/** Sums over connections for `CaptureHealth`: what can be said of a capture even when nothing was reset. */
import type { TrackedConnection } from './connection.js'
import { CLIENT } from './cursor.js'
import { KIND_RETRANSMISSION } from './kinds.js'
import { unseenBytes } from './snapshot.js'

/** A lost connection shows at least this many retransmissions at its end (RFC 9293 §3.8.3, R1). */
const DYING_AFTER = 3

export class HealthSums {
  retransmittedSegments = 0
  dataSegments = 0
  dyingInRetransmission = 0
  /** Connections of which both directions, one direction, a loss of the capture were seen. */
  bothSides = 0
  oneSide = 0
  withUnseenBytes = 0
  /** By capture: packets recorded more than once, and the first such frame. */
  readonly copies = new Map<number, { count: number; firstFrame: number }>()

  add(c: TrackedConnection): void {
    const { client, server } = c
    this.retransmittedSegments += client.retransmittedSegments + server.retransmittedSegments
    this.dataSegments += client.dataSegments + server.dataSegments
    if (isDying(c)) this.dyingInRetransmission++
    if (client.segments > 0 && server.segments > 0) this.bothSides++
    else if (client.acked || server.acked) this.oneSide++
    if (unseenBytes(c) > 0) this.withUnseenBytes++
    if (c.copies > 0) this.addCopies(c.firstCopyCapture, c.copies, c.firstCopyFrame)
  }

  private addCopies(capture: number, count: number, firstFrame: number): void {
    const entry = this.copies.get(capture)
    if (entry) {
      entry.count += count
      entry.firstFrame = Math.min(entry.firstFrame, firstFrame)
    } else this.copies.set(capture, { count, firstFrame })
  }

  /** A sum that can be added to without changing this one. */
  clone(): HealthSums {
    const sums = Object.assign(new HealthSums(), this, { copies: new Map() })
    for (const [capture, { count, firstFrame }] of this.copies) sums.addCopies(capture, count, firstFrame)
    return sums
  }

  get oneSided(): boolean {
    return this.oneSide > this.bothSides
  }

  /** One connection in five: single ones may be cut by routing or by the start of the capture. */
  get captureLoss(): boolean {
    return this.withUnseenBytes * 5 >= this.bothSides && this.withUnseenBytes > 1
  }
}

function isDying(c: TrackedConnection): boolean {
  if (c.reset || c.lastKind !== KIND_RETRANSMISSION) return false
  const side = c.lastSide === CLIENT ? c.client : c.server
  const peer = c.lastSide === CLIENT ? c.server : c.client
  return side.retransmittedSegments >= DYING_AFTER && (!peer.acked || ((side.nextSeq - peer.ackedTo) | 0) > 0)
}
