/** Shows what the judge knew of each reset of a capture: facts, scores, origin signs. For whoever writes or doubts a rule: npm run inspect -- FILE [ID]. */
import { openCaptures } from '../../src/capture/index.js'
import { CAUSES } from '../../src/causes/index.js'
import { WEIGHTS } from '../../src/causes/define.js'
import { gatherCases } from '../../src/evidence/index.js'
import { buildWorld } from '../../src/flow/index.js'
import { createDecoder } from '../../src/wire/decoder.js'

const [file, wanted] = process.argv.slice(2)
const world = await buildWorld(await openCaptures([file]), createDecoder)
for (const { id, facts, group } of gatherCases(world)) {
  if (wanted && id !== wanted) continue
  const { connection: c, first, rsts } = group.view
  console.log(
    `\n${id} frame ${first.frame} (${rsts.length} RST) ${facts.sender} of ${c.client.address}:${c.client.port} > ${c.server.address}:${c.server.port} ${c.history}`,
  )
  const shown = Object.entries(facts).filter(
    ([, v]) => v !== undefined && v !== false && v !== 0 && v !== null,
  )
  console.log(
    shown.map(([k, v]) => `${k}=${typeof v === 'number' ? Math.round(v * 1000) / 1000 : v}`).join('  '),
  )
  for (const s of group.origin.signs)
    console.log(`   ${s.weight > 0 ? '+' : ''}${s.weight} ${s.statement} [${s.frames}]`)
  for (const cause of CAUSES.values()) {
    if (cause.requires.some(r => r.test(facts) === false)) continue
    const unanswered = cause.requires.filter(r => r.test(facts) === undefined).length
    const signs = cause.signs.filter(s => s.test(facts) === true)
    const score = cause.prior - 0.8 * unanswered + signs.reduce((sum, s) => sum + WEIGHTS[s.weight], 0)
    console.log(
      `   ${cause.id} ${score.toFixed(1)}: prior ${cause.prior}, ${unanswered} unanswered, ${signs.map(s => `${s.weight} "${s.statement}"`).join(', ')}`,
    )
  }
}
