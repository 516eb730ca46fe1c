/**
 * The sections of README.md that are written from the registry: what stands between `<!-- causes:begin -->` and `<!-- causes:end -->`.
 * `npx tsx test/tools/readme-tables.ts` writes them; test/tools/readme-tables.test.ts fails when README says something else.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { CAUSES, type Cause } from '../../src/causes/index.js'
import { readable } from '../../src/report/explain.js'

export const README = path.resolve(import.meta.dirname, '../../README.md')

/** Section name → its text, without the markers. */
export const SECTIONS: Record<string, () => string> = { causes: causeTables }

/** A table for each family: the cause, what it means, the first thing to do. */
function causeTables(): string {
  const all = [...CAUSES.values()]
  const families = [...new Set(all.map(c => c.family))]
  return families
    .map(family => {
      const rows = all.filter(c => c.family === family).map(row)
      const heading = family.charAt(0).toUpperCase() + family.slice(1)
      return [`**${heading}**`, '', '| cause | meaning | first thing to do |', '|---|---|---|', ...rows].join(
        '\n',
      )
    })
    .join('\n\n')
}

function row({ id, means, remedies }: Cause): string {
  return `| \`${id}\` | ${cell(means)} | ${cell(remedies[0])} |`
}

function cell(text: string): string {
  return readable(text).replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;')
}

/** The README with these sections rewritten; sections whose markers are missing are left out. */
export function withSections(text: string): string {
  let result = text
  for (const [name, write] of Object.entries(SECTIONS)) {
    const marked = new RegExp(`(<!-- ${name}:begin -->\n)[^]*?(<!-- ${name}:end -->)`)
    result = result.replace(marked, (_all, begin: string, end: string) => `${begin}${write()}\n${end}`)
  }
  return result
}

/** Whether the README asks for this section. */
export function hasSection(text: string, name: string): boolean {
  return text.includes(`<!-- ${name}:begin -->`) && text.includes(`<!-- ${name}:end -->`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  fs.writeFileSync(README, withSections(fs.readFileSync(README, 'utf8')))
