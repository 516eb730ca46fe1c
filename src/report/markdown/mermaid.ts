/** A ladder as a Mermaid sequence diagram, bounded so that it stays readable and within what renderers accept. */
import type { Endpoint, Reset } from '../../model.js'
import { visible } from '../escape.js'
import { abridge, type Step } from '../ladder.js'
import { clip, clipMiddle } from '../layout.js'
import { namedEndpoint, type Names } from '../names.js'
import { frameWords } from '../text/style.js'
import { duration, plural } from '../../units.js'

const STEPS_AT_MOST = 24
const TEXT_AT_MOST = 60

/** Lines of the diagram, without the fence. */
export function mermaid(reset: Reset, steps: Step[], names: Names): string[] {
  const shown = abridge(steps, reset.id, STEPS_AT_MOST)
  const forged = shown.some(step => step.kind === 'packet' && step.forged)
  const { client, server } = reset.connection
  return [
    'sequenceDiagram',
    `  participant C as client ${who(client, names)}`,
    ...(forged ? ['  participant D as a device between'] : []),
    `  participant S as server ${who(server, names)}`,
    ...shown.map(step => `  ${lineOf(step)}`),
  ]
}

function who(end: Endpoint, names: Names): string {
  return words(clipMiddle(visible(namedEndpoint(names, end)), TEXT_AT_MOST))
}

function lineOf(step: Step): string {
  if (step.kind === 'silence') return `Note over C,S: ${duration(step.ms)} of silence`
  if (step.kind === 'omitted') return `Note over C,S: ${plural(step.packets, 'packet')} not shown`
  const own = step.from === 'client' ? 'C' : 'S'
  const from = step.forged ? 'D' : own
  const to = step.from === 'client' ? 'S' : 'C'
  const arrow =
    step.shape === 'reset' ? (step.forged ? '--x' : '-x') : step.shape === 'again' ? '-->>' : '->>'
  const role = step.forged ? ` in the ${step.from}'s name` : ''
  return `${from}${arrow}${to}: ${words(clip(step.text, TEXT_AT_MOST))}${role} (${frameWords(step.frames)})`
}

/** Mermaid's own character codes for everything that is not plainly a word: its grammar sees no character of ours. */
function words(text: string): string {
  return visible(text).replace(
    /[^\p{L}\p{N}\p{M} .,:()/=+…_-]/gu,
    character => `#${character.codePointAt(0)};`,
  )
}
