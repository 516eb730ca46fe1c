/**
 * Which segments of a connection are kept. The same policy in every mode, so that every fact is defined on the same bounded memory:
 * the first HEAD, a ring of the last TAIL before the first RST, AFTER from it on, then a ring of the last LAST; RSTs never leave, up to a bound.
 */
import type { Frame } from '../model.js'
import type { Segment } from '../wire/segment.js'
import { SERVER, type SideIndex, type TrackedConnection } from './connection.js'
import { NO_ROW, type SegmentLog } from './segment-log.js'

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

/**
 * Keeps a segment as the connection's newest row, dropping an older one where the policy says so.
 * @returns its row, NO_ROW when it is a RST beyond the bound (then it stands in `furtherRsts`)
 */
export function keepSegment(
  log: SegmentLog,
  c: TrackedConnection,
  side: SideIndex,
  segment: Segment,
  frame: Frame,
  isRst: boolean,
): number {
  c.packets++
  if (isRst) {
    if (!c.reset) beginAfter(c)
    if (c.side(side).rstRows === MAX_RST_ROWS) {
      c.furtherRsts ??= []
      c.furtherRsts.push({
        frame: frame.number,
        capture: frame.capture,
        server: side === SERVER,
        hopLimit: segment.hopLimit,
      })
      return NO_ROW
    }
    c.side(side).rstRows++
  }
  const fixed = c.fixedRows < (c.reset ? AFTER_SEGMENTS : HEAD_SEGMENTS)
  if (fixed) c.fixedRows++
  else if (!isRst && c.ringRows === (c.reset ? LAST_SEGMENTS : TAIL_SEGMENTS)) dropOldest(log, c)
  const row = log.take(segment, frame, side === SERVER)
  log.setOrdinal(row, c.packets)
  log.link(row, c.tailRow)
  if (c.tailRow === NO_ROW) c.headRow = row
  c.tailRow = row
  if (!fixed && !isRst) {
    if (c.ringRows++ === 0) c.ringRow = row
  }
  return row
}

/** From the first RST on nothing that is kept now will be dropped. */
function beginAfter(c: TrackedConnection): void {
  c.reset = true
  c.fixedRows = 0
  c.ringRow = NO_ROW
  c.ringRows = 0
}

function dropOldest(log: SegmentLog, c: TrackedConnection): void {
  const row = c.ringRow
  // RSTs between the rows of the ring stay; the scan never passes one twice.
  let next = log.next(row)
  while (log.isRst(next)) next = log.next(next)
  c.ringRow = next
  c.ringRows--
  log.unlink(row)
}
