/** sFlow version 5 (https://sflow.org/sflow_version_5.txt): samples of packet headers that a switch sends to a collector. */
import { i32 } from '../bytes.js'
import { ipv4 } from '../ip/ipv4.js'
import { ipv6 } from '../ip/ipv6.js'
import { LAYER_SFLOW } from '../layers.js'
import { ethernet } from '../link/ethernet.js'
import { RST } from '../segment.js'
import { FOUND_NONE, FOUND_TCP, type Found, type Walk } from '../walk.js'

const FLOW_SAMPLE = 1
const EXPANDED_FLOW_SAMPLE = 3
/** Kind, length and what stands before the records of a flow sample; the last word is their number. */
const FLOW_HEADER = 40
const EXPANDED_HEADER = 52
const RAW_HEADER = 1
const PROTOCOL_ETHERNET = 1
const PROTOCOL_IPV4 = 11
const PROTOCOL_IPV6 = 12

/** The first sampled header with a RST counts, else the last with TCP. */
export function sflow(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  if (!walk.readable(at + 8, end) || i32(data, at) !== 5) return FOUND_NONE
  const addressType = i32(data, at + 4)
  if (addressType !== 1 && addressType !== 2) return FOUND_NONE
  // Version, address type, agent address, sub-agent, sequence, uptime, number of samples.
  let sample = at + 8 + (addressType === 2 ? 16 : 4) + 16
  if (!walk.readable(sample, end)) return FOUND_NONE
  let found = FOUND_NONE
  for (let left = i32(data, sample - 4); left > 0 && fits(walk, sample + 8, end); left--) {
    found = flowSample(walk, sample, end, found)
    if (found === FOUND_TCP && walk.segment.flags & RST) return found
    const length = i32(data, sample + 4)
    if (length < 0 || length > end - sample) return found
    sample += 8 + length
  }
  return found
}

/** @param found what earlier samples held, returned when this one adds nothing */
function flowSample(walk: Walk, at: number, end: number, found: Found): Found {
  const kind = i32(walk.data, at)
  const header = kind === FLOW_SAMPLE ? FLOW_HEADER : kind === EXPANDED_FLOW_SAMPLE ? EXPANDED_HEADER : 0
  if (header === 0 || !fits(walk, at + header, end)) return found
  return records(walk, at + header, end, found, i32(walk.data, at + header - 4))
}

function records(walk: Walk, record: number, end: number, found: Found, count: number): Found {
  const { data } = walk
  for (let left = count; left > 0 && fits(walk, record + 24, end); left--) {
    if (i32(data, record) === RAW_HEADER && sampled(walk, record + 8, end) === FOUND_TCP) {
      if (walk.segment.flags & RST) return FOUND_TCP
      found = FOUND_TCP
    }
    const length = i32(data, record + 4)
    if (length < 0 || length > end - record) return found
    record += 8 + length
  }
  return found
}

/** Protocol, length of the packet, bytes stripped, length of the header, header. */
function sampled(walk: Walk, at: number, end: number): Found {
  const { data } = walk
  const start = at + 16
  const cut = start + i32(data, at + 12)
  const whole = start + i32(data, at + 4)
  if (cut > end || cut < start || !walk.enter(LAYER_SFLOW, -1)) return FOUND_NONE
  const captured = walk.captured
  if (cut < captured) walk.captured = cut
  const found = byProtocol(walk, i32(data, at), start, whole > cut ? whole : cut)
  walk.captured = captured
  return found
}

function byProtocol(walk: Walk, protocol: number, at: number, end: number): Found {
  switch (protocol) {
    case PROTOCOL_ETHERNET:
      return ethernet(walk, at, end)
    case PROTOCOL_IPV4:
      return ipv4(walk, at, end)
    case PROTOCOL_IPV6:
      return ipv6(walk, at, end)
    default:
      return FOUND_NONE
  }
}

function fits(walk: Walk, need: number, end: number): boolean {
  return need <= end && need <= walk.captured
}
