/** The expected verdicts of a case. */
import { CAUSE_IDS, type CauseId, type Impact, type Origin, type Side } from '../../src/model.js'
import { type Expectation, type Line, NotationError } from './case.js'

const ORIGINS: readonly string[] = ['endpoint', 'middlebox', 'unknown']
const IMPACTS: readonly string[] = [
  'ignored',
  'none',
  'connect-failed',
  'transfer-cut',
  'request-lost',
  'unknown',
]

/** @returns in the order of the lines */
export function parseExpectations(lines: Line[]): Expectation[] {
  const found: Expectation[] = []
  for (const { number, text } of lines) {
    const head = /^r(\d+)(?:-r(\d+))? (client|server): (.+)$/.exec(text.trim())
    if (head) {
      const causes = oneOf(head[4], CAUSE_IDS, number) as CauseId[]
      const first = Number(head[1])
      found.push({
        line: number,
        first,
        last: Number(head[2] ?? first),
        sender: head[3] as Side,
        causes,
        origins: [],
        impacts: [],
        says: [],
        silentOf: [],
        knownWrong: undefined,
      })
      continue
    }
    const [, key, value] = /^(origin|impact|says|silent-of|known-wrong): (.+)$/.exec(text.trim()) ?? []
    const current = found.at(-1)
    if (key === undefined || !current)
      throw new NotationError(
        number,
        'expected "r1 client: CAUSE | …", origin, impact, says, silent-of or known-wrong',
      )
    if (key === 'origin') current.origins = oneOf(value, ORIGINS, number) as Origin[]
    else if (key === 'impact') current.impacts = oneOf(value, IMPACTS, number) as Impact[]
    else if (key === 'says') current.says.push(value)
    else if (key === 'silent-of') current.silentOf.push(value)
    else current.knownWrong = value!
  }
  for (const e of found) {
    if (e.origins.length === 0 || e.impacts.length === 0)
      throw new NotationError(e.line, 'origin and impact are expected, too')
  }
  return found
}

function oneOf(text: string, known: readonly string[], line: number): string[] {
  const values = text.split('|').map(v => v.trim())
  for (const value of values)
    if (!known.includes(value)) throw new NotationError(line, `unknown value ${value}`)
  return values
}
