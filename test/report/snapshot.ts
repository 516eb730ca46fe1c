/** Golden files: what a report looked like when somebody last read it. `U=1 npm test` accepts what it looks like now. */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'

/** Compares with `golden/<name>`, or writes it when U=1. */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`golden/${name}`, import.meta.url)
  if (process.env['U'] === '1') writeFileSync(file, text)
  expect(text, `differs from test/report/golden/${name}; U=1 accepts it`).toBe(readFileSync(file, 'utf8'))
}
