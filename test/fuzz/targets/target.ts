/** A part of the program that is fuzzed on its own, so that much is executed in little time. */
export interface Target {
  /** What counts as one execution. */
  execution: string
  /** Executions in a row, of one seed: they may share state, as packets of one capture do. */
  size: number
  /** @throws whatever does not hold, or what the code under test threw */
  run(seed: number): Promise<void> | void
  /** The input of a seed as files, to be kept when it failed. */
  files?(seed: number): Uint8Array[]
}
