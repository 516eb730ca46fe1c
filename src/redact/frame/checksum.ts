/**
 * Checksums of redacted headers (RFC 1071): a right one becomes right again, a wrong one stays wrong by the same difference, one that was
 * left to the network card stays so. What the snap length cut off counts as zeros, as which it would have been written.
 */
import { u16 } from '../../wire/bytes.js'
import type { Canvas } from './canvas.js'

/** Where a checksum stands and what it covers. */
export interface Coverage {
  /** Offset of the field. */
  field: number
  /** It covers `[at .. end)`, by the lengths of the headers. */
  at: number
  end: number
  /** Sums of the pseudo header without its length, before and after; 0 where there is none. */
  pseudo: number
  newPseudo: number
  /** The length that the pseudo header states. */
  length: number
}

/** Fills the field in the copy, which must be complete but for it. */
export function writeChecksum(canvas: Canvas, { field, at, end, pseudo, newPseudo, length }: Coverage): void {
  if (field + 2 > canvas.captured) return
  const was = u16(canvas.data, field)
  const lengthSum = (length >>> 16) + (length & 0xffff)
  canvas.set16(field, 0)
  const right = ~fold(newPseudo + lengthSum + canvas.sumCopy(at, end)) & 0xffff
  // RFC 768: zero would say that none was computed; both are the same number.
  const rightField = right === 0 && pseudo !== 0 ? 0xffff : right
  const wrongBy =
    end > canvas.captured ? 0 : was - (~fold(pseudo + lengthSum + canvas.sumOriginal(at, end) - was) & 0xffff)
  const isOffloaded = pseudo !== 0 && (was === fold(pseudo + lengthSum) || was === fold(pseudo))
  if (isOffloaded && (wrongBy !== 0 || end > canvas.captured))
    canvas.set16(field, fold(newPseudo + (was === fold(pseudo) ? 0 : lengthSum)))
  else canvas.set16(field, wrongBy % 0xffff === 0 ? rightField : (right + wrongBy + 0xffff) % 0xffff)
}

/** Sixteen bits of ones' complement. */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return sum
}
