/**
 * How the two clocks relate. A packet cannot arrive before it was sent: packets that went from capture 0 to capture 1 bound the offset from
 * above, those of the other direction from below (the idea of RFC 5905 §8); over a long time the corridor between the bounds also shows drift.
 */
import type { Side } from '../model.js'
import type { CaptureIndex, Link, Vantage } from './types.js'

/** Times are integer nanoseconds since the zero point of each capture's own timebase. */
export interface Clocks {
  /** False when no packet is in both captures: then both clocks are taken to agree, and nothing may rest on it. */
  known: boolean
  /** The same moment on the other clock. @param from the capture whose clock shows `timeNs` */
  convert(timeNs: number, from: CaptureIndex): number
  /** The true value lies within this. */
  uncertaintyNs: number
  /** Clock 1 minus clock 0 in ms, absolute, in the middle of the common time; undefined unless known. */
  offsetMs: number | undefined
  driftPpm: number | undefined
  /** Only one direction was seen in both captures: the offset is bounded on one side only. */
  oneWay: boolean
}

/** Which capture stands nearer to the client of a link; the other is nearer to the server. Undefined: both at the same place, or it cannot be told. */
export function nearerToClient(link: Link): CaptureIndex | undefined {
  const client = delays(link, 'client')
  const server = delays(link, 'server')
  // What goes from 0 to 1 shows the larger difference, whatever the clocks are.
  if (client.length > 0 && server.length > 0) {
    const gap = median(client) - median(server)
    if (Math.abs(gap) > SAME_PLACE_NS) return gap > 0 ? 0 : 1
  }
  return byHopLimits(link)
}

/** Two taps of one device see the same packet within this. */
const SAME_PLACE_NS = 100e3

function byHopLimits(link: Link): CaptureIndex | undefined {
  let toward1 = 0
  for (const { from, records } of link.packets) {
    const fallen = Math.sign(records[0].hopLimit - records[1].hopLimit)
    toward1 += from === 'client' ? fallen : -fallen
  }
  return toward1 === 0 ? undefined : toward1 > 0 ? 0 : 1
}

function delays({ packets }: Link, from: Side): number[] {
  return packets.filter(p => p.from === from).map(({ records }) => records[1].timeNs - records[0].timeNs)
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

/** One packet in both captures: when capture 0 saw it, and by how much more clock 1 showed. */
interface Sample {
  timeNs: number
  differenceNs: number
}

/** @param withResets lets RST frames that are in both captures count as well */
export function relateClocks(links: Link[], [a, b]: [Vantage, Vantage], withResets = false): Clocks {
  const apart = b.world.timebase.seconds - a.world.timebase.seconds
  // A capture without a timestamp has no zero point.
  const bases = Number.isNaN(apart) ? 0 : apart * 1e9
  const toward: [Sample[], Sample[]] = [[], []]
  for (const link of links) {
    const near = nearerToClient(link)
    if (near === undefined) continue
    for (const { from, records } of withResets ? [...link.packets, ...link.resets] : link.packets) {
      // A packet of the client goes away from the capture nearer to it.
      const goesTo1 = (from === 'client') === (near === 0)
      toward[goesTo1 ? 1 : 0].push({
        timeNs: records[0].timeNs,
        differenceNs: records[1].timeNs - records[0].timeNs,
      })
    }
  }
  if (toward[0].length + toward[1].length === 0) return samePlace(links, bases)
  toward[0] = tightest(toward[0], -1)
  toward[1] = tightest(toward[1], 1)
  const origin = (a.world.startTimeNs + a.world.endTimeNs) / 2
  const drift = driftOf(toward, origin)
  const { offset, uncertainty } = corridor(toward, drift, origin, () => responseBound(links))
  return clocks(
    offset,
    drift,
    origin,
    uncertainty,
    bases,
    toward.some(list => list.length === 0),
  )
}

const SLICES = 1024

/** Only the sample that bounds most in each slice of time: a million packets say no more than these, and take a minute. */
function tightest(samples: Sample[], sign: 1 | -1): Sample[] {
  const first = samples.reduce((least, s) => Math.min(least, s.timeNs), Number.POSITIVE_INFINITY)
  const last = samples.reduce((most, s) => Math.max(most, s.timeNs), Number.NEGATIVE_INFINITY)
  const slices = new Map<number, Sample>()
  for (const s of samples) {
    const slice = Math.floor(((s.timeNs - first) / (last - first + 1)) * SLICES)
    const known = slices.get(slice)
    if (known === undefined || sign * s.differenceNs < sign * known.differenceNs) slices.set(slice, s)
  }
  return [...slices.values()]
}

function clocks(
  offset: number,
  drift: number | undefined,
  origin: number,
  uncertaintyNs: number,
  bases: number,
  oneWay: boolean,
): Clocks {
  const rate = drift ?? 0
  return {
    known: true,
    convert: (timeNs, from) =>
      from === 0
        ? Math.round(timeNs + offset + rate * (timeNs - origin))
        : Math.round(timeNs - offset - rate * (timeNs - offset - origin)),
    uncertaintyNs,
    offsetMs: (bases + offset) / 1e6,
    driftPpm: drift === undefined ? undefined : drift * 1e6,
    oneWay,
  }
}

/** Captures of one place (or the very same file): equal times of equal packets. Without common packets nothing is known. */
function samePlace(links: Link[], bases: number): Clocks {
  const differences = links.flatMap(l => l.packets.map(p => p.records[1].timeNs - p.records[0].timeNs))
  if (differences.length === 0) {
    return {
      known: false,
      convert: (t, from) => t + (from === 0 ? -bases : bases),
      uncertaintyNs: Number.POSITIVE_INFINITY,
      offsetMs: undefined,
      driftPpm: undefined,
      oneWay: false,
    }
  }
  const offset = median(differences)
  const spread = Math.max(...sample(differences).map(d => Math.abs(d - offset)))
  return clocks(offset, undefined, 0, Math.max(spread, SAME_PLACE_NS), bases, false)
}

/** Enough to find the extremes of any honest list without passing a million arguments. */
function sample(values: number[]): number[] {
  return values.slice(0, 50_000)
}

/** Bounds of the offset once drift is taken out: [from below by what came back, from above by what went]. */
function bounds(toward: [Sample[], Sample[]], rate: number, origin: number): [number, number] {
  const at = (s: Sample) => s.differenceNs - rate * (s.timeNs - origin)
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  for (const s of toward[0]) low = Math.max(low, at(s))
  for (const s of toward[1]) high = Math.min(high, at(s))
  return [low, high]
}

function corridor(
  toward: [Sample[], Sample[]],
  drift: number | undefined,
  origin: number,
  roundTripNs: () => number,
) {
  const [low, high] = bounds(toward, drift ?? 0, origin)
  if (Number.isFinite(low) && Number.isFinite(high)) {
    // Bounds that cross: a clock was set, or queues swapped packets; the truth lies about there.
    return { offset: Math.round((low + high) / 2), uncertainty: Math.abs(high - low) / 2 }
  }
  const half = roundTripNs() / 2
  return { offset: Math.round(Number.isFinite(high) ? high - half : low + half), uncertainty: half }
}

/** One direction only: the way between the captures is no longer than the shortest answer that came over it. */
function responseBound(links: Link[]): number {
  const answers = links.flatMap(l =>
    l.connections.flatMap(c => [c.sides.client.minResponseNs ?? 0, c.sides.server.minResponseNs ?? 0]),
  )
  const known = answers.filter(ns => ns > 1e6)
  return known.length > 0 ? Math.min(...sample(known)) : 1e9
}

/** Quartz clocks stay within 100 ppm, virtual machines within 500. */
const MOST_DRIFT = 1e-3
const LEAST_SPAN_NS = 20e9
const LEAST_SAMPLES = 8

/**
 * The rate at which the corridor between the bounds is widest: at any other rate it narrows over time, and closes. Undefined where the
 * captures are too short, or no rate is clearly better than none.
 */
function driftOf(toward: [Sample[], Sample[]], origin: number): number | undefined {
  if (toward.some(list => list.length < LEAST_SAMPLES)) return undefined
  const times = toward.flat().map(s => s.timeNs)
  const span = times.reduce((x, y) => Math.max(x, y)) - times.reduce((x, y) => Math.min(x, y))
  if (span < LEAST_SPAN_NS) return undefined
  const width = (rate: number) => {
    const [low, high] = bounds(toward, rate, origin)
    return high - low
  }
  // The width is concave in the rate (a minimum of lines minus a maximum of lines): thirds close in on its peak.
  let left = -MOST_DRIFT
  let right = MOST_DRIFT
  for (let i = 0; i < 60; i++) {
    const third = (right - left) / 3
    if (width(left + third) < width(right - third)) left += third
    else right -= third
  }
  const rate = (left + right) / 2
  const gain = width(rate) - width(0)
  return gain > 0.3 * width(rate) && Math.abs(rate) * span > 1e6 ? rate : undefined
}
