/** Runs the analysis over labelled captures and compares verdict by verdict. */
import type { Reset } from '../../src/model.js'
import { analysisOf } from '../analyses.js'
import type { Label, LabelledCapture } from './labels.js'

export interface Outcome {
  capture: LabelledCapture
  label: Label
  reset: Reset | undefined
  causeRight: boolean
  originRight: boolean
  impactRight: boolean | undefined
  /** A genuine endpoint was called a middlebox. */
  falseAccusation: boolean
}

export async function scoreCaptures(captures: LabelledCapture[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const capture of captures) {
    const { report } = await analysisOf(capture.path)
    for (const label of capture.labels) outcomes.push(compare(capture, label, report.resets))
  }
  return outcomes
}

/** The reset that shares most frames with the label. */
function compare(capture: LabelledCapture, label: Label, resets: Reset[]): Outcome {
  const wanted = new Set(label.frames)
  const overlap = (r: Reset) => r.frames.filter(f => wanted.has(f)).length
  const reset = resets.filter(r => overlap(r) > 0).sort((a, b) => overlap(b) - overlap(a))[0]
  return {
    capture,
    label,
    reset,
    causeRight:
      reset !== undefined && (reset.cause === label.cause || label.acceptable.includes(reset.cause)),
    originRight:
      reset !== undefined && (reset.origin === label.origin || label.originAcceptable.includes(reset.origin)),
    impactRight:
      label.impact === undefined || reset === undefined
        ? undefined
        : reset.impact === label.impact || label.impactAcceptable.includes(reset.impact),
    falseAccusation:
      reset?.origin === 'middlebox' &&
      label.origin === 'endpoint' &&
      !label.originAcceptable.includes('middlebox'),
  }
}

/** Expected calibration error over five equal bins of confidence. */
export function calibrationError(outcomes: Outcome[]): number {
  const judged = outcomes.filter(o => o.reset)
  let error = 0
  for (let bin = 0; bin < 5; bin++) {
    const inBin = judged.filter(o => Math.min(Math.floor(o.reset!.confidence * 5), 4) === bin)
    if (inBin.length === 0) continue
    const said = inBin.reduce((sum, o) => sum + o.reset!.confidence, 0) / inBin.length
    const right = inBin.filter(o => o.causeRight).length / inBin.length
    error += (inBin.length / judged.length) * Math.abs(said - right)
  }
  return error
}
