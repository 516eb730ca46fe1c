/** Kafka (kafka.apache.org/protocol): length-prefixed requests, answered in order, each answer naming its request. */
import { u16, u32 } from './bytes.js'
import type { Reader } from './reader.js'
import { type ApplicationState, ask, label, type SideIndex, wholeMessage } from './state.js'

interface Memory {
  /** Correlation ids of requests without answer, oldest first; at most 64. */
  pending: number[]
}

const KEYS: Readonly<Record<number, string>> = {
  0: 'Produce',
  1: 'Fetch',
  2: 'ListOffsets',
  3: 'Metadata',
  8: 'OffsetCommit',
  9: 'OffsetFetch',
  10: 'FindCoordinator',
  11: 'JoinGroup',
  12: 'Heartbeat',
  13: 'LeaveGroup',
  14: 'SyncGroup',
  17: 'SaslHandshake',
  18: 'ApiVersions',
  19: 'CreateTopics',
  22: 'InitProducerId',
  36: 'SaslAuthenticate',
}
const LONGEST_MESSAGE = 256 * 1024 * 1024
/** Length, key, version, correlation id, length of the client id. */
const HEADER = 14
const PRODUCE = 0

/** Header of a request with a printable client id, or none. */
function isRequest(data: Uint8Array, from: number, to: number): boolean | undefined {
  const length = to - from >= 4 ? u32(data, from) : 0
  if (data[from] > 15 || (to - from >= 4 && length < 10)) return false
  if (to - from > 4 && data[from + 4] !== 0) return false
  if (to - from > 5 && data[from + 5] > 100) return false
  if (to - from > 6 && data[from + 6] !== 0) return false
  if (to - from > 7 && data[from + 7] > 25) return false
  if (to - from < HEADER) return undefined
  const id = u16(data, from + 12)
  if (id === 0xffff || id === 0) return length >= 10 && KEYS[data[from + 5]] !== undefined && length < 65_536
  if (id > 255 || id + 10 > length) return false
  for (let at = from + HEADER; at < Math.min(to, from + HEADER + id); at++)
    if (data[at] < 33 || data[at] > 126) return false
  return to - from >= HEADER + id ? true : undefined
}

function recognise(data: Uint8Array, from: number, to: number, side: SideIndex): boolean | undefined {
  return side === 0 ? isRequest(data, from, to) : false
}

function unit(state: ApplicationState, side: SideIndex, data: Uint8Array, from: number, to: number): number {
  if (to - from < 4) return 0
  const length = u32(data, from)
  if (length < 4 || length > LONGEST_MESSAGE) return -1
  return side === 0 ? request(state, data, from, to, length) : response(state, data, from, to, length)
}

function request(
  state: ApplicationState,
  data: Uint8Array,
  from: number,
  to: number,
  length: number,
): number {
  if (length < 10) return -1
  const view = Math.min(4 + length, HEADER + 255 + 8)
  if (to - from < view) return 0
  const key = u16(data, from + 4)
  const { pending } = state.memory as Memory
  if (key > 100) return -1
  label(state, KEYS[key] ?? `request ${key}`)
  wholeMessage(state, 0, 4 + length - view)
  if (key === PRODUCE && !wantsAcks(data, from, from + view)) return view
  ask(state)
  if (pending.length >= 64) pending.shift()
  pending.push(u32(data, from + 8))
  return view
}

/** acks = 0 asks for no answer. It stands behind the client id, the tags (version 9 and up) and the transactional id. */
function wantsAcks(data: Uint8Array, from: number, to: number): boolean {
  const version = u16(data, from + 6)
  const id = u16(data, from + 12)
  let at = from + HEADER + (id === 0xffff ? 0 : id)
  // Of a message too short for its own fields nothing behind its end is read.
  if (at + 2 > to) return true
  if (version >= 9) at += 1 + Math.max(1, data[at + 1])
  else if (version >= 3) at += 2 + (u16(data, at) === 0xffff ? 0 : u16(data, at))
  return at + 2 > to || u16(data, at) !== 0
}

/** Answers come in order: one to a later request means that all before were answered, or never would be. */
function response(
  state: ApplicationState,
  data: Uint8Array,
  from: number,
  to: number,
  length: number,
): number {
  if (to - from < 8) return 0
  const memory = state.memory as Memory
  const at = memory.pending.indexOf(u32(data, from + 4))
  if (at >= 0) {
    memory.pending.splice(0, at + 1)
    // This one is still being answered.
    state.outstanding = memory.pending.length + 1
  }
  wholeMessage(state, 1, length - 4)
  if (length === 4) messageSkipped(state, 1)
  return 8
}

function messageSkipped(state: ApplicationState, side: SideIndex): void {
  if (side === 0) return
  state.answers++
  state.outstanding = (state.memory as Memory).pending.length
}

function enter(state: ApplicationState): void {
  state.counted = true
  state.memory = { pending: [] } satisfies Memory
}

function resumes(data: Uint8Array, from: number, to: number, side: SideIndex): boolean {
  return side === 0 && isRequest(data, from, to) === true
}

export const kafka: Reader = { recognise, enter, unit, messageSkipped, resumes }
