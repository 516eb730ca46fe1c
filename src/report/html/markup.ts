/** HTML that cannot be injected into: whatever is put into a template is escaped, unless it came out of a template itself. */
import { visible } from '../escape.js'

/** Finished HTML. Only this file makes one. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Part = Markup | string | number | false | null | undefined | Part[]

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // Not markup, but a template literal or a Mermaid block that somebody pastes this into would obey it.
  '`': '&#96;',
}

/** Text for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, character => ENTITIES[character])
}

/** Template tag: every interpolated value is escaped; lists are joined, nothing (false, null, undefined) is left out. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  let text = strings[0]
  for (const [index, part] of parts.entries()) text += textOf(part) + strings[index + 1]
  return new Markup(text)
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text
  if (Array.isArray(part)) return part.map(textOf).join('')
  if (part === false || part === null || part === undefined) return ''
  return typeof part === 'number' ? String(part) : escapeHtml(part)
}

export const NOTHING = html``

/** Plain data for a `<script type="application/json">`: no character in it can end the element or begin a comment. */
export function jsonData(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return new Markup(`<script type="application/json" id="${escapeHtml(id)}">${json}</script>`)
}

/**
 * Markup that is kept as text until the script asks for it: a browser need not build thousands of elements that nobody looks at.
 * Templates write neither script elements nor comments, so nothing in it can end the element.
 */
export function inert(id: string, content: Markup): Markup {
  if (/<\/?script|<!--/i.test(content.text)) throw new Error('inert markup would end early')
  return new Markup(`<script type="text/html" data-for="${escapeHtml(id)}">${content.text}</script>\n`)
}

/** Style and script that this program brings along: constants, written out as they are because CSP knows them by their hash. */
export function constant(element: 'style' | 'script', source: string): Markup {
  if (/<\/(style|script)|<!--/i.test(source)) throw new Error(`the ${element} would end early`)
  return new Markup(`<${element}>${source}</${element}>`)
}

/** A number stays on the line of its unit. */
const QUANTITY = /(\d) (?=(?:ms|s|min|h|d|B|kB|MB|GB|%)(?![\w]))/g

/** Prose in which `backticks` mark code. */
export function prose(text: string): Markup[] {
  return text
    .replace(QUANTITY, '$1\u00a0')
    .split(/(`[^`\n]+`)/)
    .filter(Boolean)
    .map(part =>
      /^`[^`]+`$/.test(part) ? html`<code>${part.slice(1, -1)}</code>` : new Markup(escapeHtml(part)),
    )
}

/** A number for an SVG attribute: one decimal is finer than any screen. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}
