/** Who may import what: the one-way flow of the pipeline, as a table. Nothing points back. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = path.resolve(import.meta.dirname, '../src')

/** Folder or top-level file → what it may import besides itself. `*` = anything. */
const MAY_IMPORT: Record<string, string[]> = {
  'model.ts': ['model'],
  model: ['flow/application'],
  'frames.ts': ['model.ts'],
  'notes.ts': ['model.ts'],
  'time.ts': ['model.ts'],
  'units.ts': ['model.ts'],
  'version.ts': [],
  capture: ['model.ts', 'frames.ts', 'notes.ts', 'time.ts'],
  wire: ['model.ts', 'notes.ts'],
  flow: ['model.ts', 'frames.ts', 'notes.ts', 'wire'],
  evidence: ['model.ts', 'flow/application', 'origin.ts'],
  'origin.ts': ['model.ts', 'evidence'],
  causes: ['model.ts', 'evidence/facts.ts'],
  verdict: [
    'model.ts',
    'units.ts',
    'flow/application',
    'evidence',
    'origin.ts',
    'causes',
    'incidents/words.ts',
    'time.ts',
  ],
  incidents: ['model.ts', 'units.ts', 'evidence', 'causes'],
  redact: ['model.ts', 'verdict/late-reset.ts', 'wire'],
  rewrite: [
    'model.ts',
    'frames.ts',
    'notes.ts',
    'version.ts',
    'capture',
    'wire',
    'flow/tuple.ts',
    'flow/key-table.ts',
    'redact/index.ts',
    'report/escape.ts',
    'units.ts',
  ],
}

/** Folders of which the rest of src may import only these entry points. */
function unitOf(file: string): string {
  const relative = path.relative(SRC, file)
  const [first] = relative.split(path.sep)
  return first
}

function sources(dir: string): string[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap(e => {
    const full = path.join(dir, e.name)
    return e.isDirectory() ? sources(full) : full.endsWith('.ts') ? [full] : []
  })
}

function importsOf(file: string): string[] {
  const text = fs.readFileSync(file, 'utf8')
  return [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(m =>
    path.relative(SRC, path.resolve(path.dirname(file), m[1].replace(/\.js$/, '.ts'))),
  )
}

describe('the layers', () => {
  for (const [unit, allowed] of Object.entries(MAY_IMPORT)) {
    it(`${unit} imports only ${allowed.join(', ') || 'nothing'}`, () => {
      const files = sources(SRC).filter(f => unitOf(f) === unit)
      expect(files.length, `src/${unit} exists`).toBeGreaterThan(0)
      const foreign = files.flatMap(f =>
        importsOf(f)
          .filter(i => unitOf(path.join(SRC, i)) !== unit)
          .filter(i => !allowed.some(a => i === a || i.startsWith(`${a}/`)))
          .map(i => `${path.relative(SRC, f)} imports ${i}`),
      )
      expect(foreign).toEqual([])
    })
  }

  it('reports are written from verdicts, never from packets or rules', () => {
    const foreign = sources(path.join(SRC, 'report')).flatMap(f =>
      importsOf(f)
        .filter(i => /^(capture|wire|flow|evidence)\//.test(i))
        .map(i => `${path.relative(SRC, f)} imports ${i}`),
    )
    expect(foreign).toEqual([])
  })
})

describe('the size of things', () => {
  it('keeps files within about 300 lines', () => {
    const long = sources(SRC)
      .map(f => ({ file: path.relative(SRC, f), lines: fs.readFileSync(f, 'utf8').split('\n').length }))
      .filter(({ lines }) => lines > 330)
    expect(long).toEqual([])
  })
})
