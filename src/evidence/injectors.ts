/**
 * Injectors that are known by their packets: a name only where several fields agree, and only from sources that show the packets. What a stack
 * could send as well adds nothing here.
 */
import type { SegmentRecord } from '../model.js'
import { hasAck, type ResetView } from './view.js'

export interface KnownShape {
  /** A sentence about the resets. */
  statement: string
  /** Log-odds (natural) for a device, beyond what the single fields weigh (origin.ts). */
  weight: number
  frames: number[]
}

/** @param near the RSTs of the same direction and moment, `rst` among them */
export function knownShape(
  view: ResetView,
  rst: SegmentRecord,
  near: SegmentRecord[],
): KnownShape | undefined {
  return countingWindows(rst, near) ?? tenBytes(rst) ?? manyHopLimits(view, rst, near) ?? oldStyle(view, rst)
}

const LEAST_COUNTED = 3

/** Equal numbers, windows w, w + 1, w + 2: a socket that resets itself does so once, with one window. */
function countingWindows(rst: SegmentRecord, near: SegmentRecord[]): KnownShape | undefined {
  const alike = near.filter(
    r => hasAck(r) && hasAck(rst) && r.seq === rst.seq && r.ack === rst.ack && r.window > 0,
  )
  const counts = alike.every((r, i) => i === 0 || r.window === alike[i - 1].window + 1)
  if (alike.length < LEAST_COUNTED || !counts || !alike.includes(rst)) return undefined
  return {
    statement: `${alike.length} RST+ACK with equal numbers whose windows count up by one (${alike[0].window}–${alike.at(-1)!.window}): the injector seen at the Great Firewall on 20 August 2025 sent such (gfw.report)`,
    weight: 4,
    frames: alike.slice(0, 4).map(r => r.frame),
  }
}

/** 01 02 03 04 05 06 07 08 09 00, as text. */
const TEN_BYTES = '\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u0000'

function tenBytes(rst: SegmentRecord): KnownShape | undefined {
  if (!hasAck(rst) || rst.payloadBytes !== TEN_BYTES.length || rst.resetText !== TEN_BYTES) return undefined
  return {
    statement:
      "its payload is 01 02 03 04 05 06 07 08 09 00, the mark of Henan's provincial firewall (Wu et al., IEEE S&P 2025)",
    weight: 4,
    frames: [rst.frame],
  }
}

/** A burst of RST+ACK with windows, each from another distance, none of them the sender's: "type 2" of the INTANG study of the Great Firewall. */
function manyHopLimits(
  { sender }: ResetView,
  rst: SegmentRecord,
  near: SegmentRecord[],
): KnownShape | undefined {
  const burst = near.filter(r => hasAck(r) && r.window > 0)
  const own = new Set(sender.records.map(r => r.hopLimit))
  const foreign = new Set(burst.map(r => r.hopLimit).filter(h => !own.has(h)))
  if (own.size === 0 || !burst.includes(rst) || own.has(rst.hopLimit) || foreign.size < 2) return undefined
  if (new Set(burst.map(r => r.window)).size < 2) return undefined
  return {
    statement: `${burst.length} RST+ACK in one burst, with different windows and hop limits (${[...foreign].slice(0, 4).join(', ')}), none of which is the sender's: "type 2" resets of the Great Firewall look so (INTANG, IMC 2017)`,
    weight: 1.5,
    frames: burst.slice(0, 4).map(r => r.frame),
  }
}

/** One bare RST with a window, which may be fragmented although its sender never allows that: "type 1" of the same study. */
function oldStyle({ sender }: ResetView, rst: SegmentRecord): KnownShape | undefined {
  const own = sender.records.filter(r => r.dontFragment >= 0)
  if (hasAck(rst) || rst.window === 0 || rst.dontFragment !== 0) return undefined
  if (own.length === 0 || own.some(r => r.dontFragment === 0)) return undefined
  return {
    statement:
      'a bare RST with a window and without the DF bit that all its sender\'s packets bear: "type 1" resets of the Great Firewall look so (INTANG, IMC 2017)',
    weight: 1.5,
    frames: [rst.frame],
  }
}
