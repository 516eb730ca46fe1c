/** The JSON contract: one pretty-printed object, or one object a line. Values are passed on as they are. */
import { LateReset } from '../verdict/late-reset.js'
import { safeJson } from './escape.js'
import type { Rendering } from './formats.js'

/** `--format json` */
export function* writeJson({ selection }: Rendering): Generator<string> {
  const { schema, generator, captures, totals, resets, listeners, incidents, ...more } = selection.report
  const fields = {
    schema,
    generator,
    captures,
    totals,
    hidden: selection.hidden,
    resets,
    listeners,
    incidents,
    ...more,
  }
  let before = '{\n'
  for (const [key, value] of Object.entries(fields)) {
    yield `${before}  ${JSON.stringify(key)}: `
    if (Array.isArray(value)) yield* pieces(value)
    else yield indented(value, 1)
    before = ',\n'
  }
  yield '\n}\n'
}

/** Item by item: a list of 100,000 resets would not fit into one string. */
function* pieces(list: unknown[]): Generator<string> {
  let before = '[\n    '
  for (const item of list) {
    yield before + indented(item, 2)
    before = ',\n    '
  }
  yield list.length > 0 ? '\n  ]' : '[]'
}

/**
 * As it stands within so many others. JSON.stringify indents it itself when it is given in as many lists, whose brackets are cut away: putting
 * the blanks in afterwards took a third of the time of writing. A copy, because it reads properties of objects with getters one by one by name.
 */
function indented(value: unknown, depth: 1 | 2): string {
  const copy: unknown = value instanceof LateReset ? { ...value } : value
  const [before, after] = AROUND[depth]
  return safeJson(
    JSON.stringify(depth === 1 ? [copy] : [[copy]], null, 2).slice(before.length, -after.length),
  )
}

const AROUND = { 1: ['[\n  ', '\n]'], 2: ['[\n  [\n    ', '\n  ]\n]'] } as const

/** `--format ndjson`: resets, then incidents, then notes, the summary last. */
export function* writeNdjson({ selection }: Rendering): Generator<string> {
  const { schema, generator, captures, totals, resets, listeners, incidents, ...more } = selection.report
  for (const reset of resets) yield line({ type: 'reset', ...reset })
  for (const incident of incidents) yield line({ type: 'incident', ...incident })
  for (const [capture, { notes }] of captures.entries()) {
    for (const note of notes) yield line({ type: 'note', capture, ...note })
  }
  yield line({
    type: 'summary',
    schema,
    generator,
    captures,
    totals,
    hidden: selection.hidden,
    listeners,
    ...more,
  })
}

function line(value: unknown): string {
  return `${safeJson(JSON.stringify(value))}\n`
}
