/**
 * How often `compare` is right, on the lab's pairs of captures: npx tsx test/accuracy/pairs.ts
 *   --fit   the pairs that rules were written with        --all    both (default: those kept out of every decision)
 *   --wrong list what is wrong                            --every  all pairs of captures of a scenario, not only client and server
 */
import fs from 'node:fs'
import path from 'node:path'
import type { ComparedReset } from '../../src/compare/index.js'
import { comparisonOf } from '../analyses.js'
import { type LabelledCapture, type Label, labelledCaptures, type Split } from './labels.js'

export interface LabelledPair {
  scenario: string
  split: Split
  captures: [LabelledCapture, LabelledCapture]
  /** Clock of the second minus clock of the first, as the lab set it. */
  clockOffsetMs: number
}

export interface PairOutcome {
  pair: LabelledPair
  label: Label
  reset: ComparedReset | undefined
  causeRight: boolean
  /** The true cause, nothing that is merely acceptable. */
  causeExact: boolean
  originRight: boolean
  originExact: boolean
  falseAccusation: boolean
  impactRight: boolean | undefined
}

/** @param every all pairs of a scenario's captures instead of the one its labels name, and those of the endpoint lab */
export function labelledPairs(every = false): LabelledPair[] {
  const groups = new Map<string, LabelledCapture[]>()
  for (const c of labelledCaptures()) {
    if (c.set === 'middlebox' || (every && c.set === 'endpoint'))
      groups.set(`${c.set} ${c.scenario}`, [...(groups.get(`${c.set} ${c.scenario}`) ?? []), c])
  }
  return [...groups.values()].flatMap(captures => {
    const labels = JSON.parse(
      fs.readFileSync(path.join(path.dirname(captures[0].path), 'labels.json'), 'utf8'),
    )
    const offset = (file: string): number =>
      labels.captures.find((c: { file: string }) => c.file === file).clockOffsetMs ?? 0
    const chosen = captures.flatMap((a, i) =>
      captures.slice(i + 1).map(b => [a, b] as [LabelledCapture, LabelledCapture]),
    )
    const named = (c: LabelledCapture) => (labels.pair ?? []).includes(path.basename(c.path))
    return chosen
      .filter(([a, b]) => every || (named(a) && named(b)))
      .map(([a, b]) => ({
        scenario: a.scenario,
        split: a.split,
        captures: [a, b],
        clockOffsetMs: offset(path.basename(b.path)) - offset(path.basename(a.path)),
      }))
  })
}

/** One outcome per reset of the report: what is in both captures counts once. Labels that no reset covers count as wrong. */
export async function scorePair(pair: LabelledPair): Promise<PairOutcome[]> {
  const { report } = await comparisonOf(pair.captures[0].path, pair.captures[1].path)
  const outcomes: PairOutcome[] = []
  const told = new Set<ComparedReset>()
  for (const index of [report.resets.map(r => r.capture), [0, 1]]
    .flat()
    .filter((x, i, all) => all.indexOf(x) === i)) {
    for (const label of pair.captures[index].labels) {
      const reset = covering(report.resets, index, label)
      if (reset && (reset.capture !== index || told.has(reset))) continue
      if (reset) told.add(reset)
      outcomes.push(outcomeOf(pair, label, reset))
    }
  }
  return outcomes
}

function covering(resets: ComparedReset[], index: number, label: Label): ComparedReset | undefined {
  const wanted = new Set(label.frames)
  const overlap = (r: ComparedReset) => r.vantages[index].frames.filter(f => wanted.has(f)).length
  return resets.filter(r => overlap(r) > 0).sort((a, b) => overlap(b) - overlap(a))[0]
}

function outcomeOf(pair: LabelledPair, label: Label, reset: ComparedReset | undefined): PairOutcome {
  return {
    pair,
    label,
    reset,
    causeExact: reset?.cause === label.cause,
    causeRight:
      reset !== undefined && (reset.cause === label.cause || label.acceptable.includes(reset.cause)),
    originExact: reset?.origin === label.origin,
    originRight:
      reset !== undefined && (reset.origin === label.origin || label.originAcceptable.includes(reset.origin)),
    falseAccusation:
      reset?.origin === 'middlebox' &&
      label.origin === 'endpoint' &&
      !label.originAcceptable.includes('middlebox'),
    impactRight:
      label.impact === undefined || reset === undefined
        ? undefined
        : reset.impact === label.impact || label.impactAcceptable.includes(reset.impact),
  }
}

if (process.argv[1] === import.meta.filename) await main(new Set(process.argv.slice(2)))

async function main(args: Set<string>): Promise<void> {
  const split = args.has('--all')
    ? undefined
    : (['fit', 'blind', 'blind2', 'blind3', 'blind4'].find(s => args.has(`--${s}`)) ?? 'held-out')
  const pairs = labelledPairs(args.has('--every')).filter(p => split === undefined || p.split === split)
  const outcomes: PairOutcome[] = []
  for (const pair of pairs) outcomes.push(...(await scorePair(pair)))
  const share = (name: string, right: (o: PairOutcome) => boolean | undefined) => {
    const rows = outcomes.filter(o => right(o) !== undefined)
    const hits = rows.filter(right).length
    return `${name} ${((100 * hits) / rows.length).toFixed(1)} %`
  }
  console.log(`pairs: ${pairs.length} (${split ?? 'all'}), resets: ${outcomes.length}`)
  console.log([share('cause', o => o.causeRight), share('exactly', o => o.causeExact)].join('   '))
  console.log([share('origin', o => o.originRight), share('exactly', o => o.originExact)].join('   '))
  console.log(
    `${share('impact', o => o.impactRight)}   false accusations ${outcomes.filter(o => o.falseAccusation).length}`,
  )
  if (!args.has('--wrong')) return
  for (const o of outcomes.filter(
    x => !x.causeRight || !x.originRight || (args.has('--exact') && !(x.causeExact && x.originExact)),
  )) {
    const { label, reset } = o
    const files = o.pair.captures.map(c => path.basename(c.path)).join('+')
    const got = reset
      ? `${reset.cause} ${reset.confidence} ${reset.origin} ${reset.originConfidence} (capture ${reset.capture} frames ${reset.frames.slice(0, 4).join()})`
      : 'nothing'
    console.log(
      `${o.pair.scenario} ${files} ${label.sender} ${label.frames.slice(0, 4).join()}: want ${label.cause}|${label.acceptable.join('|')} ${label.origin}|${label.originAcceptable.join()}, got ${got}`,
    )
  }
}
