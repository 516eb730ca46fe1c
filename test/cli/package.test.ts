/** What `npm pack` ships: the program, its types, its schema; nothing that runs when it is installed. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../..')
const SHIPPED =
  /^(bin\/rst-analyze\.js|dist\/[\w./-]+\.(js|d\.ts|schema\.json)|src\/live\/systemd\/[\w@.-]+\.service|CHANGELOG\.md|LICENSE|README\.md|package\.json)$/
const NEEDED = [
  'bin/rst-analyze.js',
  'dist/command.js',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/report/schema/report.schema.json',
  'LICENSE',
  'README.md',
]

test('the package holds what is needed and nothing else', () => {
  const told = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(told) as { files: { path: string }[] }[]
  const paths = files.map(file => file.path)
  expect(paths.filter(file => !SHIPPED.test(file))).toEqual([])
  expect(paths).toEqual(expect.arrayContaining(NEEDED))
})

test('installing it runs no script of its own', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  // npm runs `prepare` where it packs, not where the package is installed.
  expect(Object.keys(scripts).filter(name => /^(pre|post)?install$/.test(name))).toEqual([])
})
