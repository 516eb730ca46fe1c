/**
 * Makes the captures of fixtures/lab/endpoint: real kernels and servers in network namespaces, labelled with what
 * was done and with the kernel's own reason. Needs root. `npx tsx test/lab/endpoint.ts [--only NAME] [--out DIR]`
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { traceResets } from './kernel.ts'
import { cleanUp } from './proc.ts'
import { type Outcome, perform, type Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'

// Imported by mistake it would make all captures anew.
if (process.argv[1] !== import.meta.filename)
  throw new Error('test/lab/endpoint.ts is a program, not a module')

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    out: { type: 'string', default: 'fixtures/lab/endpoint' },
    jobs: { type: 'string', default: '8' },
  },
})

/** NAME, NAME* or several with commas. */
function chosen(): { scenario: Scenario; index: number }[] {
  const patterns = values.only?.split(',').map(p => new RegExp(`^${p.replaceAll('*', '.*')}$`))
  return scenarios
    .map((scenario, i) => ({ scenario, index: i + 1 }))
    .filter(({ scenario }) => !patterns || patterns.some(p => p.test(scenario.name)))
}

function line(o: Outcome): string {
  const told = o.captures.map(c => {
    const words = c.resets.map(r => `${r.cause}/${r.kernelReason ?? '-'}`)
    const counts = [...new Set(words)].map(w => `${words.filter(x => x === w).length}×${w}`)
    return `${c.file}[${counts.join(' ')}]`
  })
  return `${o.name} (${o.split}, ${(o.bytes / 1024).toFixed(0)} kB) ${told.join(' ')}`
}

const tracer = await traceResets()
const waiting = chosen()
const done: Outcome[] = []
const failed: string[] = []

/** Twice at most: a scenario that lives on a few milliseconds may miss them on a busy machine. */
async function attempt(scenario: Scenario, index: number): Promise<Outcome> {
  try {
    return await timed(scenario, index)
  } catch {
    return timed(scenario, index)
  }
}

async function timed(scenario: Scenario, index: number): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error('took more than 150 s')), 150_000)
  })
  try {
    return await Promise.race([perform(scenario, index, tracer, values.out), tooLong])
  } finally {
    clearTimeout(timer)
  }
}

async function worker() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    try {
      const outcome = await attempt(next.scenario, next.index)
      done.push(outcome)
      console.log(line(outcome))
    } catch (error) {
      failed.push(next.scenario.name)
      console.log(`FAILED ${next.scenario.name}: ${(error as Error).message}`)
    }
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
if (!values.only)
  for (const name of readdirSync(values.out, { withFileTypes: true }))
    if (name.isDirectory() && !scenarios.some(s => s.name === name.name))
      rmSync(join(values.out, name.name), { recursive: true })
console.log(
  `${done.length} scenarios, ${(done.reduce((n, o) => n + o.bytes, 0) / 1024).toFixed(0)} kB; ${failed.length} failed ${failed}`,
)
cleanUp()
process.exit(failed.length ? 1 : 0)
