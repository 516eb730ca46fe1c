/** The frame around the report: one file that loads nothing, sends nothing, and runs no script but its own. */
import { createHash } from 'node:crypto'
import { constant, html, Markup } from './markup.js'
import { SCRIPT } from './script.js'
import { STYLE } from './style.js'

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

/**
 * Everything is forbidden but this very style and this very script, known by their hash: markup that came in with a packet
 * could not load, run or send anything even if it were not escaped.
 */
function contentSecurityPolicy(): string {
  return [
    "default-src 'none'",
    `style-src ${sha256(STYLE)}`,
    `script-src ${sha256(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/** @param skipTo id of the section that the first link leads to */
export function pageStart(title: string, skipTo: 'resets' | 'sources'): Markup {
  const head = html`<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(contentSecurityPolicy())}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="format-detection" content="telephone=no"><title>${title}</title>${constant('style', STYLE)}`
  return html`<!DOCTYPE html>
<html lang="en"><head>${head}</head><body><a class="skip" href="#${skipTo}">Skip to ${skipTo === 'resets' ? 'the table of resets' : 'what was read'}</a>
`
}

export function pageEnd(): Markup {
  return html`${constant('script', SCRIPT)}</body></html>
`
}
