/**
 * Text that GitHub, GitLab and Jira show as it is. Words with anything in them that could be markup, a mention, a reference or a link are
 * set as code: there none of it is obeyed, and nothing has to be rewritten.
 */
import { visible } from '../escape.js'

/** Letters, digits, and punctuation that means nothing inside a word. */
const PLAIN = /^["'(“‘]?[\p{L}\p{N}\p{M}][\p{L}\p{N}\p{M}.,;:'’/?=+–—-]*[)"'”’]?[.,;:?…]*$/u
/** Marks that stand alone between words. */
const ALONE = /^(?:[–—→·−…]|[.,;:()]+|%[).,;:]*|[=<>]=?|&&?|\+)$/
/** What would become a link, an image, a list or a reference all the same. */
const OBEYED = /:\/\/|^www\.|^\d+[.)]$|^gh-\d|:[a-z_]\w*:|^(?:javascript|data|mailto):/i

/** Prose on one line. `cell` = inside a table, where a pipe would end it even within code. */
export function text(words: string, cell = false): string {
  const parts = visible(words).split(/( +|`[^`]+`)/)
  let out = ''
  let risky = ''
  const flush = (): void => {
    // Punctuation that ends the words is not part of what they name.
    const [, words, rest] = /^(.*?)([.,;:]* *)$/s.exec(risky) as RegExpExecArray
    if (words) out += code(words, cell)
    out += rest
    risky = ''
  }
  for (const part of parts) {
    if (part === '') continue
    if (/^ +$/.test(part)) {
      if (risky) risky += ' '
      else out += ' '
    } else if (/^`[^`]+`$/.test(part)) {
      flush()
      out += code(part.slice(1, -1), cell)
    } else if (isPlain(part)) {
      flush()
      out += plain(part)
    } else risky += part
  }
  flush()
  return out.trim()
}

function isPlain(word: string): boolean {
  return (PLAIN.test(word) && !OBEYED.test(word)) || ALONE.test(word)
}

function plain(word: string): string {
  return word.replace(
    /[<>&]/g,
    character => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;' })[character] as string,
  )
}

/** A code span whose fence is longer than any run of backticks inside. */
export function code(words: string, cell = false): string {
  const safe = visible(words).trim()
  if (safe === '') return ''
  const fence = '`'.repeat(longestRun(safe) + 1)
  const inner = safe.startsWith('`') || safe.endsWith('`') ? ` ${safe} ` : safe
  // GitHub and GitLab take the backslash away before they look for code.
  return `${fence}${cell ? inner.replaceAll('|', '\\|') : inner}${fence}`
}

function longestRun(words: string): number {
  return Math.max(0, ...[...words.matchAll(/`+/g)].map(([run]) => run.length))
}

/** A fenced block; lines are shown as they are. */
export function block(lines: string[], language = ''): string {
  const body = lines.map(visible).join('\n')
  const fence = '`'.repeat(Math.max(3, longestRun(body) + 1))
  return `${fence}${language}\n${body}\n${fence}`
}

/** A table; cells are finished Markdown. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map(cell => cell || ' ').join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
