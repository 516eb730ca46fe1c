/**
 * Stacks that denied connections without a FIN: a restart, a lost table or an idle timer forgets all that it forgets in one moment, so that what was
 * forgotten together had been open together. Counted among the nearest ones in time: of a flood a few tell enough.
 */
import { lowerBound } from './counting.js'
import { hostKey, type Mark, peerKey } from './mark.js'

/** A restart's victims find out when they next speak; within this they are counted as one event. */
const FORGOTTEN_NS = 120_000e6

/** Resets near one in time that are looked at. */
const NEAREST = 128

/** More hosts than this say no more. */
const MOST_DENIERS = 8

/** Recorded on both sides of a NAT one connection is two, begun in one moment and denied in one moment with one number, but for two addresses. */
const SECOND_VIEW_NS = 50e6

export interface Denials {
  forgottenCount: number
  /** Shortest silence among them. */
  forgottenSilenceMs: number | undefined
  forgetfulHosts: number
}

const NONE: Denials = { forgottenCount: 0, forgottenSilenceMs: undefined, forgetfulHosts: 0 }

/** @returns for a reset: what else was forgotten with it */
export function denialsAmong(marks: Mark[]): (mark: Mark) => Denials {
  const unaware = marks.filter(m => m.unaware)
  const byHost = grouped(distinctOf(unaware), hostKey)
  const byPeer = grouped(unaware, peerKey)
  return own => {
    if (!own.unaware) return NONE
    let forgottenCount = 1
    let forgottenSilenceMs = own.idleMs
    for (const other of near(byHost.get(hostKey(own)), own)) {
      if (other.connection === own.connection || !openTogether(own, other)) continue
      if (sameView(own, other)) continue
      forgottenCount++
      if (other.idleMs !== undefined && other.idleMs < (forgottenSilenceMs ?? Infinity))
        forgottenSilenceMs = other.idleMs
    }
    const hosts = new Set([hostKey(own)])
    for (const other of near(byPeer.get(peerKey(own)), own)) {
      if (hosts.size >= MOST_DENIERS) break
      hosts.add(hostKey(other))
    }
    return { forgottenCount, forgottenSilenceMs, forgetfulHosts: hosts.size }
  }
}

/** There was a moment at which both were open: what ended both may be one event. */
function openTogether(a: Mark, b: Mark): boolean {
  const began = (m: Mark) => (m.begunBefore ? Number.NEGATIVE_INFINITY : m.beganNs)
  return Math.max(began(a), began(b)) < Math.min(a.timeNs, b.timeNs)
}

function sameView(a: Mark, b: Mark): boolean {
  const moment = (one: number, other: number) => Math.abs(one - other) <= SECOND_VIEW_NS
  const numbers = a.seq === b.seq && a.listener === b.listener && peerKey(a) !== peerKey(b)
  return numbers && moment(a.timeNs, b.timeNs) && moment(a.beganNs, b.beganNs)
}

/** One for each connection and side (a device and the host itself may both have denied it), once where a NAT shows it twice. */
function distinctOf(unaware: Mark[]): Mark[] {
  const seen = new Set<string>()
  const views = new Map<string, Mark>()
  return unaware.filter(m => {
    const connection = `${m.connection} ${m.sender}`
    if (seen.has(connection)) return false
    seen.add(connection)
    const view = `${m.listener} ${hostKey(m)} ${m.seq}`
    const before = views.get(view)
    views.set(view, m)
    return before === undefined || !sameView(m, before)
  })
}

function grouped(marks: Mark[], key: (mark: Mark) => string): Map<string, Mark[]> {
  const groups = new Map<string, Mark[]>()
  for (const mark of marks) {
    const group = groups.get(key(mark))
    if (group) group.push(mark)
    else groups.set(key(mark), [mark])
  }
  for (const list of groups.values()) list.sort((a, b) => a.timeNs - b.timeNs)
  return groups
}

/** The others within the same event's time, nearest first on either side. */
function* near(marks: Mark[] | undefined, own: Mark): Generator<Mark> {
  if (marks === undefined) return
  const at = lowerBound(marks, own.timeNs)
  for (const step of [-1, 1]) {
    for (let i = step < 0 ? at - 1 : at; i >= 0 && i < marks.length; i += step) {
      if (Math.abs(marks[i].timeNs - own.timeNs) > FORGOTTEN_NS || Math.abs(i - at) > NEAREST) break
      if (marks[i] !== own) yield marks[i]
    }
  }
}
