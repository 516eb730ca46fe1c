/** README's tables are the registry's words; whoever changes a cause runs `npx tsx test/tools/readme-tables.ts`. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSE_IDS } from '../../src/model.js'
import { hasSection, README, SECTIONS, withSections } from './readme-tables.js'

const text = fs.existsSync(README) ? fs.readFileSync(README, 'utf8') : ''

describe('README', () => {
  for (const name of Object.keys(SECTIONS)) {
    it.skipIf(!hasSection(text, name))(
      `says of the ${name} what the code says`,
      async () => {
        const written = await withSections(text, [name])
        expect(written === text, 'differs; `npx tsx test/tools/readme-tables.ts` writes it').toBe(true)
        // One section judges every labelled capture.
      },
      120_000,
    )
  }
})

describe('the pictures', () => {
  const shown = [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file]) => file)

  it('are there, and small', () => {
    expect(shown.length).toBeGreaterThanOrEqual(2)
    for (const file of shown) {
      const bytes = fs.readFileSync(path.resolve(path.dirname(README), file))
      expect(bytes.subarray(1, 4).toString('latin1'), file).toBe('PNG')
      expect(bytes.length, file).toBeLessThan(200_000)
    }
  })
})

describe('the tables', async () => {
  const table = await SECTIONS['causes']()

  it('have a row for every cause', () => {
    for (const id of CAUSE_IDS) expect(table).toContain(`| \`${id}\` |`)
  })

  it('leave no placeholder and break no cell', () => {
    expect(table).not.toMatch(/[{}]/)
    for (const line of table.split('\n').filter(l => l.startsWith('| `'))) {
      expect(line.replaceAll(String.raw`\|`, '').split('|')).toHaveLength(5)
    }
  })
})
