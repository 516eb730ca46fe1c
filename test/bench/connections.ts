/** npm run bench:connections [-- CONNECTIONS]: what a connection takes of the memory, and what it is counted by. */
import { hold, STAGES } from './held.js'

const connections = Number(process.argv[2] ?? 32_000)
for (const [stage, packets] of Object.entries(STAGES)) {
  const { flow, bytes } = await hold(connections, packets)
  const each = (sum: number): string => `${Math.round(sum / connections)} B`
  console.log(
    `${stage.padEnd(16)} takes ${each(bytes)}, counted ${each(flow.bytes)} (tables ${each(flow.skim.bytes)})`,
  )
}
