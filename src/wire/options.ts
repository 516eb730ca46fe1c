/** TCP options (RFC 9293 §3.2 and the documents named at each kind). */
import { i32, u16 } from './bytes.js'
import type { Segment } from './segment.js'
import type { Walk } from './walk.js'

const END_OF_LIST = 0
const NO_OPERATION = 1
const MAXIMUM_SEGMENT_SIZE = 2
/** RFC 7323 §2 and §3. */
const WINDOW_SCALE = 3
const TIMESTAMPS = 8
/** RFC 2018 §2 and §3. */
const SACK_PERMITTED = 4
const SACK = 5
/** RFC 8684; subtype 8 is MP_TCPRST (§3.6). */
const MULTIPATH = 30
const MP_TCPRST = 8
/** RFC 7413; 253 and 254 are shared by experiments, told apart by an identifier (RFC 6994). */
const FAST_OPEN = 34
const EXPERIMENT_1 = 253
const EXPERIMENT_2 = 254
const FAST_OPEN_EXPERIMENT = 0xf989

/** NOP NOP Timestamps(10): the layout of nearly every segment of a connection that uses timestamps. */
export const PADDED_TIMESTAMPS = 0x0101080a

/** Makes every option absent. */
export function clearOptions(segment: Segment): void {
  segment.mss = -1
  segment.windowScale = -1
  segment.sackPermitted = false
  segment.hasTimestamps = false
  segment.sackBlocks = 0
  segment.fastOpen = -1
  segment.mptcpResetReason = -1
  segment.optionsComplete = true
}

/** Reads `data[at .. end)` into the segment, as far as it was captured; what is malformed is left out and noted. */
export function parseOptions(walk: Walk, at: number, end: number): void {
  const { data, segment } = walk
  const cut = end > walk.captured
  const limit = cut ? walk.captured : end
  if (end - at === 12 && !cut && i32(data, at) === PADDED_TIMESTAMPS) {
    setTimestamps(segment, data, at + 4)
    return
  }
  while (at < limit) {
    const kind = data[at]
    if (kind === END_OF_LIST) return
    if (kind === NO_OPERATION) {
      at++
      continue
    }
    const length = at + 1 < limit ? data[at + 1] : 0
    if (length < 2 || at + length > limit) {
      segment.optionsComplete = false
      if (!cut) walk.notes.add('tcp-options-bad', walk.frame)
      return
    }
    option(segment, data, kind, at + 2, length - 2)
    at += length
  }
  if (cut) segment.optionsComplete = false
}

/** One option whose value is `data[at .. at + length)`; a value of the wrong length is ignored. */
function option(segment: Segment, data: Uint8Array, kind: number, at: number, length: number): void {
  switch (kind) {
    case TIMESTAMPS:
      if (length === 8) setTimestamps(segment, data, at)
      break
    case SACK:
      if (length >= 8 && length % 8 === 0) setSack(segment, data, at, length)
      break
    case MAXIMUM_SEGMENT_SIZE:
      if (length === 2) segment.mss = u16(data, at)
      break
    case WINDOW_SCALE:
      // RFC 7323 §2.3: a shift above 14 counts as 14. The value is kept as sent: it is part of a stack's fingerprint.
      if (length === 1) segment.windowScale = data[at]
      break
    case SACK_PERMITTED:
      if (length === 0) segment.sackPermitted = true
      break
    case MULTIPATH:
      // RFC 8684 §3.6: subtype (4 bits) and flags, then the reason.
      if (length === 2 && data[at] >> 4 === MP_TCPRST) segment.mptcpResetReason = data[at + 1]
      break
    case FAST_OPEN:
      segment.fastOpen = length
      break
    case EXPERIMENT_1:
    case EXPERIMENT_2:
      if (length >= 2 && u16(data, at) === FAST_OPEN_EXPERIMENT) segment.fastOpen = length - 2
      break
  }
}

function setTimestamps(segment: Segment, data: Uint8Array, at: number): void {
  segment.hasTimestamps = true
  segment.tsVal = i32(data, at)
  segment.tsEcr = i32(data, at + 4)
}

function setSack(segment: Segment, data: Uint8Array, at: number, length: number): void {
  segment.sackBlocks = length >> 3
  segment.sackLeft = i32(data, at)
  segment.sackRight = i32(data, at + 4)
}
