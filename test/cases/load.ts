/** The hand-written cases on disk. */
import fs from 'node:fs'
import path from 'node:path'
import type { Case } from './case.js'
import { parseCase } from './notation.js'

export const CASES = path.resolve(import.meta.dirname, '../../fixtures/cases')

/** "cause/name.md" of every case, sorted. */
export function casePaths(): string[] {
  return fs
    .readdirSync(CASES, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && name.includes('/'))
    .sort()
}

export function loadCase(name: string): Case {
  try {
    return parseCase(fs.readFileSync(path.join(CASES, name), 'utf8'))
  } catch (error) {
    throw new Error(`fixtures/cases/${name}: ${(error as Error).message}`, { cause: error })
  }
}
