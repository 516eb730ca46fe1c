/** Small pieces that several parts of the page share. */
import type { Impact } from '../../model.js'
import { severityOf } from '../rank.js'
import { html, type Markup } from './markup.js'

const IMPACT_LABELS: Record<Impact, string> = {
  ignored: 'ignored by its target',
  none: 'no harm',
  'connect-failed': 'connect failed',
  'transfer-cut': 'transfer cut',
  'request-lost': 'request lost',
  unknown: 'effect unknown',
}

export function impactLabel(impact: Impact): string {
  return IMPACT_LABELS[impact]
}

const TONES = ['calm', 'doubt', 'harm'] as const

/** What it cost, in words; colour only underlines it. */
export function impactBadge(impact: Impact): Markup {
  return badge(impactLabel(impact), severityOf(impact))
}

export function badge(text: string, severity: 0 | 1 | 2): Markup {
  return html`<span class="badge ${TONES[severity]}">${text}</span>`
}

/** A line to be copied whole. The button appears where the script runs. */
export function copyable(text: string, what: string): Markup {
  return html`<div class="copy"><code>${text}</code><button type="button" data-copy hidden aria-label="Copy ${what}">Copy</button></div>`
}

/** One word of a POSIX shell, whatever it contains: somebody will paste it. */
export function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
