/** The report writers alone: hand-written analyses with hostile text wherever a string is no name of ours, in every format. */
import type { Analysis } from '../../../src/model.js'
import { FORMAT_NAMES, type FormatName } from '../../../src/report/formats.js'
import { lineDefect, reportDefect } from '../../schema/validate.js'
import { SCENES } from '../../report/scenes.js'
import { demand } from '../demand.js'
import { Dice, seedOf } from '../dice.js'
import { WORDS } from '../packet.js'
import { checkHarmless, written } from '../reports.js'
import type { Target } from './target.js'

const SIZE = 20

/** Strings that the schema or the writers know by value; everything else may come out of a packet or a file name. */
const FIXED = new Set([
  'schema',
  'version',
  'format',
  'compression',
  'firstTime',
  'lastTime',
  'name',
  'id',
  'time',
  'handshake',
  'sender',
  'origin',
  'impact',
  'cause',
  'incident',
  'consequenceOf',
  'error',
  'unit',
  'byCause',
  'byOrigin',
  'resets',
  'reset',
  'kind',
  'from',
  'flags',
  'history',
  'address',
  'listener',
  'source',
])

const MORE = [
  '=HYPERLINK("http://x")',
  '@SUM(1)',
  '```\n# x',
  '<!--',
  '</script><script>fuzz()</script>',
  '&lt;',
  '|a|b|',
  '\t',
  ']]>',
  '%s%n',
  '${x}',
  '\\',
  '字'.repeat(300),
]

function poisoned<T>(value: T, dice: Dice, key = ''): T {
  if (typeof value === 'string') {
    if (FIXED.has(key) || !dice.chance(0.3)) return value
    const word = dice.chance(0.6) ? dice.pick(WORDS) : dice.pick(MORE)
    return (dice.chance(0.5) ? word : `${value} ${word}`) as T
  }
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [k, poisoned(v, dice, key)])) as T
  if (Array.isArray(value)) return value.map(item => poisoned(item, dice, key)) as T
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, poisoned(v, dice, k)])) as T
}

/** Scenes that are valid reports: some have hostile text even where no decoder would let it in. */
const VALID = new Set(
  Object.keys(SCENES).filter(
    name => reportDefect(JSON.parse(JSON.stringify(SCENES[name]().report))) === undefined,
  ),
)

async function check(dice: Dice): Promise<void> {
  const scene = dice.pick(Object.keys(SCENES))
  const analysis: Analysis = poisoned(SCENES[scene](), dice)
  const format: FormatName = dice.pick(FORMAT_NAMES)
  const width = dice.pick([20, 60, 80, 100, 160])
  const text = await written(format, analysis, width, dice.chance(0.5) ? 'worst' : 'all', dice.chance(0.3))
  checkHarmless(format, text)
  if (!VALID.has(scene)) return
  if (format === 'json') {
    const defect = reportDefect(JSON.parse(text))
    demand(defect === undefined, `JSON against its schema: ${defect}`)
  }
  if (format === 'ndjson') {
    for (const line of text.trimEnd().split('\n')) {
      const defect = lineDefect(JSON.parse(line))
      demand(defect === undefined, `NDJSON against its schema: ${defect}`)
    }
  }
}

export const writers: Target = {
  execution: 'an analysis full of hostile text written in one format',
  size: SIZE,
  async run(seed) {
    for (let i = 0; i < SIZE; i++) await check(new Dice(seedOf(seed, i)))
  },
}
