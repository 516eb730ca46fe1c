/**
 * The pcapng blocks that are rare, and their options. Offsets are from the start of the block.
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */

/** Names kept of one analysis, and of each the characters: as many as DNS allows (RFC 1035 §2.3.4). */
const NAMES_AT_MOST = 65_536
const LONGEST_NAME = 253

/** Calls back for each option in `[at, end)`; stops at opt_endofopt or at the first option that does not fit. */
export function forEachOption(
  view: DataView,
  at: number,
  end: number,
  little: boolean,
  onOption: (code: number, at: number, length: number) => void,
): void {
  while (end - at >= 4) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    if (code === 0 || at + 4 + length > end) return
    onOption(code, at + 4, length)
    at += 4 + ((length + 3) & ~3)
  }
}

/** One interface of a section, §4.2. */
export interface Interface {
  linkType: number
  /** 0 = no limit. */
  snapLength: number
  /** Timestamp units per second, e.g. 1_000_000n. */
  unitsPerSecond: bigint
  /** if_tsoffset: seconds to add to every timestamp. */
  offsetSeconds: bigint
  /** Decimal digits of a second the resolution is worth, 0..9. */
  digits: number
  /** Nanoseconds in a unit where that is a whole number, else 0: then timestamps take the slow, exact way. */
  nsPerUnit: number
  /** The two halves of the timestamp that means `Timebase.seconds`; `baseKnown` once they are computed. */
  baseKnown: boolean
  baseHigh: number
  baseLow: number
  /** Latest counts of isb_ifdrop plus isb_osdrop, and the sum of the per-packet drop counts. */
  statisticsDrops: number
  packetDrops: number
  /** What of them stands in the notes. */
  notedDrops: number
}

/** @param at start of an Interface Description Block of `total` bytes, at least 20 */
export function parseInterface(view: DataView, at: number, total: number, little: boolean): Interface {
  let resolution: number | undefined
  let offsetSeconds: bigint | undefined
  forEachOption(view, at + 16, at + total - 4, little, (code, value, length) => {
    // The first of repeated options counts, as for Wireshark.
    if (code === 9 && length === 1) resolution ??= view.getUint8(value)
    if (code === 14 && length === 8) offsetSeconds ??= view.getBigInt64(value, little)
  })
  const unitsPerSecond = unitsOf(resolution ?? 6)
  return {
    linkType: view.getUint16(at + 8, little),
    snapLength: view.getUint32(at + 12, little),
    unitsPerSecond,
    offsetSeconds: offsetSeconds ?? 0n,
    digits: Math.min(9, String(unitsPerSecond).length - 1),
    nsPerUnit: 1_000_000_000n % unitsPerSecond === 0n ? Number(1_000_000_000n / unitsPerSecond) : 0,
    baseKnown: false,
    baseHigh: 0,
    baseLow: 0,
    statisticsDrops: 0,
    packetDrops: 0,
    notedDrops: 0,
  }
}

/** if_tsresol: the top bit tells powers of 2 from powers of 10. */
const unitsOf = (resolution: number): bigint => (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f)

/** Stand-in for an interface whose description was damaged: it keeps the numbering, its packets are skipped. */
export const UNKNOWN_INTERFACE: Interface = {
  linkType: -1,
  snapLength: 0,
  unitsPerSecond: 1_000_000n,
  offsetSeconds: 0n,
  digits: 6,
  nsPerUnit: 1000,
  baseKnown: false,
  baseHigh: 0,
  baseLow: 0,
  statisticsDrops: 0,
  packetDrops: 0,
  notedDrops: 0,
}

/** Dropped packets by an Interface Statistics Block, §4.6: isb_ifdrop (5) plus isb_osdrop (7), both since the start of the capture. */
export function statisticsDrops(view: DataView, at: number, total: number, little: boolean): number {
  let drops = 0
  forEachOption(view, at + 20, at + total - 4, little, (code, value, length) => {
    if ((code === 5 || code === 7) && length === 8) drops += Number(view.getBigUint64(value, little))
  })
  return drops
}

/** epb_dropcount, §4.3: packets lost between this one and the one before; 0 when the option is absent. */
export function packetDrops(view: DataView, optionsAt: number, end: number, little: boolean): number {
  let drops = 0
  forEachOption(view, optionsAt, end, little, (code, value, length) => {
    if (code === 4 && length === 8) drops = Number(view.getBigUint64(value, little))
  })
  return drops
}

/**
 * Address → name of a Name Resolution Block, §4.5. The first name given to an address stays.
 * @returns false when a record does not fit or a name does not end: what came before it is kept
 */
export function readNames(
  data: Uint8Array,
  view: DataView,
  at: number,
  total: number,
  little: boolean,
  names: Map<string, string>,
): boolean {
  const end = at + total - 4
  let record = at + 8
  while (end - record >= 4) {
    const type = view.getUint16(record, little)
    const length = view.getUint16(record + 2, little)
    const value = record + 4
    if (type === 0) return true
    if (value + length > end) return false
    const addressBytes = type === 1 ? 4 : type === 2 ? 16 : 0
    if (addressBytes > 0) {
      if (length <= addressBytes) return false
      const nameBytes = data.subarray(value + addressBytes, value + length).indexOf(0)
      if (nameBytes < 0) return false
      const address = addressBytes === 4 ? data.subarray(value, value + 4).join('.') : ipv6Text(view, value)
      const nameAt = value + addressBytes
      const name = Buffer.from(
        data.buffer,
        data.byteOffset + nameAt,
        Math.min(nameBytes, LONGEST_NAME),
      ).toString('utf8')
      if (name !== '' && !names.has(address) && names.size < NAMES_AT_MOST) names.set(address, name)
    }
    record = value + ((length + 3) & ~3)
  }
  return true
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as "::". */
function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16))
  const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  )
  const longest = runs[0]
  const text = groups.join(':')
  if (!longest) return text
  return `${text.slice(0, longest.index).replace(/:$/, '')}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`
}
