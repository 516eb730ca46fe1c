/** Captures written again: annotated (`--annotate`), by incident (`--extract`), redacted or not. */
export { type Annotated, annotateCapture, type RewriteOptions } from './annotate.js'
export { type Extracted, extractIncidents } from './extract.js'
