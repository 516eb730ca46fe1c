/**
 * Which segments of a connection are kept. The same policy in every mode, so that every fact is defined on the same bounded memory:
 * the first HEAD, a ring of the last TAIL before the first RST, AFTER from it on, then a ring of the last LAST; RSTs never leave, up to a bound.
 *
 * Before the first RST, where nearly every segment of a stream is kept, a row's place follows from the packet's ordinal: nothing has to be
 * looked up or linked. From the first RST on the rows are a chain, because the RSTs among those of the ring stay.
 */
import type { Frame } from '../model.js'
import type { Segment } from '../wire/segment.js'
import type { TrackedConnection } from './connection.js'
import { type ConnectionCursor, SERVER, type SideIndex } from './cursor.js'
import { PackedRsts } from './further-rsts.js'
import { BLOCK_BITS, BLOCK_ROWS, NO_ROW, type SegmentLog } from './segment-log.js'

/** Handshake, greeting, first exchange. */
export const HEAD_SEGMENTS = 16
/** What led to the first RST. */
export const TAIL_SEGMENTS = 48
/** What followed it: answers to what was in flight, whether the target went on. */
export const AFTER_SEGMENTS = 48
/** The end, where a connection lived on after that. */
export const LAST_SEGMENTS = 32
/** RSTs of each side kept as rows; a flood's others are only listed. */
export const MAX_RST_ROWS = 256

/** Most rows before the first RST: eight blocks, as many as a connection's numbers have room for. */
const MOST_BEFORE = HEAD_SEGMENTS + TAIL_SEGMENTS

/**
 * Keeps a segment as the connection's newest row, in place of an older one where the policy says so.
 * @returns its row, NO_ROW when it is a RST beyond the bound (then it stands in `furtherRsts`)
 */
export function keepSegment(
  log: SegmentLog,
  c: ConnectionCursor,
  side: SideIndex,
  segment: Segment,
  frame: Frame,
  isRst: boolean,
): number {
  const ordinal = ++c.packets
  const row =
    isRst || c.reset ? rowAfter(log, c.self, side, segment, frame, isRst) : rowBefore(log, c, ordinal)
  if (row !== NO_ROW) log.write(row, segment, frame, side === SERVER, ordinal)
  return row
}

/** The rows that are kept, in capture order. */
export function keptRows(log: SegmentLog, c: TrackedConnection): number[] {
  if (!c.reset) return rowsBefore(c, c.packets)
  const rows: number[] = []
  for (let row = c.headRow; row !== NO_ROW; row = log.next(row)) rows.push(row)
  return rows
}

/** Returns all rows of a connection to the pool. */
export function releaseRows(log: SegmentLog, c: TrackedConnection): void {
  if (c.hasLabels || c.reset) for (const row of keptRows(log, c)) log.forget(row)
  const before = c.reset ? c.rowsBefore : Math.min(c.packets, MOST_BEFORE)
  for (let i = 0; i * BLOCK_ROWS < before; i++) log.releaseBlock(c.block(i))
  if (c.moreBlocks) for (const block of c.moreBlocks) log.releaseBlock(block)
}

// ── before the first RST ────────────────────────────────────────────────────────────────────────────────

/** Row of the packet with this ordinal, from 1; where there were more than are kept, of the newest that shares its place. */
export function rowOfPacket(c: ConnectionCursor, ordinal: number): number {
  const index = ordinal - 1
  const place = index < HEAD_SEGMENTS ? index : HEAD_SEGMENTS + ((index - HEAD_SEGMENTS) % TAIL_SEGMENTS)
  return c.block(place >> BLOCK_BITS) * BLOCK_ROWS + (place & (BLOCK_ROWS - 1))
}

function rowBefore(log: SegmentLog, c: ConnectionCursor, ordinal: number): number {
  if (ordinal <= MOST_BEFORE) {
    const index = ordinal - 1
    if (index % BLOCK_ROWS === 0) c.setBlock(index / BLOCK_ROWS, log.takeBlock())
    return rowOfPacket(c, ordinal)
  }
  const row = rowOfPacket(c, ordinal)
  if (c.hasLabels) log.forget(row)
  return row
}

/** The rows of the first `packets` packets, none of them a RST. */
function rowsBefore(c: ConnectionCursor, packets: number): number[] {
  const rows: number[] = []
  for (let ordinal = 1; ordinal <= Math.min(packets, HEAD_SEGMENTS); ordinal++)
    rows.push(rowOfPacket(c, ordinal))
  for (let ordinal = Math.max(HEAD_SEGMENTS, packets - TAIL_SEGMENTS) + 1; ordinal <= packets; ordinal++)
    rows.push(rowOfPacket(c, ordinal))
  return rows
}

// ── from the first RST on ───────────────────────────────────────────────────────────────────────────────

function rowAfter(
  log: SegmentLog,
  c: TrackedConnection,
  side: SideIndex,
  segment: Segment,
  frame: Frame,
  isRst: boolean,
): number {
  if (!c.reset) beginAfter(log, c)
  if (isRst) {
    if (c.side(side).rstRows === MAX_RST_ROWS) {
      c.furtherRsts ??= new PackedRsts()
      c.furtherRsts.push(frame.number, frame.capture, side === SERVER, segment.hopLimit)
      return NO_ROW
    }
    c.side(side).rstRows++
  }
  const fixed = c.fixedRows < AFTER_SEGMENTS
  if (fixed) c.fixedRows++
  const inRing = !fixed && !isRst
  const row = inRing && c.ringRows === LAST_SEGMENTS ? dropOldest(log, c) : takeRow(log, c)
  log.link(row, c.tailRow)
  if (c.tailRow === NO_ROW) c.headRow = row
  c.tailRow = row
  if (inRing && c.ringRows++ === 0) c.ringRow = row
  return row
}

/** From the first RST on nothing that is kept now will be dropped. Its packet is counted already. */
function beginAfter(log: SegmentLog, c: TrackedConnection): void {
  for (const row of rowsBefore(c, c.packets - 1)) {
    log.link(row, c.tailRow)
    if (c.tailRow === NO_ROW) c.headRow = row
    c.tailRow = row
  }
  c.reset = true
  c.rowsBefore = Math.min(c.packets - 1, MOST_BEFORE)
  c.spareRows = (BLOCK_ROWS - (c.rowsBefore % BLOCK_ROWS)) % BLOCK_ROWS
  c.spareRow = c.tailRow + 1
}

function takeRow(log: SegmentLog, c: TrackedConnection): number {
  if (c.spareRows === 0) {
    const block = log.takeBlock()
    c.moreBlocks ??= []
    c.moreBlocks.push(block)
    c.spareRow = block * BLOCK_ROWS
    c.spareRows = BLOCK_ROWS
  }
  c.spareRows--
  return c.spareRow++
}

/** @returns the row, to be used again */
function dropOldest(log: SegmentLog, c: TrackedConnection): number {
  const row = c.ringRow
  // RSTs between the rows of the ring stay; the scan never passes one twice.
  let next = log.next(row)
  while (log.isRst(next)) next = log.next(next)
  c.ringRow = next
  c.ringRows--
  log.unlink(row)
  log.forget(row)
  return row
}
