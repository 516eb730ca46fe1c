/**
 * What the blind sets gave in the one measurement that was made before anybody looked at their verdicts, in the commit that brought them.
 * It cannot be measured again: the rules have learnt from what was wrong since.
 */
export interface FirstMeasured {
  set: string
  resets: number
  /** Right, in percent of the resets. */
  cause: string
  origin: string
  impact: string
  /** Endpoints called middleboxes. */
  accused: number
  calibrationError: string
}

export const FIRST_MEASURED: readonly FirstMeasured[] = [
  {
    set: 'blind',
    resets: 212,
    cause: '95.8',
    origin: '99.5',
    impact: '90.1',
    accused: 0,
    calibrationError: '0.014',
  },
  {
    set: 'blind2',
    resets: 452,
    cause: '91.8',
    origin: '99.8',
    impact: '95.6',
    accused: 0,
    calibrationError: '0.028',
  },
  {
    set: 'blind3',
    resets: 249,
    cause: '90.0',
    origin: '100.0',
    impact: '86.7',
    accused: 0,
    calibrationError: '0.019',
  },
  {
    set: 'blind4',
    resets: 265,
    cause: '92.1',
    origin: '99.2',
    impact: '92.1',
    accused: 0,
    calibrationError: '0.068',
  },
]
