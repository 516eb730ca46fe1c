import { openCaptures } from '../src/capture/index.js'
import { buildWorld } from '../src/flow/index.js'
import { createDecoder } from '../src/wire/decoder.js'
import { judgeOrigin } from '../src/origin.js'
import * as R from '../src/evidence/resets.js'
const world = await buildWorld(await openCaptures([process.argv[2]!]), createDecoder)
for (const c of world.connections.values()) for (const r of c.segments.filter(s=>s.flags&4)) {
  const v = (R as any).originOf(world,c,r,c.segments.filter(s=>s.flags&4&&s.from===r.from))
  console.log(r.frame,r.hopLimit,v.origin,v.forged.toFixed(2)); for(const s of v.signs) console.log('    ',s.weight,s.statement)
}
