/**
 * Every noun of the pipeline, with units. Read this file first; the nouns themselves stand in `model/`.
 *
 * bytes ─capture→ Frame ─wire→ Segment ─flow→ Connection ─evidence→ Facts ─causes, origin→ Reset ─→ Incident ─→ Report
 *
 *  - `model/words`: the words of a verdict: sides, origins, impacts, causes;
 *  - `model/capture`: `Frame` and its batches, reused objects that are valid only during the call that hands them over (hot path);
 *  - `model/connection`: `SegmentRecord`, `SideState`, `Connection`, `World`: plain data, made only for connections that matter;
 *  - `model/report`: what users and programs read, as promised by the JSON contract.
 */
export * from './model/words.js'
export * from './model/capture.js'
export * from './model/connection.js'
export * from './model/report.js'
