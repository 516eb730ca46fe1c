/** `--redact`: reports and frames without addresses, names and payload. Both take the same `Aliases`, so that they tell of the same hosts. */
export { Aliases, aliasesFor } from './aliases.js'
export { redactAnalysis } from './analysis.js'
export { createFrameRedactor, type FrameRedactor, type RawFrame } from './frame/index.js'
