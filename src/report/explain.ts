/** What a cause means, for `rst-analyze explain`. */
import { columns, hang, pad, paint, wrap } from './layout.js'

/** The words of one cause; the causes themselves carry them. */
export interface CauseTexts {
  id: string
  title: string
  family: string
  means: string
  remedies: string[]
  nextChecks: string[]
  cites: string[]
  mistakenFor: Partial<Record<string, string>>
  requires: { statement: string }[]
  signs: { weight: string; statement: string }[]
}

interface Style {
  width: number
  color: boolean
}

/** Plain data of one cause: words only, no predicates. */
export function causeJson(cause: CauseTexts): CauseTexts {
  const { id, title, family, means, remedies, nextChecks, cites, mistakenFor } = cause
  return {
    id,
    title,
    family,
    means,
    requires: cause.requires.map(({ statement }) => ({ statement })),
    signs: cause.signs.map(({ weight, statement }) => ({ weight, statement })),
    mistakenFor,
    remedies,
    nextChecks,
    cites,
  }
}

/** Whom `{sender}` and the like stand for where no connection is at hand. */
const PARTIES: Partial<Record<string, string>> = {
  client: 'the client',
  server: 'the server',
  sender: 'the side that reset',
  peer: 'the other side',
}

/** `{silenceMs}` stands for a measured value; people read `‹silence›`. */
export function readable(statement: string): string {
  return statement.replace(/\{(\w+)\}/g, (_, name: string) => {
    const party = PARTIES[name]
    if (party) return party
    if (name.endsWith('Count')) return '‹n›'
    const words = name
      .replace(/(Ms|Bytes|Share)$/, '')
      .replace(/([A-Z])/g, letter => ` ${letter.toLowerCase()}`)
    return `‹${words}›`
  })
}

/** All causes, a line or two each, by family. */
export function listText(causes: CauseTexts[], { width, color }: Style): string {
  const lines: string[] = []
  const column = Math.max(...causes.map(cause => columns(cause.id))) + 2
  let family = ''
  for (const cause of causes) {
    if (cause.family !== family) lines.push(...(family ? [''] : []), paint(color, 'bold', cause.family))
    family = cause.family
    const [first, ...rest] = hang(pad(`  ${cause.id}`, column + 2), cause.means, width)
    lines.push(first.replace(cause.id, paint(color, 'cyan', cause.id)), ...rest)
  }
  return `${[...lines, '', ...wrap('rst-analyze explain <cause> tells how it is recognised and what to do.', width)].join('\n')}\n`
}

/** Everything about one cause. */
export function causeText(cause: CauseTexts, { width, color }: Style): string {
  const heading = (text: string): string => paint(color, 'bold', text)
  const items = (mark: string, list: string[]): string[] =>
    list.flatMap(item => hang(`  ${mark} `, readable(item), width))
  const section = (title: string, body: string[]): string[] =>
    body.length > 0 ? ['', heading(title), ...body] : []
  const mark: Record<string, string> = {
    decisive: '+++',
    strong: '++ ',
    fair: '+  ',
    weak: '~  ',
    against: '−  ',
    contrary: '−− ',
  }
  const lines = [
    ...hang(`${heading(cause.id)}   `, cause.title, width),
    '',
    ...wrap(cause.means, width),
    ...section(
      'Only if',
      items(
        '·',
        cause.requires.map(rule => rule.statement),
      ),
    ),
    ...section(
      'Signs (+++ decisive, ++ strong, + fair, ~ weak, − against, −− contrary)',
      cause.signs.flatMap(sign => items(mark[sign.weight] ?? '·', [sign.statement])),
    ),
    ...section(
      'Mistaken for',
      Object.entries(cause.mistakenFor).flatMap(([id, why]) => items('·', [`${id}: ${why}`])),
    ),
    ...section('Do', items('·', cause.remedies)),
    ...section('Check', items('·', cause.nextChecks)),
    ...section('See', items('·', cause.cites)),
  ]
  return `${lines.join('\n')}\n`
}
