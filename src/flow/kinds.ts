/** Segment kinds as the small numbers that rows hold; `SEGMENT_KINDS[number]` is the word of the model. */
import type { SegmentKind } from '../model.js'

export const SEGMENT_KINDS = [
  'syn',
  'syn-ack',
  'rst',
  'fin',
  'data',
  'retransmission',
  'out-of-order',
  'keepalive-probe',
  'zero-window-probe',
  'window-update',
  'duplicate-ack',
  'ack',
] as const satisfies readonly SegmentKind[]

export const KIND_SYN = 0
export const KIND_SYN_ACK = 1
export const KIND_RST = 2
export const KIND_FIN = 3
export const KIND_DATA = 4
export const KIND_RETRANSMISSION = 5
export const KIND_OUT_OF_ORDER = 6
export const KIND_KEEPALIVE_PROBE = 7
export const KIND_ZERO_WINDOW_PROBE = 8
export const KIND_WINDOW_UPDATE = 9
export const KIND_DUPLICATE_ACK = 10
export const KIND_ACK = 11
