/** What a reset costs, by counts and not by clocks: how often packets and sentences are made, and what stays of each reset. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { analyzeCaptures } from '../../src/analyze.js'
import { FactStore } from '../../src/evidence/fact-store.js'
import { FACT_NAMES, type FactName, Facts } from '../../src/evidence/facts.js'
import { gatherCases, type Proof, proofOf, ProofStore } from '../../src/evidence/index.js'
import { openCaptures } from '../../src/capture/index.js'
import { MadeConnections } from '../../src/flow/connections.js'
import { buildWorld } from '../../src/flow/index.js'
import { LateReset } from '../../src/verdict/late-reset.js'
import type { Connection, Reset, World } from '../../src/model.js'
import { redactAnalysis } from '../../src/redact/index.js'
import { writeJson } from '../../src/report/json.js'
import { select } from '../../src/report/select.js'
import { writeText } from '../../src/report/text.js'
import { verdictOf } from '../../src/verdict/verdict.js'
import { Verdicts } from '../../src/verdict/verdicts.js'
import { createDecoder } from '../../src/wire/decoder.js'
import { SCENARIOS } from '../bench/scenarios.js'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rst-analyze-cost-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const RESETS = 400

function flood(name = 'many resets on one listener at once'): string {
  const file = path.join(folder, `${name}.pcap`)
  const scenario = SCENARIOS.find(s => s.name === name)!
  fs.writeFileSync(file, scenario.make(RESETS))
  return file
}

async function worldOf(file: string): Promise<World> {
  return buildWorld(await openCaptures([file]), createDecoder)
}

describe('a flood of resets', () => {
  it('makes the packets of each connection twice: for the paths, for the facts', async () => {
    const world = await worldOf(flood())
    const verdicts = new Verdicts(world, [])
    expect(verdicts.resets).toHaveLength(RESETS)
    const { made, size } = world.connections as MadeConnections
    expect(size).toBe(RESETS)
    expect(made).toBeLessThanOrEqual(2 * RESETS)
    expect(verdicts.made).toBe(0)
  })

  it('puts into words only the resets that the text report tells', async () => {
    const analysis = await analyzeCaptures([flood()])
    const verdicts = analysis.stories as Verdicts
    const before = verdicts.made
    const rendering = {
      analysis,
      selection: select(analysis.report),
      width: 100,
      color: false,
      stories: 'worst',
    } as const
    expect([...writeText(rendering)].join('')).toContain('400 resets')
    expect(verdicts.made - before).toBeLessThanOrEqual(20)
    // JSON tells all: each once, in one go.
    const json = [...writeJson(rendering)].join('')
    expect((JSON.parse(json) as { resets: Reset[] }).resets).toHaveLength(RESETS)
    expect(verdicts.made - before).toBeLessThanOrEqual(RESETS + 20)
  })

  it('says the same as judging everything at once', async () => {
    for (const name of ['many resets on one listener, equal timers', 'one 4-tuple used many times']) {
      const file = flood(name)
      const { report, timebase } = await analyzeCaptures([file])
      const cases = gatherCases(await worldOf(file))
      const whole = cases.map(item => verdictOf(item, timebase, report.captures))
      expect(report.resets.map(r => ({ ...r, incident: null }))).toEqual(whole)
    }
  })
})

describe('a report that tells every reset', () => {
  it('needs no packet a second time, and says the same', async () => {
    for (const { name } of SCENARIOS.filter(s => s.name.includes('reset') || s.name.includes('4-tuple'))) {
      const file = flood(name)
      const captures = (await analyzeCaptures([file])).report.captures
      const again = new Verdicts(await worldOf(file), captures)
      const world = await worldOf(file)
      const kept = new Verdicts(world, captures, true)
      const { made } = world.connections as MadeConnections
      expect(kept.resets.map(r => ({ ...r }))).toEqual(again.resets.map(r => ({ ...r })))
      expect((world.connections as MadeConnections).made).toBe(made)
    }
  })

  it('keeps less than 500 bytes of proof for each', async () => {
    const cases = gatherCases(await worldOf(flood()))
    const store = new ProofStore()
    const proofs = cases.map(({ group, frames }) => proofOf(group, frames))
    for (const proof of proofs) store.add(proof)
    const nonEmpty = ({ frames }: Proof) =>
      Object.fromEntries(Object.entries(frames).filter(([, list]) => list.length > 0))
    for (const [row, proof] of proofs.entries()) {
      const own = proof.own.map(({ frame, capture }) => ({ frame, capture }))
      expect(store.read(row)).toEqual({ ...proof, own, frames: nonEmpty(proof) })
    }
    expect(store.size).toBe(RESETS)
    expect(store.bytes / store.size).toBeLessThan(500)
  })
})

describe('a redacted report', () => {
  it('is made as it is read, with the aliases that it would have had all at once', async () => {
    const analysis = await analyzeCaptures([flood()], { tellAll: true })
    const { report, stories } = analysis
    const redacted = redactAnalysis(analysis)
    const verdicts = stories as Verdicts
    const before = verdicts.made
    expect(redacted.report.resets).toHaveLength(RESETS)
    expect(redacted.report.resets.every(r => r instanceof LateReset)).toBe(true)
    expect(redacted.report.resets[77].connection.client.address).not.toBe(
      report.resets[77].connection.client.address,
    )
    expect(verdicts.made).toBe(before)
    const plain = { ...report, resets: report.resets.map(reset => ({ ...reset })) }
    const atOnce = redactAnalysis({ ...analysis, report: plain, stories: new Map(stories) })
    // Read from the end, which must not matter.
    for (const reset of atOnce.report.resets.toReversed().filter((_, i) => i % 40 === 0)) {
      const place = Number(reset.id.slice(1)) - 1
      expect({ ...redacted.report.resets[place] }).toEqual(reset)
      expect(redacted.stories.get(reset.id)).toEqual(atOnce.stories.get(reset.id))
    }
  })
})

describe('a late reset', () => {
  it('is a plain reset to whoever reads it', async () => {
    const { report } = await analyzeCaptures([flood()])
    const [reset] = report.resets
    const copy = { ...reset }
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(copy.summary).toBe(reset.summary)
    expect(JSON.parse(JSON.stringify(reset))).toEqual(copy)
    expect(structuredClone(reset)).toEqual(copy)
    expect(Object.keys(reset).slice(0, 5)).toEqual(['id', 'capture', 'time', 'frames', 'connection'])
    reset.summary = 'told otherwise'
    expect(reset.summary).toBe('told otherwise')
    expect(report.resets[1].summary).not.toBe('told otherwise')
  })
})

describe('connections made when asked for', () => {
  it('are made again once others took their place, and are a map all the same', () => {
    const made: number[] = []
    const make = (id: number): Connection => {
      made.push(id)
      return { id } as Connection
    }
    const end = { address: '192.0.2.1', port: 80 }
    const all = new MadeConnections(100, make, id => ({ id, client: end, server: end, reset: id === 7 }))
    expect([...all.outlines()].filter(c => c.reset).map(c => c.id)).toEqual([7])
    expect(made).toEqual([])
    expect(all.get(3)).toBe(all.get(3))
    expect(made).toEqual([3])
    expect([...all.values()].map(c => c.id)).toEqual(Array.from({ length: 100 }, (_, id) => id))
    expect([...all].map(([id]) => id)).toEqual([...all.keys()])
    expect(all.get(3)?.id).toBe(3)
    expect([all.get(-1), all.get(100), all.get(1.5)]).toEqual([undefined, undefined, undefined])
    const seen: number[] = []
    all.forEach((c, id) => seen.push(c.id - id))
    expect(new Set(seen)).toEqual(new Set([0]))
  })
})

describe('packed facts', () => {
  const samples = [
    undefined,
    true,
    false,
    0,
    -0,
    1,
    246,
    247,
    248,
    255,
    0.5,
    -3,
    1e15,
    Number.NaN,
    '',
    'text',
  ]
  const random = (seed: number): Facts => {
    const facts = new Facts() as unknown as Record<FactName, unknown>
    for (const [i, name] of FACT_NAMES.entries()) facts[name] = samples[(seed * 7 + i * i) % samples.length]
    return facts as unknown as Facts
  }

  it('come back as they were, all together and one by one', () => {
    const store = new FactStore(FACT_NAMES)
    for (let seed = 0; seed < 700; seed++) expect(store.add(random(seed))).toBe(seed)
    for (const row of [0, 1, 255, 256, 257, 511, 512, 699]) {
      expect(store.read(row, new Facts())).toStrictEqual(random(row))
      for (const name of FACT_NAMES) expect(store.value(row, name)).toBe(random(row)[name])
    }
  })

  it('leave alone what the store does not keep', () => {
    const store = new FactStore(['ageMs'])
    store.add(random(1))
    const facts = new Facts()
    facts.silenceMs = 7
    expect(store.read(0, facts).silenceMs).toBe(7)
    expect(store.value(0, 'silenceMs')).toBeUndefined()
  })

  it('take less than 400 bytes a reset', async () => {
    const file = path.join(folder, 'packed.pcap')
    fs.writeFileSync(file, SCENARIOS[0].make(300))
    const cases = gatherCases(await worldOf(file))
    const store = new FactStore(FACT_NAMES)
    for (const { facts } of cases) store.add(facts)
    expect(store.bytes / store.size).toBeLessThan(400)
  })
})
