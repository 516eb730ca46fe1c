/** segments → connections: the tracker, the timelines, and the two ways to run them. */
export {
  buildWorld,
  type BuiltWorld,
  type FrameSource,
  type SegmentDecoder,
  type WorldOptions,
  WorldReader,
} from './world.js'
export { Flow, type FlowOptions } from './flow.js'
export { makeWorld } from './make-world.js'
export { snapshot } from './snapshot.js'
export type { TrackedConnection } from './connection.js'
