/** Every hand-written case: what its prose argues must be what the analysis says. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.js'
import { CAUSES } from '../../src/causes/index.js'
import type { CauseId, Reset } from '../../src/model.js'
import { casePaths, loadCase } from './load.js'
import type { Expectation } from './case.js'
import { pcapOf } from './pcap.js'

let directory: string

beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-cases-'))
})

afterAll(() => fs.rmSync(directory, { recursive: true }))

async function resetsOf(name: string): Promise<Reset[]> {
  const file = path.join(directory, `${name.replace(/\W/g, '-')}.pcap`)
  fs.writeFileSync(file, pcapOf(loadCase(name)))
  return (await analyzeCaptures([file])).report.resets
}

/** What differs from the expectation, as words; empty when nothing does. */
function differences(reset: Reset, e: Expectation): string[] {
  const wrong: string[] = []
  const others = reset.alternatives.map(a => `${a.cause} ${a.confidence}`).join(', ')
  if (reset.sender !== e.sender) wrong.push(`sender ${reset.sender}, not ${e.sender}`)
  if (!e.causes.includes(reset.cause))
    wrong.push(`cause ${reset.cause} ${reset.confidence} (${others}), not ${e.causes.join(' | ')}`)
  if (!e.origins.includes(reset.origin))
    wrong.push(`origin ${reset.origin} ${reset.originConfidence}, not ${e.origins.join(' | ')}`)
  if (!e.impacts.includes(reset.impact)) wrong.push(`impact ${reset.impact}, not ${e.impacts.join(' | ')}`)
  const said = reset.evidence.map(line => line.statement).join('\n')
  for (const words of e.says) if (!said.includes(words)) wrong.push(`does not say "${words}"`)
  for (const words of e.silentOf) if (said.includes(words)) wrong.push(`says "${words}"`)
  return wrong
}

describe.each(casePaths())('%s', name => {
  test('verdicts', async () => {
    const resets = await resetsOf(name)
    const { expectations } = loadCase(name)
    expect(resets.length, 'number of resets').toBe(Math.max(...expectations.map(e => e.last)))
    for (const e of expectations) {
      const wrong = resets.slice(e.first - 1, e.last).flatMap(r => differences(r, e).map(d => `${r.id} ${d}`))
      if (e.knownWrong === undefined) expect(wrong).toEqual([])
      else expect(wrong, 'known to be wrong, but right now: take the mark away').not.toEqual([])
    }
  })
})

describe('the cases as a whole', () => {
  const expected = casePaths().flatMap(name => loadCase(name).expectations.map(e => ({ name, ...e })))

  test('every cause has a true case', () => {
    const missing = [...CAUSES.keys()].filter(id => !expected.some(e => e.causes[0] === id))
    expect(missing).toEqual([])
  })

  const causesOf = (name: string) => loadCase(name).expectations.flatMap(e => e.causes)
  const isLookAlike = (name: string) => path.basename(name).startsWith('not-')

  test('a case stands in the folder of its cause, a look-alike in that of what it is mistaken for', () => {
    const astray = casePaths().filter(name => {
      const folder = path.dirname(name) as CauseId
      return folder !== ('traps' as string) && causesOf(name).includes(folder) === isLookAlike(name)
    })
    expect(astray).toEqual([])
  })

  test('every cause has a look-alike', () => {
    const missing = [...CAUSES.keys()].filter(
      id => !casePaths().some(name => path.dirname(name) === id && isLookAlike(name)),
    )
    expect(missing).toEqual([])
  })

  test('every expectation covers its resets once', () => {
    for (const name of casePaths()) {
      const numbers = loadCase(name).expectations.flatMap(e =>
        Array.from({ length: e.last - e.first + 1 }, (_, i) => e.first + i),
      )
      expect(
        numbers.sort((a, b) => a - b),
        name,
      ).toEqual(numbers.map((_, i) => i + 1))
    }
  })

  test('what is known to be wrong is the exception', () => {
    const known = new Set(expected.filter(e => e.knownWrong).map(e => e.name))
    expect(known.size).toBeLessThanOrEqual(casePaths().length * 0.1)
  })
})
