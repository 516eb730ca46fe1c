/** `rst-analyze compare`: two captures of the same traffic → one report. What left one end and what arrived at the other is proof, not a guess. */
import { type Case, crossingOf } from '../evidence/cross.js'
import { localFacts } from '../evidence/local.js'
import { type Mark, markOf } from '../evidence/mark.js'
import { indexEnds } from '../evidence/neighbours.js'
import { findIncidents } from '../incidents/index.js'
import type { Analysis, CaptureInfo, Reset, Timebase } from '../model.js'
import { namesUsed, plainNames } from '../names.js'
import { storiesOf } from '../verdict/stories.js'
import { formatTime } from '../time.js'
import { precision, verdictOf } from '../verdict/verdict.js'
import { VERSION } from '../version.js'
import { type Clocks, relateClocks } from './clock.js'
import { linksByConnection, type Scene } from './fate.js'
import { type Part, partsOf, PROVEN } from './groups.js'
import { explainByLeak, findLeaks, leakBehind } from './leaks.js'
import { seenAt, type Union, unite } from './merge.js'
import { placesOf } from './place.js'
import { proofOf, type Reaction, reactionOf } from './proof.js'
import { type CompareOptions, type Read, readVantages } from './read.js'
import { pairResets } from './resets.js'
import { chooseCase, type Chosen } from './choose.js'
import { comparisonOf, listenersOf, totalsOf } from './totals.js'
import type { ComparedReport, ComparedReset, Link, Vantage } from './types.js'

export type { CompareOptions } from './read.js'
export type { ComparedReport, ComparedReset } from './types.js'

/** What `analyzeCaptures` gives, with `comparison` in the report and `vantages` in its resets. */
export interface ComparedAnalysis extends Analysis {
  report: ComparedReport
}

/**
 * Compares two captures of the same traffic. Times of the result are on the clock of the first; verdicts do not depend on the order.
 * @param paths two files; one of them may be "-"
 * @throws CaptureError naming the capture that could not be analysed
 */
export async function compareCaptures(
  paths: [string, string],
  options: CompareOptions = {},
): Promise<ComparedAnalysis> {
  return conclude(await readVantages(paths, options))
}

/** Everything behind the reading. */
export function conclude(read: Read): ComparedAnalysis {
  const { vantages } = read
  const scene = observe(read)
  const unions = ordered(unite(vantages.flatMap(v => partsOf(scene, v))), scene)
  const caseOf = casesOf(vantages, unions)
  const comparison = comparisonOf(scene, unions, read)
  const leaks = findLeaks(scene)
  const infos = vantages.map(v => v.info)
  // Facts and sentences are measured on each capture's own clock, union by union: of a flood of resets only the verdicts stay.
  const told = unions.map(union => tell(union, caseOf, { read, scene, leaks, infos }))
  const timebase = oneClock(vantages, scene.clocks)
  const resets = told.map(({ reset, part }) => ({
    ...reset,
    time: formatTime(timebase, part.group.view.first.timeNs, precision(infos[part.index])),
  }))
  const listeners = listenersOf(vantages, resets)
  const incidents = findIncidents(resets)
  const names = new Map([...vantages[1].names, ...vantages[0].names])
  return {
    report: {
      schema: 'rst-analyze/report/1',
      generator: { name: 'rst-analyze', version: VERSION },
      captures: infos,
      totals: totalsOf(scene, unions, resets, read.census),
      resets,
      listeners,
      incidents,
      names: namesUsed(names, { resets, listeners, incidents }),
      comparison,
    },
    stories: storiesOf(
      told.map(({ part: { group } }, i) => ({ id: resets[i].id, group })),
      resets,
    ),
    health: largest(vantages).world.health,
    timebase,
    names: plainNames(names),
  }
}

interface Telling {
  read: Read
  scene: Scene
  leaks: ReturnType<typeof findLeaks>
  infos: CaptureInfo[]
}

/** The verdict on one reset, by the capture that shows it best. */
function tell(
  union: Union,
  caseOf: (part: Part) => Case,
  { read: { vantages }, scene, leaks, infos }: Telling,
): { part: Part; reset: ComparedReset } {
  const chosen = chooseCase(union, union.parts.map(caseOf), scene)
  const { part, item } = chosen
  const leak = leakBehind(union, item, leaks, scene)
  const reaction = reactionOf(scene, part, item)
  if (reaction) item.facts.triggerArrived = reaction.arrived !== undefined
  const { timebase } = vantages[part.index].world
  const reset = report(scene, union, chosen, reaction, verdictOf(item, timebase, infos))
  return { part, reset: leak ? explainByLeak(reset, item, leak, vantages) : reset }
}

/** A verdict of one capture with what the other adds, less what it settles. */
function report(
  scene: Scene,
  union: Union,
  { part }: Chosen,
  reaction: Reaction | undefined,
  reset: Reset,
): ComparedReset {
  const proof = proofOf(scene, part, reaction, reset.origin)
  return {
    ...reset,
    evidence: [...proof.evidence, ...reset.evidence.filter(e => e.statement !== PROVEN)],
    cannotTell: [
      ...reset.cannotTell.filter(c => part.proven === undefined || !ORIGIN_TEST.test(c)),
      ...new Set(proof.cannotTell),
    ],
    nextChecks: reset.nextChecks.filter(c => !c.includes('rst-analyze compare')),
    vantages: seenAt(union),
  }
}

/** Limits of one capture that another one lifts. */
const ORIGIN_TEST = /^(round-trip|hop limit) test/

function observe({ vantages, matching: { links } }: Read): Scene {
  const near = placesOf(links)
  let clocks = relateClocks(links, vantages)
  pairAll(links, clocks, near)
  // Where only one direction was seen without RSTs, an answer that is itself a RST bounds the offset from the other side.
  if (clocks.oneWay) {
    clocks = relateClocks(links, vantages, true)
    pairAll(links, clocks, near)
  }
  return { vantages, links, linksOf: linksByConnection(links), clocks, near }
}

function pairAll(links: Link[], clocks: Clocks, near: Scene['near']): void {
  for (const link of links) link.resets = pairResets(link, clocks, near)
}

/** By the time of their first frame, on the clock of capture 0. */
function ordered(unions: Union[], { clocks }: Scene): Union[] {
  const timeOf = ({ parts }: Union) =>
    Math.min(
      ...parts.map(({ index, group: { view } }) =>
        index === 0 ? view.first.timeNs : clocks.convert(view.first.timeNs, 1),
      ),
    )
  const times = new Map(unions.map(u => [u, timeOf(u)]))
  const frame = ({ parts }: Union) => parts[0].group.view.first.frame
  return unions.sort((x, y) => times.get(x)! - times.get(y)! || frame(x) - frame(y))
}

/** A part's case: facts are measured in the capture's own world, once for all others and again when asked for. Ids are those of the report. */
function casesOf(vantages: [Vantage, Vantage], unions: Union[]): (part: Part) => Case {
  const marks = new Map<Part, Mark>()
  const crossings = vantages.map(({ index, world }) => {
    const parts = unions.flatMap(({ parts }, i) =>
      parts.filter(p => p.index === index).map(part => ({ part, id: `r${i + 1}` })),
    )
    const first = ({ part }: { part: Part }) => part.group.view.first
    parts.sort((x, y) => first(x).timeNs - first(y).timeNs || first(x).frame - first(y).frame)
    for (const { part, id } of parts) marks.set(part, markOf(id, part.group, localFacts(part.group).facts))
    return crossingOf(
      world,
      parts.map(({ part }) => marks.get(part)!),
      indexEnds(world),
    )
  })
  return part => {
    const mark = marks.get(part)!
    const { facts, frames } = localFacts(part.group)
    return {
      id: mark.id,
      group: part.group,
      facts: Object.assign(facts, crossings[part.index](mark)),
      frames: frames(),
    }
  }
}

/** Puts capture 1 on the clock of capture 0, once nothing more is measured. */
function oneClock([a, b]: [Vantage, Vantage], clocks: Clocks): Timebase {
  if (Number.isNaN(a.world.timebase.seconds)) return b.world.timebase
  const convert = (timeNs: number) => clocks.convert(timeNs, 1)
  for (const c of b.world.connections.values()) {
    c.firstTimeNs = convert(c.firstTimeNs)
    c.lastTimeNs = convert(c.lastTimeNs)
    for (const r of c.segments) r.timeNs = convert(r.timeNs)
  }
  return a.world.timebase
}

function largest([a, b]: [Vantage, Vantage]): Vantage {
  return b.world.totals.connections > a.world.totals.connections ? b : a
}
