/** All connections of a world by who they are: no segment of those that are not asked about is looked at. */
import type { ConnectionOutline, World } from '../model.js'
import { isRst } from './view.js'

/** In order of their ids. */
export function* outlinesOf({ connections }: World): Generator<ConnectionOutline> {
  if (connections.outlines !== undefined) {
    yield* connections.outlines()
    return
  }
  for (const { id, client, server, segments } of connections.values())
    yield { id, client, server, reset: segments.some(isRst) }
}
