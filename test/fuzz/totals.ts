/** Executions so far, kept between runs in a file outside the repository: a long run is made of many short ones. */
import fs from 'node:fs'

export interface Sum {
  executions: number
  failures: number
  seconds: number
}

export type Totals = Record<string, Sum>

export const noSum = (): Sum => ({ executions: 0, failures: 0, seconds: 0 })

export function readTotals(file: string | undefined): Totals {
  if (file === undefined || !fs.existsSync(file)) return {}
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

export function writeTotals(file: string | undefined, totals: Totals): void {
  if (file === undefined) return
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(totals, null, 2)}\n`)
  fs.renameSync(`${file}.new`, file)
}

export function printTotals(title: string, totals: Totals, meaning: (name: string) => string): void {
  console.log(title)
  let all = 0
  for (const [name, { executions, failures, seconds }] of Object.entries(totals)) {
    all += executions
    const count = executions.toLocaleString('en').padStart(12)
    console.log(
      `${count}  ${name.padEnd(13)} ${String(failures).padStart(3)} failures  ${String(Math.round(seconds)).padStart(6)} s   ${meaning(name)}`,
    )
  }
  console.log(`${all.toLocaleString('en').padStart(12)}  executions`)
}
