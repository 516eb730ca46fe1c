/** A case as a capture file. */
import { MAGIC_NANO, pcap } from '../capture/build.js'
import type { Case } from './case.js'
import { framesOf } from './packets.js'

export function pcapOf(source: Case): Uint8Array {
  const records = framesOf(source).map(({ timeNs, bytes }) => ({
    sec: Math.floor(source.startSeconds) + Math.floor(timeNs / 1e9),
    frac: timeNs % 1e9,
    data: Uint8Array.from(bytes),
  }))
  return pcap({ magic: MAGIC_NANO, records })
}
