/** The JSON contract: one pretty-printed object, or one object a line. Values are passed on as they are. */
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
    else yield indented(value, 2)
    before = ',\n'
  }
  yield '\n}\n'
}

/** Item by item: a list of 100,000 resets would not fit into one string. */
function* pieces(list: unknown[]): Generator<string> {
  let before = '[\n'
  for (const item of list) {
    yield `${before}    ${indented(item, 4)}`
    before = ',\n'
  }
  yield list.length > 0 ? '\n  ]' : '[]'
}

function indented(value: unknown, columns: number): string {
  return safeJson(JSON.stringify(value, null, 2)).replaceAll('\n', `\n${' '.repeat(columns)}`)
}

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
