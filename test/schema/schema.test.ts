/** The published schema: strict, complete, and kept by the report of every capture under fixtures/. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CaptureError } from '../../src/capture/index.js'
import { CAUSE_IDS } from '../../src/model.js'
import { NOTE_MESSAGES } from '../../src/notes.js'
import { writeJson, writeNdjson } from '../../src/report/json.js'
import { select } from '../../src/report/select.js'
import { analysisOf } from '../analyses.js'
import { fixtureFile, fixturePaths } from '../fuzz/corpus.js'
import { checkout } from '../report/sample.js'
import { lineDefect, reportDefect, SCHEMA_FILE } from './validate.js'

const schema = JSON.parse(fs.readFileSync(SCHEMA_FILE, 'utf8'))

async function analysed(file: string) {
  try {
    return await analysisOf(file)
  } catch (error) {
    // What is no capture has no report.
    if (error instanceof CaptureError) return undefined
    throw error
  }
}

describe('reports of every fixture', () => {
  const files = fixturePaths()
  const size = Math.ceil(files.length / 8)
  it.each(Array.from({ length: 8 }, (_, i) => i))('part %i', async part => {
    for (const name of files.slice(part * size, (part + 1) * size)) {
      const analysis = await analysed(fixtureFile(name))
      if (!analysis) continue
      const rendering = {
        analysis,
        selection: select(analysis.report),
        width: 100,
        color: false,
        stories: 'worst' as const,
      }
      expect(reportDefect(analysis.report), name).toBeUndefined()
      expect(reportDefect(JSON.parse([...writeJson(rendering)].join(''))), name).toBeUndefined()
      for (const line of writeNdjson(rendering)) expect(lineDefect(JSON.parse(line)), name).toBeUndefined()
    }
  })
})

describe('the schema', () => {
  it('knows every cause and every note (U=1 brings it up to date)', () => {
    if (process.env['U'] === '1') {
      schema.$defs.cause.enum = [...CAUSE_IDS]
      schema.$defs.note.properties.name.enum = Object.keys(NOTE_MESSAGES)
      schema.$defs.noteLine.properties.name.enum = Object.keys(NOTE_MESSAGES)
      fs.writeFileSync(SCHEMA_FILE, `${JSON.stringify(schema, null, 2)}\n`)
      const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
      execFileSync(process.execPath, [biome, 'format', '--write', SCHEMA_FILE], { stdio: 'ignore' })
    }
    expect(schema.$defs.cause.enum).toEqual([...CAUSE_IDS])
    expect([...schema.$defs.note.properties.name.enum].sort()).toEqual(Object.keys(NOTE_MESSAGES).sort())
    expect(schema.$defs.noteLine.properties.name).toEqual(schema.$defs.note.properties.name)
  })

  it('describes a reset and a line with a reset alike', () => {
    const { type: _, ...line } = schema.$defs.resetLine.properties
    expect(line).toEqual(schema.$defs.reset.properties)
    const { type: __, ...incident } = schema.$defs.incidentLine.properties
    expect(incident).toEqual(schema.$defs.incident.properties)
  })

  it('lets nothing unknown pass, and nothing be left out', () => {
    const open = Object.entries<{ type?: string; additionalProperties?: unknown; oneOf?: unknown }>(
      schema.$defs,
    )
      .filter(([, def]) => def.type === 'object' && def.additionalProperties === undefined && !def.oneOf)
      .map(([name]) => name)
    expect(open).toEqual([])
    const { report } = checkout()
    expect(reportDefect(report)).toBeUndefined()
    expect(reportDefect({ ...report, more: 1 })).toBeDefined()
    for (const key of Object.keys(report))
      expect(reportDefect({ ...report, [key]: undefined }), key).toBeDefined()
    const [reset] = report.resets
    for (const key of Object.keys(reset)) {
      const { [key as keyof typeof reset]: _, ...rest } = reset
      expect(reportDefect({ ...report, resets: [rest] }), key).toBeDefined()
    }
  })

  it('takes what live captures and comparisons add', () => {
    const { report } = checkout()
    const ends = { client: { address: '10.0.0.5', port: 41234 }, server: { address: '10.0.1.9', port: 443 } }
    const comparison = {
      clockOffsetMs: 12.4,
      clockUncertaintyMs: 0.3,
      clockDriftPpm: null,
      matchedConnections: 10,
      unmatchedResetConnections: [0, 1],
      ambiguousConnections: 0,
      translated: [{ a: ends, b: ends }],
      related: [],
      summary: 'The same traffic.',
    }
    const kernel = {
      reason: 'TCP_ABORT_ON_CLOSE',
      state: 'TCP_ESTABLISHED',
      process: { pid: 812, name: 'java' },
    }
    const vantages = [
      { capture: 0, seen: true, frames: [12] },
      { capture: 1, seen: false, frames: [] },
    ]
    expect(lineDefect({ type: 'reset', ...report.resets[0], incident: null, kernel })).toBeUndefined()
    expect(
      reportDefect({ ...report, comparison, resets: [{ ...report.resets[0], vantages }] }),
    ).toBeUndefined()
    expect(lineDefect({ type: 'summary' })).toBeDefined()
    expect(lineDefect({ type: 'other' })).toBeDefined()
  })

  it('is part of the package', () => {
    const root = path.resolve(import.meta.dirname, '../..')
    const { exports, files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
    expect(exports['./schema']).toBe('./dist/report/schema/report.schema.json')
    expect(files).toContain('dist')
    expect(fs.readFileSync(path.join(root, 'tsconfig.json'), 'utf8')).toContain('src/**/*.json')
  })
})
