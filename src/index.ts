/** Public API. */
export { type AnalyzeOptions, analyzeCaptures as analyze } from './analyze.js'
export { CaptureError } from './capture/index.js'
export { CAUSES, type Cause } from './causes/index.js'
export type {
  Alternative,
  Analysis,
  CaptureHealth,
  CaptureInfo,
  CauseId,
  Comparison,
  ConnectionSummary,
  EvidenceLine,
  Impact,
  Incident,
  Listener,
  Note,
  Origin,
  Report,
  Reset,
  SeenAt,
  Side,
  StoryPacket,
  Symptom,
  Totals,
  Translation,
} from './model.js'
export { Aliases, aliasesFor, redactAnalysis } from './redact/index.js'
export {
  type Annotated,
  annotateCapture,
  type Extracted,
  extractIncidents,
  type RewriteOptions,
} from './rewrite/index.js'
export { type ComparedAnalysis, compareCaptures, type CompareOptions } from './compare/index.js'
