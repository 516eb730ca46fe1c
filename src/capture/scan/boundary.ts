/**
 * Where the first record of a stretch of a capture may begin. A guess, by what record headers look like: it is proven or refuted by who has
 * read all that lies before, so that a capture of captures costs time, and no more.
 */
import { maxCapturedBytes } from '../linktypes.js'
import type { PcapDetails } from '../pcap.js'
import type { PcapngDetails } from '../pcapng.js'
import { ENHANCED_PACKET } from '../pcapng-types.js'
import { type Knowledge, MAX_HELD_BYTES } from '../record.js'

/** Records in a row that must make sense. */
const CHAIN = 4

/** How long before and after the capture's first record others may have been captured, by the looks of it. */
const SECONDS_BEFORE = 86_400
const SECONDS_AFTER = 10 * 365 * 86_400

/** Bytes of the record that begins at `at`; 0 where none does. */
type Measure = (view: DataView, at: number) => number

/**
 * @param end of the bytes at hand
 * @param seconds of the timebase
 * @returns place of the first byte of a record; -1 where none is found
 */
export function guessBoundary(view: DataView, end: number, knowledge: Knowledge, seconds: number): number {
  const [measure, headerBytes, step] = measuring(knowledge, seconds)
  for (let at = 0; end - at >= headerBytes; at += step) {
    let next = at
    let chain = 0
    for (; chain < CHAIN && end - next >= headerBytes; chain++) {
      const length = measure(view, next)
      if (length === 0) break
      next += length
    }
    // At the end of a file there may be fewer.
    if (chain === CHAIN || (chain > 0 && end - next < headerBytes)) return at
  }
  return -1
}

/** How records are measured, the bytes that takes, and how far apart places are where one may begin. */
function measuring({ format, details }: Knowledge, seconds: number): [Measure, number, number] {
  if (format === 'pcap') return [pcapRecord(details as PcapDetails, seconds), 16, 1]
  return [pcapngPacket(details as PcapngDetails), 32, 4]
}

function pcapRecord({ header, variant }: PcapDetails, baseSeconds: number): Measure {
  const { littleEndian: little, nsPerUnit, linkType } = header
  const most = Math.min(maxCapturedBytes(linkType), MAX_HELD_BYTES - 64)
  return (view, at) => {
    const captured = view.getUint32(at + 8, little)
    if (captured === 0 || captured > most || captured > view.getUint32(at + 12, little)) return 0
    if (view.getUint32(at + 4, little) * nsPerUnit >= 1e9) return 0
    const seconds = view.getUint32(at, little) - baseSeconds
    if (seconds < -SECONDS_BEFORE || seconds > SECONDS_AFTER) return 0
    return variant.headerBytes + captured
  }
}

function pcapngPacket({ little, interfaces }: PcapngDetails): Measure {
  return (view, at) => {
    if (view.getUint32(at, little) !== ENHANCED_PACKET) return 0
    const total = view.getUint32(at + 4, little)
    if (total < 32 || total > MAX_HELD_BYTES || total & 3) return 0
    if (view.getUint32(at + 8, little) >= interfaces.length) return 0
    const padded = (view.getUint32(at + 20, little) + 3) & ~3
    return padded >= 0 && padded <= total - 32 ? total : 0
  }
}
