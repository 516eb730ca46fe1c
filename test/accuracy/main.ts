/**
 * npm run accuracy: how often the verdicts are right, on captures kept out of every decision: those made after the rules and never
 * studied (split "blind"), and those held out when rules were written.
 *   --blind   only the former, --blind2, --blind3, --blind4 the later sets   --fit   the captures that rules were written with
 *   --all     all of them
 *   --wrong   list what is wrong                               --set endpoint|middlebox|public
 */
import { labelledCaptures, type Split } from './labels.js'
import { calibrationError, type Outcome, scoreCaptures } from './score.js'

const args = new Set(process.argv.slice(2))
const splits: Split[] = args.has('--all')
  ? ['blind', 'blind2', 'blind3', 'blind4', 'held-out', 'fit']
  : args.has('--fit')
    ? ['fit']
    : args.has('--blind')
      ? ['blind', 'blind2', 'blind3', 'blind4']
      : args.has('--blind2')
        ? ['blind2']
        : args.has('--blind3')
          ? ['blind3']
          : args.has('--blind4')
            ? ['blind4']
            : ['blind', 'blind2', 'blind3', 'blind4', 'held-out']
const only = ['endpoint', 'middlebox', 'public'].find(s => args.has(s))
const captures = labelledCaptures().filter(
  c => splits.includes(c.split) && (only === undefined || c.set === only),
)
const outcomes = await scoreCaptures(captures)

const share = (part: number, whole: number) =>
  whole === 0 ? '   –  ' : `${((100 * part) / whole).toFixed(1).padStart(5)} %`

function table(title: string, rows: Outcome[]): void {
  const impacts = rows.filter(o => o.impactRight !== undefined)
  console.log(
    `${title.padEnd(24)} ${String(rows.length).padStart(5)} resets   cause ${share(rows.filter(o => o.causeRight).length, rows.length)}` +
      `   origin ${share(rows.filter(o => o.originRight).length, rows.length)}   impact ${share(impacts.filter(o => o.impactRight).length, impacts.length)}` +
      `   false accusations ${rows.filter(o => o.falseAccusation).length}`,
  )
}

console.log(`labelled captures: ${captures.length} (${splits.join(', ')})`)
for (const split of splits) {
  for (const set of ['endpoint', 'middlebox', 'public'] as const) {
    const rows = outcomes.filter(o => o.capture.set === set && o.capture.split === split)
    if (rows.length > 0) table(`${split}: ${set}`, rows)
  }
}
table('all', outcomes)
console.log(`expected calibration error ${calibrationError(outcomes).toFixed(3)}`)

console.log('\nwhen it says … it is right')
for (let low = 0.3; low < 0.99; low += 0.1) {
  const bin = outcomes.filter(o => o.reset && o.reset.confidence >= low && o.reset.confidence < low + 0.1)
  if (bin.length > 0) {
    console.log(
      `${low.toFixed(1)}–${(low + 0.1).toFixed(1)} ${String(bin.length).padStart(6)} resets ${share(bin.filter(o => o.causeRight).length, bin.length)}`,
    )
  }
}

console.log('\nby cause')
for (const cause of [...new Set(outcomes.map(o => o.label.cause))].sort())
  table(
    cause,
    outcomes.filter(o => o.label.cause === cause),
  )

if (args.has('--wrong')) {
  for (const o of outcomes.filter(
    o => !o.causeRight || !o.originRight || (args.has('--impact') && o.impactRight === false),
  )) {
    const r = o.reset
    console.log(
      `${o.capture.scenario}/${o.capture.path.split('/').at(-1)} frames ${o.label.frames.slice(0, 4)} ${o.label.sender}: want ${o.label.cause}` +
        `${o.label.acceptable.length ? `|${o.label.acceptable.join('|')}` : ''} ${o.label.origin}${o.label.originAcceptable.length ? `|${o.label.originAcceptable}` : ''} ${o.label.impact}, got ` +
        (r
          ? `${r.cause} ${r.confidence} (${r.alternatives.map(a => `${a.cause} ${a.confidence}`).join(', ')}) ${r.origin} ${r.originConfidence} ${r.impact}`
          : 'nothing'),
    )
  }
}
